"""Finds characters that people do not see and models do: smuggled instructions, hidden marks, text turned round."""

import re
from collections.abc import Iterator, Mapping
from itertools import accumulate, compress, groupby, repeat
from typing import Any

import re2

from guardrails.normalising import INVISIBLE
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError
from guardrails.verdict import Finding, made

_TAGS = range(0xE0000, 0xE0080)
_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x1810)])
_BIDI = frozenset([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_ENTITIES = {
    "tags": "TAG_CHARACTERS",
    "bidi": "BIDI_CONTROL",
    "selectors": "VARIATION_SELECTORS",
    "zero_width": "ZERO_WIDTH",
    "controls": "CONTROL_CHARACTERS",
}
PARAMETERS = (
    Parameter(
        name="look_for",
        type="choices",
        default=tuple(_ENTITIES),
        help="Tag characters (hidden ASCII), marks that turn text round, variation selectors that choose nothing, "
        "characters without width, control characters.",
        choices=tuple(_ENTITIES),
    ),
    Parameter(
        name="at_least",
        type="number",
        default=1,
        help="How many in a row it takes for a finding.",
        least=1,
        most=1_000,
    ),
)


def _ranges(points: frozenset[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of points that follow one another."""
    for _, run in groupby(enumerate(sorted(points)), key=lambda each: each[1] - each[0]):
        following = [point for _, point in run]
        yield following[0], following[-1]


_CONTROLS = frozenset(
    [*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)]
)
_HIDDEN = list(_ranges(INVISIBLE | _CONTROLS))
_ANY = re2.compile("[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in _HIDDEN) + "]")
_RUNS = re.compile("([" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _HIDDEN) + "]+)")
"""The same characters: RE2 is quicker to say that there are none, and `split` to say where they all are."""
_NON_JOINER, _JOINER, _SOFT_HYPHEN, _BLACK_FLAG, _END_OF_TAG = (
    "\u200c",
    "\u200d",
    "\xad",
    "\U0001f3f4",
    "\U000e007f",
)
_EMOJI_STYLE, _TEXT_STYLE, _KEYCAP = "\ufe0f", "\ufe0e", "\u20e3"


def build(parameters: Mapping[str, Any]) -> "InvisibleGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="invisible")
    wanted = choices(values["look_for"], _ENTITIES, parameter="look_for", kind="invisible")
    if not wanted:
        raise PolicyError("an invisible guard needs something to look for: name some in 'look_for'")
    return InvisibleGuard(frozenset(wanted), at_least=int(values["at_least"]))


class InvisibleGuard:
    """Looks at runs of hidden characters and leaves those alone that writing needs."""

    def __init__(self, wanted: frozenset[str], *, at_least: int) -> None:
        self.wanted = wanted
        self.at_least = at_least
        self.known = _Known(self)

    def scanner(self) -> "InvisibleScanner":
        """Return what follows one text through this guard."""
        return InvisibleScanner(self)

    def is_clear(self, text: str) -> bool:
        """Tell whether nothing in a whole text is hidden, not even what belongs there."""
        return _ANY.search(text) is None

    def entity_of(self, before: str, run: str, after: str) -> str:
        """Return what a run of hidden characters between two others is, empty for one that belongs there."""
        return "" if _belongs(before, run, after) else self.entity_anywhere(run)

    def entity_anywhere(self, run: str) -> str:
        """Return what a run of hidden characters is where it does not belong, empty for one that nobody looks for."""
        if len(run) < self.at_least:
            return ""
        kinds = {_kind(ord(character)) for character in run}
        return next((kind for kind in _ENTITIES.values() if kind in kinds and kind in self.wanted), "")


class _Known(dict[str, str]):
    """What short runs are, worked out when they are first met; `_DEPENDS` for those that belong in some places."""

    def __init__(self, guard: InvisibleGuard) -> None:
        super().__init__()
        self._guard = guard

    def __missing__(self, run: str) -> str:
        entity = self._guard.entity_anywhere(run)
        known = _DEPENDS if entity and _may_belong(run) else entity
        if len(run) <= _SHORT:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[run] = known
        return known


_DEPENDS = "?"
_SHORT, _MOST_KNOWN = 8, 1_000


class InvisibleScanner:
    """Finds runs of hidden characters; one at the end of a text is open until the next character is there."""

    __slots__ = ("_guard", "settled")

    def __init__(self, guard: InvisibleGuard) -> None:
        self._guard = guard
        self.settled = 0
        """Every finding that begins before this is known."""

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`, one settled character early."""
        first = max(self.settled - base, 0)
        self.settled = base + len(text)
        if _ANY.search(text, first) is None:
            return []
        # What is seen, what is hidden, what is seen, and so on: all of it in one call.
        pieces = _RUNS.split(text[first:])
        places = list(accumulate(map(len, pieces), initial=base + first))
        runs, starts, ends = pieces[1::2], places[1:-1:2], places[2:-1:2]
        if not pieces[-1] and not is_final:
            self.settled = starts.pop()
            runs.pop()
        entities = list(map(self._guard.known.__getitem__, runs))
        if _DEPENDS in entities:
            for number, entity in enumerate(entities):
                if entity == _DEPENDS:
                    start, end = starts[number] - base, ends[number] - base
                    before, after = text[start - 1 : start], text[end : end + 1]
                    entities[number] = self._guard.entity_of(before, runs[number], after)
        return list(map(made, compress(zip(entities, starts, ends, repeat(1.0)), entities)))


def _kind(point: int) -> str:
    if point in _TAGS:
        return _ENTITIES["tags"]
    if point in _SELECTORS:
        return _ENTITIES["selectors"]
    if point in _BIDI:
        return _ENTITIES["bidi"]
    return _ENTITIES["controls" if point in _CONTROLS else "zero_width"]


_MARKS = ("\u200e", "\u200f", "\u061c")
_SOMEWHERE = frozenset(
    (_EMOJI_STYLE, _TEXT_STYLE, _JOINER, _EMOJI_STYLE + _JOINER, _NON_JOINER, _SOFT_HYPHEN, *_MARKS)
)


def _may_belong(run: str) -> bool:
    """Tell whether a run belongs between some characters."""
    return run in _SOMEWHERE or run.endswith(_END_OF_TAG)


def _belongs(before: str, run: str, after: str) -> bool:
    if before == _BLACK_FLAG and run.endswith(_END_OF_TAG):
        # The flags of England, Scotland and Wales are a black flag and a few tags.
        return len(run) <= 7 and all(ord(character) in _TAGS for character in run)
    if run in (_EMOJI_STYLE, _TEXT_STYLE):
        return _is_symbol(before) or (after == _KEYCAP and before in tuple("0123456789#*"))
    if run in (_JOINER, _EMOJI_STYLE + _JOINER):
        return (_is_symbol(before) and _is_symbol(after)) or _joins_letters(before, after)
    if run == _NON_JOINER:
        return _joins_letters(before, after)
    if run in _MARKS:
        return _is_right_to_left(before) or _is_right_to_left(after)
    return run == _SOFT_HYPHEN and before.isalpha() and after.isalpha()


def _is_symbol(character: str) -> bool:
    return bool(character) and (
        "\u2000" <= character <= "\u3300" or "\U0001f000" <= character <= "\U0001fbff" or character in "©®"
    )


def _joins_letters(before: str, after: str) -> bool:
    """Persian, Arabic and the scripts of India need joiners between letters."""
    return "\u0600" <= before <= "\u0dff" and (not after or not after.isascii() or not after.isalnum())


def _is_right_to_left(character: str) -> bool:
    return "\u0590" <= character <= "\u08ff" or "\ufb1d" <= character <= "\ufefc"
