"""One labelled text, in the shape that all data takes before anything is trained on it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data in a text: its kind, and where it stands in characters."""

    entity: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text and what is known of it; None where nobody has looked, so that this head learns nothing from it."""

    text: str
    task: str = ""
    """What the user asked for, when the text is what a tool or a retrieved page said."""
    spans: tuple[Span, ...] | None = None
    toxicity: Mapping[str, float] | None = None
    injection: float | None = None
    source: str
    group: str
    """The template or document it was made from: texts are split by group or by source, never one by one."""
