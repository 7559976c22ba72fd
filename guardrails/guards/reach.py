"""Where a text may be cut before it is searched: at characters that no match of a pattern reaches across."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import re2

from guardrails.prefixes import UnreadablePatternError, atoms

_MARKS = ",;!?|\n"
"""What people and programs write between numbers, and hardly ever inside them. None of it is part of a word."""
_OF_NO_WIDTH = frozenset((r"\b", r"\B"))
_STRANGERS = 8
"""One pattern of so many may reach across a mark that the others do not reach across."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Marks, and the patterns that do not reach across them."""

    marks: bytes
    near: frozenset[int]

    def pieces(self, data: bytes) -> list[bytes]:
        """Return what stands between the marks, empty pieces included."""
        return data.translate(_TABLES[self.marks]).split(self.marks[:1])


def cuts_of(regexes: Sequence[str]) -> Cuts:
    """Return at which marks a text may be cut for most of some patterns, and for which."""
    across = [_reaches_across(regex) for regex in regexes]
    marks = "".join(
        mark for mark in _MARKS if sum(mark in each for each in across) * _STRANGERS <= len(regexes)
    )
    near = frozenset(index for index, each in enumerate(across) if each.isdisjoint(marks))
    return Cuts(marks.encode(), near if marks else frozenset())


class _Tables(dict[bytes, bytes]):
    def __missing__(self, marks: bytes) -> bytes:
        table = self[marks] = bytes.maketrans(marks, marks[:1] * len(marks))
        return table


_TABLES = _Tables()


def _reaches_across(regex: str) -> frozenset[str]:
    """Return the marks that may stand in a match, or that the pattern may look at beside one."""
    try:
        return frozenset().union(*map(_marks_in, atoms(regex)))
    except UnreadablePatternError:
        return frozenset(_MARKS)


@functools.lru_cache(maxsize=4_096)
def _marks_in(atom: str) -> frozenset[str]:
    if atom in _OF_NO_WIDTH:
        # A mark is no part of a word, and neither is the end of a text: both look the same from here.
        return frozenset()
    try:
        expression = re2.compile(f"(?s){atom}")
    except re2.error:
        return frozenset(_MARKS)
    # What has no width, as `^`, looks at the mark: it matches beside each.
    return frozenset(mark for mark in _MARKS if expression.search(mark) is not None)
