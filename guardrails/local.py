"""What a guard looks like that decides within microseconds, in the process that asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from guardrails.verdict import Finding, Place

TO_THE_END = 1 << 60
"""Where a finding ends that takes in whatever is still to come."""


class TooCostlyError(Exception):
    """A text is made so that looking at it takes longer than it may."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a guard may know of a request besides the text it looks at."""

    system: tuple[str, ...] = ()
    """The system prompts, as they travelled to the provider."""
    task: str = ""
    """What the user asked for last; empty when that is not known."""
    context: str = ""
    """What documents and tools said: an answer should rest on it."""


NOTHING_SAID = Conversation()
SAID_BY_OTHERS: frozenset[Place] = frozenset(("context", "tool_results"))
"""Where a text is nobody's order, and what an answer should rest on."""


def task_of(texts: Sequence[tuple[Place, str]]) -> str:
    """Return what the user asked for: the longest of the newest texts, or what was said last before tools were called.

    The others at that place are names and settings.
    """
    asked = max((text for place, text in texts if place == "user"), key=len, default="")
    return asked or next((text for place, text in reversed(texts) if place == "history"), "")


class Scanner(Protocol):
    """Follows one text through one guard."""

    settled: int

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`."""


class ScanningGuard(Protocol):
    """A guard that finds stretches of a text, and knows before its end which ones are certain.

    One that has `is_clear(text) -> bool` is asked first whether a whole text surely holds none.
    """

    def scanner(self) -> Scanner:
        """Return what follows one text through this guard."""


class WholeGuard(Protocol):
    """A guard that can say something only about a whole text."""

    reads_raw: bool
    """True for one that wants JSON as it is written, not as it reads."""
    reads_text_alone: bool
    """True for one that says the same about the same text in every conversation."""

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return the findings in a whole text."""
