"""What is read, and what the encoder made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to read; with the user's task beside it where a tool or a retrieved page said the text."""

    text: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class EncoderSpan:
    """Personal data in a text, in characters; its likeliest kind, and how likely it is to be personal data at all."""

    entity: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """All that the heads say of one passage, as probabilities; the embedding has length one."""

    spans: tuple[EncoderSpan, ...]
    toxicity: Mapping[str, float]
    injection: float
    embedding: Sequence[float]
