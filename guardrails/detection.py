"""What evaluators ask about an answer: is there personal data in it, is it toxic? The same detectors as the guards'.

They are found by the entry point group `parapet.detectors`, so that evaluators need not know this room. Whoever has a guard
server hands it in; without one the detectors run in this process.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guardrails.kinds import KINDS
from guardrails.library import LocalDetector
from guardrails.outcome import Detector
from guardrails.registry import RemoteGuard
from guardrails.verdict import Failure, Finding

_PATIENCE_S = 60.0
_ANY = 1e-9
"""So small a threshold that every label is told with its probability."""


@dataclass(frozen=True, slots=True)
class Detected:
    """One thing found in a text, and how sure the detector is. Never the text itself."""

    label: str
    score: float


class DetectionError(RuntimeError):
    """A detector could not look through a text; the sentence says why, without the text."""


class InThisProcess:
    """The guard server's detectors without the server, off the event loop: they compute for a while."""

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        """Return the findings in each text."""
        return await asyncio.to_thread(_detect, guard, texts, deadline_s)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Finds what the guard `pii` finds with its usual parameters."""

    detector: Detector = field(default_factory=InThisProcess)

    async def __call__(self, text: str, /) -> Sequence[Detected]:
        """Return one finding for each entity, in the text's order. Raises DetectionError."""
        found = await _found(self.detector, "pii", {}, text)
        return [Detected(each.entity, each.score) for each in found]


@dataclass(frozen=True, slots=True)
class Toxicity:
    """Gives the encoder's probability for each of its toxicity labels."""

    detector: Detector = field(default_factory=InThisProcess)

    async def __call__(self, text: str, /) -> Sequence[Detected]:
        """Return one finding for each label. Raises DetectionError, where there are no weights too."""
        found = await _found(self.detector, "toxicity", {"threshold": _ANY}, text)
        return [Detected(each.entity.lower(), each.score) for each in found]


async def _found(
    detector: Detector, kind: str, parameters: Mapping[str, Any], text: str
) -> Sequence[Finding]:
    guard: Any = KINDS[kind].build(parameters)
    found = await detector.detect(guard, [text], deadline_s=_PATIENCE_S)
    if isinstance(found, Failure):
        raise DetectionError(found.reason)
    return found[0]


def _detect(
    guard: RemoteGuard, texts: Sequence[str], deadline_s: float
) -> Sequence[Sequence[Finding]] | Failure:
    return asyncio.run(LocalDetector().detect(guard, texts, deadline_s=deadline_s))
