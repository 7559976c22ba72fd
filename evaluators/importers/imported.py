"""What an importer returns."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Notes:
    """What was not translated, each thing once, with how often it was met."""

    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: str) -> None:
        """Note something that was left behind."""
        self._counts[sentence] += 1

    def lines(self) -> tuple[str, ...]:
        """Return the sentences in the order in which they came up."""
        return tuple(
            f"{sentence} ({count} times)" if count > 1 else sentence
            for sentence, count in self._counts.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A suite document with its cases and files, and what was not translated."""

    suite: Mapping[str, Any]
    cases: tuple[Mapping[str, Any], ...]
    files: Mapping[str, str] = field(default_factory=dict)
    """Further files by name: prompts."""
    lost: tuple[str, ...] = ()
