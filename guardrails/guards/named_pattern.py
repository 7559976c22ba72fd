"""A regular expression with a name and what it finds."""

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
