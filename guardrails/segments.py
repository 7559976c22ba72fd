"""Cuts text into the pieces that a detector is shown, always at the same places, however the text arrives.

Where to cut depends on the characters up to the cut and the one after it, never on what came later or in which chunks.
A cut lies at the end of a sentence or clause, after some length at any space, and never next to a word with digits in
it: numbers written in groups stay together. Text with no such place is cut hard, and its end held back. With each piece
a detector is shown what stands before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

OVERLAP = 200
"""Of what stands before a piece so many characters are shown with it: about fifty tokens."""

_SENTENCE_ENDS = frozenset(".!?…。！？")
_CLAUSE_ENDS = _SENTENCE_ENDS | frozenset(";:,)]}；，、")
_WIDE_ENDS = frozenset("。！？；，、")


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How a detector wants a growing text to be cut. A remote guard may have one as its `windows`."""

    least: int
    """A piece has at least so many characters: fewer would not be worth a call."""
    long: int
    """From here on any space between two words will do."""
    most: int
    """From here on anything will do."""
    ends: frozenset[str]
    """After one of these and a space a piece may end."""
    held_back: int = 0
    """After a hard cut so much waits for the next piece. At most `overlap`."""
    overlap: int = OVERLAP


CLAUSES = Windows(least=48, long=240, most=1_000, ends=_CLAUSE_ENDS, held_back=128)
"""For what finds entities: a clause is enough to see one, and no entity is longer than what is held back."""
SENTENCES = Windows(least=240, long=480, most=1_000, ends=_SENTENCE_ENDS)
"""For what judges what is said as a whole: whole sentences, sixty tokens and more of them at a time."""


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

    __slots__ = ("_looked", "_windows", "context", "start")

    def __init__(self, windows: Windows = CLAUSES) -> None:
        self._windows = windows
        self.start = 0
        """Where the first piece begins that is not complete."""
        self.context = 0
        """From where a detector reads it, and text is still needed."""
        self._looked = 0

    def cut(self, text: str, base: int, *, is_final: bool) -> Iterator[Segment]:
        """Yield the pieces that have become complete. `text` begins at `base`."""
        windows = self._windows
        while True:
            first = self.start - base
            found = _first_cut(text, first, max(first + windows.least, self._looked - base), windows)
            if found is not None:
                end, is_hard = found
            elif is_final and first < len(text):
                end, is_hard = len(text), False
            else:
                self._looked = base + len(text)
                return
            held_back = windows.held_back if is_hard else 0
            yield Segment(self.start, base + end, self.context, held_back)
            self.context = _word_from(text, base, end=end, look_from=end - windows.overlap)
            self.start = base + end


def _first_cut(text: str, first: int, look_from: int, windows: Windows) -> tuple[int, bool] | None:
    """Return the first allowed cut for which the next character is known, and whether it is hard."""
    last = min(len(text), first + windows.most)
    for at in range(look_from, last):
        before = text[at - 1]
        if before == "\n" or (before in _WIDE_ENDS and before in windows.ends):
            return at, False
        if not before.isspace() or text[at].isspace():
            continue
        if not (at - first >= windows.long or _word_before(text, at, first)[-1:] in windows.ends):
            continue
        if not _continues_a_number(text, at, first):
            return at, False
    return (last, True) if len(text) > first + windows.most else None


def _word_from(text: str, base: int, *, end: int, look_from: int) -> int:
    """Return where in the whole text the first word begins from a place on; that place when there is none."""
    # What is no longer there is not needed: no word begins between it and the last one that was found.
    first = max(look_from, 1 if base else 0)
    for at in range(first, end):
        if (at == 0 and base == 0) or text[at - 1].isspace():
            return base + at
    return base + first


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
