"""Cuts text into the pieces that a detector is shown, always at the same places, however the text arrives.

Where to cut depends on the characters up to the cut and the one after it, never on what came later or in which chunks.
A cut lies at the end of a sentence or clause, after some length at any space, and never next to a word with digits in
it: numbers written in groups stay together. Text with no such place is cut hard, and its end held back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

LEAST = 48
"""A piece has at least so many characters: fewer would not be worth a call."""
LONG = 240
"""From here on any space between two words will do."""
MOST = 1_000
"""From here on anything will do."""
HELD_BACK = 128
"""After a hard cut so much waits for the next piece: no entity is longer."""

_ENDS = frozenset(".!?;:,)]}…。！？；，、")
_WIDE_ENDS = frozenset("。！？；，、")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text, and from where a detector reads to know its context."""

    start: int
    end: int
    context: int
    held_back: int
    """How many of the last characters are certain only with the next piece."""


class Cutter:
    """Cuts one text that may still be growing."""

    __slots__ = ("_context", "_looked", "start")

    def __init__(self) -> None:
        self.start = 0
        """Where the first piece begins that is not complete."""
        self._context = 0
        self._looked = 0

    @property
    def context(self) -> int:
        """From where text is still needed."""
        return self._context

    def cut(self, text: str, base: int, *, is_final: bool) -> Iterator[Segment]:
        """Yield the pieces that have become complete. `text` begins at `base`."""
        while True:
            first = self.start - base
            found = _first_cut(text, first, max(first + LEAST, self._looked - base))
            if found is not None:
                end, is_hard = found
            elif is_final and first < len(text):
                end, is_hard = len(text), False
            else:
                self._looked = base + len(text)
                return
            held_back = HELD_BACK if is_hard else 0
            yield Segment(self.start, base + end, self._context, held_back)
            self._context = self.start
            self.start = base + end


def _first_cut(text: str, first: int, look_from: int) -> tuple[int, bool] | None:
    """Return the first allowed cut for which the next character is known, and whether it is hard."""
    last = min(len(text), first + MOST)
    for at in range(look_from, last):
        before = text[at - 1]
        if before == "\n" or before in _WIDE_ENDS:
            return at, False
        if not before.isspace() or text[at].isspace():
            continue
        if not (at - first >= LONG or _word_before(text, at, first)[-1:] in _ENDS):
            continue
        if not _continues_a_number(text, at, first):
            return at, False
    return (last, True) if len(text) > first + MOST else None


def _word_before(text: str, at: int, first: int) -> str:
    end = at
    while end > first and text[end - 1].isspace():
        end -= 1
    start = end
    while start > first and not text[start - 1].isspace():
        start -= 1
    return text[start:end]


def _continues_a_number(text: str, at: int, first: int) -> bool:
    following = text[at]
    if following.isdigit() or following in "+(#":
        return True
    return any(character.isdigit() for character in _word_before(text, at, first))
