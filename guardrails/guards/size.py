"""Finds what is longer than it should be: in characters, in tokens as far as they can be told, in lines."""

import re
from collections.abc import Mapping
from typing import Any

from guardrails.local import TO_THE_END
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError
from guardrails.verdict import Finding

PARAMETERS = (
    Parameter(
        name="max_characters", type="number", default=0, help="0 for no limit.", least=0, most=100_000_000
    ),
    Parameter(
        name="max_tokens",
        type="number",
        default=0,
        help="An estimate: four ASCII characters to a token, one of any other script. 0 for no limit.",
        least=0,
        most=100_000_000,
    ),
    Parameter(name="max_lines", type="number", default=0, help="0 for no limit.", least=0, most=100_000_000),
)
_WIDE = re.compile(r"[^\x00-\x7f]")


def build(parameters: Mapping[str, Any]) -> "SizeGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="size")
    limits = {name: int(value) for name, value in values.items()}
    if not any(limits.values()):
        raise PolicyError(
            "a size guard needs a limit: set 'max_characters', 'max_tokens' or 'max_lines' above 0"
        )
    return SizeGuard(**limits)


class SizeGuard:
    """The limits; 0 stands for none."""

    def __init__(self, *, max_characters: int, max_tokens: int, max_lines: int) -> None:
        self.max_characters = max_characters
        self.max_quarters = max_tokens * 4
        self.max_lines = max_lines

    def scanner(self) -> "SizeScanner":
        """Return what follows one text through this guard."""
        return SizeScanner(self)


class SizeScanner:
    """Counts a text that may still be growing; where it becomes too long, everything from there on is the finding."""

    __slots__ = ("_guard", "_is_over", "_lines", "_quarters", "settled")

    def __init__(self, guard: SizeGuard) -> None:
        self._guard = guard
        self._quarters = 0
        self._lines = 1
        self._is_over = False
        self.settled = 0
        """Every finding that begins before this is known."""

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`, one settled character early."""
        piece, before = text[max(self.settled - base, 0) :], self.settled
        self.settled = base + len(text)
        if self._is_over or not piece:
            return []
        passed = [
            (before + at, entity)
            for entity, at in (
                ("TOO_MANY_CHARACTERS", self._beyond_characters(before, piece)),
                ("TOO_MANY_TOKENS", self._beyond_tokens(piece)),
                ("TOO_MANY_LINES", self._beyond_lines(piece)),
            )
            if at is not None
        ]
        if not passed:
            return []
        self._is_over = True
        at, entity = min(passed)
        return [Finding(entity=entity, start=at, end=TO_THE_END)]

    def _beyond_characters(self, before: int, piece: str) -> int | None:
        most = self._guard.max_characters
        return most - before if most and before + len(piece) > most else None

    def _beyond_tokens(self, piece: str) -> int | None:
        most = self._guard.max_quarters
        if not most:
            return None
        quarters = len(piece) if piece.isascii() else len(piece) + 3 * len(_WIDE.findall(piece))
        left = most - self._quarters
        self._quarters += quarters
        if quarters <= left:
            return None
        for at, character in enumerate(piece):
            left -= 1 if character.isascii() else 4
            if left < 0:
                return at
        return None

    def _beyond_lines(self, piece: str) -> int | None:
        most = self._guard.max_lines
        if not most:
            return None
        left = most - self._lines
        self._lines += piece.count("\n")
        if self._lines <= most:
            return None
        at = -1
        for _ in range(left + 1):
            at = piece.index("\n", at + 1)
        return at
