"""How an evaluator reaches a detector of names, numbers or abuse: it is handed `detect` and knows no library."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One thing found in a text: what it is and how sure the detector is. Never the text itself."""

    label: str
    score: float = 1.0


class Detect(Protocol):
    """Looks through a text and says what it found. A classifier gives one detection per label with its probability."""

    async def __call__(self, text: str, /) -> Sequence[Detection]:
        """Return what was found, in any order."""
        ...


class Entail(Protocol):
    """A classifier of pairs: how likely is it that the first text says what the second one does?"""

    async def __call__(self, pairs: Sequence[tuple[str, str]], /) -> Sequence[float]:
        """Return a probability from 0 to 1 for each (document, sentence), in order."""
        ...


class Embed(Protocol):
    """Turns texts into vectors of equal length."""

    async def __call__(self, texts: Sequence[str], /) -> Sequence[Sequence[float]]:
        """Return one vector per text, in order."""
        ...
