"""What evaluators ask about an answer: is there personal data in it, is it toxic? The same detectors as the guards'.

They are found by the entry point group `parapet.detectors`, so that evaluators need not know this room.
"""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guardrails.kinds import KINDS
from guardrails.library import LocalDetector
from guardrails.verdict import Failure

_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Detected:
    """One thing found in a text, and how sure the detector is. Never the text itself."""

    label: str
    score: float


class DetectionError(RuntimeError):
    """A detector could not look through a text; the sentence says why, without the text."""


class PersonalData:
    """Finds what the guard `pii` finds with its usual parameters."""

    async def __call__(self, text: str, /) -> Sequence[Detected]:
        """Return one finding for each entity, in the text's order. Raises DetectionError."""
        return await asyncio.to_thread(_personal_data, text)


class Toxicity:
    """Gives the encoder's probability for each of its toxicity labels."""

    async def __call__(self, text: str, /) -> Sequence[Detected]:
        """Return one finding for each label. Raises EncoderError when there are no weights."""
        return await asyncio.to_thread(_toxicity, text)


def _personal_data(text: str) -> Sequence[Detected]:
    guard: Any = KINDS["pii"].build({})
    found = asyncio.run(LocalDetector().detect(guard, [text], deadline_s=_PATIENCE_S))
    if isinstance(found, Failure):
        raise DetectionError(found.reason)
    return [Detected(each.entity, each.score) for each in found[0]]


def _toxicity(text: str) -> Sequence[Detected]:
    from guardrails.encoder import Passage  # noqa: PLC0415 - its runtime is loaded by who asks for it

    (reading,) = _encoder().read([Passage(text)])
    return [Detected(label, score) for label, score in reading.toxicity.items()]


@functools.cache
def _encoder() -> Any:
    from guardrails.encoder import WEIGHTS, Encoder  # noqa: PLC0415

    return Encoder.load(WEIGHTS)
