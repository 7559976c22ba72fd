"""A regular expression with a name and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guardrails.guards.checksums import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPattern:
    """A regular expression in RE2's syntax, what it finds, and a check that a match must pass."""

    name: str
    entity: str
    regex: str
    check: Check | None = None
    group: int = 0
    """Which part of a match is the finding, and what the check is handed; 0 for all of it."""
    judge: Callable[[str], Sequence[tuple[str, int]]] | None = None
    """Instead of a check, for what may be several things at once: what a match is, and how many characters of it."""
    entities: tuple[str, ...] = ()
    """All that the judge may say."""
