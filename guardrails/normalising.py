"""Text as a reader sees it: what is invisible is gone, and what looks alike is alike.

Every character is changed by itself, whatever stands around it, so that a text that grows is normalised as it grows and
every offset leads back to the character it came from.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from guardrails.verdict import Finding

INVISIBLE = frozenset(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *range(0xFFF0, 0xFFFC),
        *range(0x1BCA0, 0x1BCA4),
        *range(0x1D173, 0x1D17B),
        *range(0xE0000, 0xE1000),
    ]
)
"""Characters that take no room on the screen, or that only choose how their neighbour looks."""

_STROKES = frozenset([*range(0x0332, 0x0339), 0x0305, 0x033F, *range(0x20D0, 0x20F1), *range(0x0346, 0x0358)])
"""Marks laid over letters by those who want to be read by people alone; no language writes with them."""

_LOOK_LIKE = {
    "a": "аɑαａ",
    "b": "Ьƅ",
    "c": "сϲⅽᴄ",
    "d": "ԁɗ",
    "e": "еєҽℯεё",
    "f": "ƒſ",
    "g": "ɡց",
    "h": "һհ",
    "i": "іıɩιїﺍ",
    "j": "јϳ",
    "k": "кκⱪ",
    "l": "ӏǀⅼ",
    "m": "мⅿ",
    "n": "ոռη",
    "o": "оοօσөഠ०",
    "p": "рρ",
    "q": "ԛգ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսᴜ",
    "v": "ѵνᴠ",
    "w": "ѡԝωᴡ",
    "x": "хχ",
    "y": "уүγ",
    "z": "ᴢʐ",
}
_PLAIN = {ord(lookalike): plain for plain, group in _LOOK_LIKE.items() for lookalike in group}
_HANGUL = range(0xAC00, 0xD7A4)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised text, and from where in the original each of its characters comes."""

    text: str
    length: int
    """Of the original."""
    turns: Sequence[int] = ()
    """Offsets of the normalised text from which on it is shifted differently against the original."""
    shifts: Sequence[int] = ()

    def start(self, offset: int) -> int:
        """Return where the character at an offset of the normalised text stands in the original."""
        if not self.turns:
            return offset
        if offset >= len(self.text):
            return self.length
        turn = bisect_right(self.turns, offset)
        return offset + self.shifts[turn - 1] if turn else offset

    def end(self, offset: int) -> int:
        """Return where what ends before an offset of the normalised text ends in the original."""
        return self.start(offset - 1) + 1 if offset else 0

    def count_before(self, original: int) -> int:
        """Return how many characters of the normalised text come from before an offset of the original."""
        if not self.turns:
            return min(original, len(self.text))
        return bisect_left(range(len(self.text)), original, key=self.start)


def as_seen(text: str) -> Normalised:
    """Return a text without what is invisible, every character in its plainest form; case and accents stay."""
    return _mapped(text, _SEEN)


def as_read(text: str) -> Normalised:
    """Return a text as a careless reader takes it in: also without case, and with lookalikes read as Latin letters.

    Accents are told apart from their letters, so that `é` is the same whether it is one character or two.
    """
    if text.isascii():
        return Normalised(text.lower(), len(text))
    return _mapped(text, _READ)


def as_skimmed(text: str) -> Normalised:
    """Return a text as `as_read` does, and without accents: for phrases whose words are known whatever marks they bear."""
    if text.isascii():
        return Normalised(text.lower(), len(text))
    return _mapped(text, _SKIMMED)


def is_mark(character: str) -> bool:
    """Tell whether a character belongs to the one before it, as an accent does."""
    return unicodedata.combining(character) != 0


class _Scanner(Protocol):
    settled: int

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]: ...


class NormalisedScanner:
    """Shows a scanner the normalised text, and says of its findings where they are in the original."""

    __slots__ = ("_base", "_before", "_inner", "_last", "_normalise", "settled")

    def __init__(self, inner: _Scanner, normalise: Callable[[str], Normalised]) -> None:
        self._inner = inner
        self._normalise = normalise
        self._base = self._before = 0
        self._last: Normalised | None = None
        self.settled = 0
        """Every finding that begins before this is known."""

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`, one settled character early."""
        if base > self._base and self._last is not None:
            self._before += self._last.count_before(base - self._base)
            self._base = base
        seen = self._last = self._normalise(text)
        before = self._before
        findings = self._inner.advance(seen.text, before, is_final=is_final)
        reached = self._inner.settled - before
        # Behind the last visible character nothing is settled: the next one may continue its word.
        self.settled = base + (seen.end(len(seen.text)) if reached >= len(seen.text) else seen.start(reached))
        if is_final:
            self.settled = base + len(text)
        return [
            Finding(
                entity=each.entity,
                start=base + seen.start(each.start - before),
                end=base + seen.end(each.end - before),
                score=each.score,
            )
            for each in findings
        ]


class _Table(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def __missing__(self, point: int) -> str:
        if len(self) > 50_000:
            self.clear()
        value = self[point] = "" if point in INVISIBLE else self._change(chr(point))
        return value


def _plainest(character: str) -> str:
    return unicodedata.normalize("NFKC", character)


def _read(character: str) -> str:
    point = ord(character)
    if point in _HANGUL:
        return character
    if point in _PLAIN:
        return _PLAIN[point]
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_PLAIN.get(ord(each), each) for each in folded if ord(each) not in _STROKES)


_SEEN = _Table(_plainest)
_READ = _Table(_read)
_SKIMMED = _Table(lambda character: "".join(each for each in _read(character) if not is_mark(each)))


def _mapped(text: str, table: Mapping[int, str]) -> Normalised:
    if text.isascii() and table is _SEEN:
        return Normalised(text, len(text))
    others = set(_OTHERS.findall(text))
    mapped = _replaced(text, others, table) or text.translate(table)
    uneven = [character for character in others if len(table[ord(character)]) != 1]
    if not uneven:
        return Normalised(mapped, len(text))
    turns: list[int] = []
    shifts: list[int] = []
    shift = 0
    for found in re.finditer(f"[{re.escape(''.join(uneven))}]", text):
        at = found.start()
        length = len(table[ord(found.group())])
        for offset in range(1, length):
            turns.append(at - shift + offset)
            shifts.append(shift - offset)
        shift += 1 - length
        turns.append(at + 1 - shift)
        shifts.append(shift)
    return Normalised(mapped, len(text), turns, shifts)


def _replaced(text: str, others: Collection[str], table: Mapping[int, str]) -> str:
    """Return a text with a few different characters beyond ASCII mapped: as `translate` does, and much quicker.

    Empty where it cannot be done one character after the other.
    """
    if len(others) > _FEW:
        return ""
    mapped = text if table is _SEEN else _small(text)
    for character in others:
        value = table[ord(character)]
        if value != character:
            if any(table[ord(each)] != each for each in value):
                return ""
            mapped = mapped.replace(character, value)
    return mapped


def _small(text: str) -> str:
    # Of bytes only those of ASCII letters become small.
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


_OTHERS = re.compile(r"[^\x00-\x7f]")
_FEW = 24
