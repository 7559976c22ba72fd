"""Finds what regular expressions describe, in time linear in the text whatever the expression."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import re2

from guardrails.expressions import Find, Several, finder
from guardrails.guards.checksums import CHECKS, Check
from guardrails.guards.country_patterns import COUNTRY_PATTERNS
from guardrails.guards.known_patterns import KNOWN_PATTERNS
from guardrails.guards.named_pattern import NamedPattern
from guardrails.guards.reach import cuts_of
from guardrails.local import TooCostlyError
from guardrails.normalising import NormalisedScanner, as_seen
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError
from guardrails.prefixes import UnreadablePatternError, beginnings, without_captures
from guardrails.verdict import Finding, made

PARAMETERS = (
    Parameter(
        name="patterns",
        type="choices",
        default=(),
        help="Patterns that come with the house.",
        choices=tuple(KNOWN_PATTERNS),
        groups=tuple(
            (country, tuple(one.name for one in group)) for country, group in COUNTRY_PATTERNS.items()
        ),
    ),
    Parameter(
        name="countries",
        type="choices",
        default=(),
        help="National numbers, plates, postal codes and telephone numbers of these countries, all that the house knows.",
        choices=tuple(COUNTRY_PATTERNS),
    ),
    Parameter(
        name="custom",
        type="patterns",
        default=(),
        help='Your own: a list of {"name": …, "regex": …}, with "check": "luhn" or "mod97" where it applies. '
        "RE2 syntax; (?i) at the start ignores case.",
    ),
    Parameter(
        name="normalise",
        type="boolean",
        default=False,
        help="See through invisible characters and wide digits and letters.",
    ),
)

PATIENCE, LEAST_PATIENCE = 50, 50_000
"""How many times its own length of a text may match and be refused by checks, at least so many bytes."""


def build(parameters: Mapping[str, Any]) -> "PatternGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="pattern")
    chosen = choices(values["patterns"], KNOWN_PATTERNS, parameter="patterns", kind="pattern")
    countries = choices(values["countries"], COUNTRY_PATTERNS, parameter="countries", kind="pattern")
    named = {pattern.name: pattern for pattern in (*chosen, *(one for group in countries for one in group))}
    patterns = [*named.values(), *map(_custom, values["custom"])]
    if not patterns:
        raise PolicyError(
            "a pattern guard needs at least one pattern: name some in 'patterns', a country in 'countries', or add one to 'custom'"
        )
    return PatternGuard(patterns, is_normalising=values["normalise"])


def _custom(fields: Mapping[str, Any]) -> NamedPattern:
    unknown = sorted(set(fields) - {"name", "regex", "check"})
    name, regex, check = fields.get("name"), fields.get("regex"), fields.get("check") or None
    if unknown or not isinstance(name, str) or not isinstance(regex, str) or not name.strip() or not regex:
        raise PolicyError(
            f"a custom pattern is an object with 'name', 'regex' and perhaps 'check'; got the keys {sorted(fields)}"
        )
    if check is not None and check not in CHECKS:
        raise PolicyError(f"pattern {name!r}: unknown check {check!r}; known: {sorted(CHECKS)}")
    entity = "".join(character if character.isalnum() else "_" for character in name.upper()).strip("_")
    return NamedPattern(
        name=name, entity=entity or "PATTERN", regex=regex, check=CHECKS[check] if check else None
    )


class _Compiled(NamedTuple):
    find: Find
    entity: str
    check: Check | None
    group: int
    name: str
    judge: Callable[[str], Sequence[tuple[str, int]]] | None
    entities: tuple[str, ...]


_Sought = int | tuple[int, str]


class PatternGuard:
    """A list of patterns, with one pass that says which of them match and one expression for what is still open."""

    def __init__(self, patterns: Sequence[NamedPattern], *, is_normalising: bool = False) -> None:
        self.is_normalising = is_normalising
        self.entities = frozenset(
            entity for pattern in patterns for entity in pattern.entities or (pattern.entity,)
        )
        """All that it may find."""
        self.patterns = [_compiled(pattern) for pattern in patterns]
        self.cuts = cuts_of([pattern.regex for pattern in patterns])
        try:
            wholes = [without_captures(pattern.regex) for pattern in patterns]
            open_ends = [beginnings(pattern.regex) for pattern in patterns]
            self.known = Several([whole.encode() for whole in wholes], _options())
            self.open_end = re2.compile(rf"(?:{'|'.join(open_ends)})\z".encode(), _options())
        except (UnreadablePatternError, re2.error) as error:
            names = [pattern.name for pattern in patterns]
            raise PolicyError(
                f"the patterns {names} cannot be checked on a stream ({error}); write them more simply"
            ) from error

    def scanner(self) -> "PatternScanner | NormalisedScanner":
        """Return what follows one text through this guard."""
        return (
            NormalisedScanner(PatternScanner(self), as_seen) if self.is_normalising else PatternScanner(self)
        )

    def is_clear(self, text: str) -> bool:
        """Tell whether none of the patterns matches anywhere in a whole text."""
        seen = as_seen(text).text if self.is_normalising and not text.isascii() else text
        return not self.known.is_in(seen.encode())


class PatternScanner:
    """Finds the patterns in a text that may still be growing.

    A match is settled once no text to come could change it: when it begins before the first place from which a match
    is still open. What has been settled therefore does not depend on how the text was cut.
    """

    __slots__ = ("_guard", "_resume", "settled")

    def __init__(self, guard: PatternGuard) -> None:
        self._guard = guard
        self._resume: dict[_Sought, int] = {}
        self.settled = 0
        """Every finding that begins before this is known."""

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`, one settled character early."""
        data = text.encode()
        place = _identity if len(data) == len(text) else _Characters(data)
        at = min(self.settled - base, len(text)) if self.settled > base else 0
        start = at if len(data) == len(text) else len(text[:at].encode())
        open_at = len(data)
        if not is_final:
            open_end = self._guard.open_end.search(data, start)
            open_at = open_end.start() if open_end else len(data)
        found = self._guard.known.which_in(data)
        findings: list[Finding] = []
        if found:
            search = _Search(self._guard.patterns, data, start, open_at)
            for index, resume in self._resume.items():
                if resume - base > at:
                    search.resume[index] = _byte(text, data, resume - base)
            search.look_for(found, self._guard)
            search.found.sort(key=_BY_PLACE)
            findings = [
                made((entity, base + place(first), base + place(last), 1.0))
                for first, _, last, entity in search.found
            ]
            if not is_final:
                self._resume = {index: base + place(last) for index, last in search.resume.items()}
        self.settled = base + place(open_at)
        return findings


class _Search:
    """Looks for patterns in what there is of a text, all in bytes."""

    __slots__ = ("_data", "_open_at", "_patience", "_patterns", "_start", "found", "resume")

    def __init__(self, patterns: Sequence[_Compiled], data: bytes, start: int, open_at: int) -> None:
        self._patterns = patterns
        self._data = data
        self._start = start
        self._open_at = open_at
        self._patience: dict[int, int] = {}
        self.resume: dict[_Sought, int] = {}
        """Where the last finding of each pattern ends, or of each thing that a pattern may find."""
        self.found: list[tuple[int, int, int, str]] = []
        """Where each begins, by the how manieth pattern it was found, where it ends, and what it is."""

    def look_for(self, found: Sequence[int], guard: PatternGuard) -> None:
        """Find the matches of patterns that are known to be somewhere."""
        data, cuts = self._data, guard.cuts
        near = [index for index in found if index in cuts.near]
        if len(near) >= _MANY:
            pieces = cuts.pieces(data)
            # To look through a text for one pattern takes as long as to ask what is in three or four pieces.
            if len(near) * len(data) > _PIECE_COST * len(pieces):
                self._look_into(pieces, guard)
                found = [index for index in found if index not in cuts.near]
        for index in found:
            self._look_for(index, self._start, len(data))

    def _look_into(self, pieces: Sequence[bytes], guard: PatternGuard) -> None:
        near, match, start = guard.cuts.near, guard.known.match, self._start
        everything = range(len(self._patterns))
        begins = 0
        for piece in pieces:
            ends = begins + len(piece)
            if ends > start and piece:
                for index in match(piece) or everything:
                    if index in near:
                        self._look_for(index, begins if begins > start else start, ends)
            begins = ends + 1

    def _look_for(self, index: int, at: int, until: int) -> None:
        find, entity, check, group, name, judge, _ = self._patterns[index]
        if judge is not None:
            self._judge_each(index, at, until)
            return
        data, open_at = self._data, self._open_at
        if index in self.resume and self.resume[index] > at:
            at = self.resume[index]
        while at < until:
            spans = find(data, at, until)
            began, ended = spans[0]
            if began < 0 or began >= open_at:
                return
            start, end = spans[group] if group else (began, ended)
            if check is not None:
                matched = data[start:end].decode()
                accepted = check(matched)
                if accepted == 0:
                    self._lose_patience(index, name, ended - began)
                    # A number inside a longer one that failed may still be right.
                    at = began + 1
                    while at < until and data[at] & 0xC0 == 0x80:
                        at += 1
                    continue
                if accepted < len(matched):
                    end = start + len(matched[:accepted].encode())
            self.found.append((start, index, end, entity))
            self.resume[index] = at = end if end > began else began + 1
            if end >= open_at:
                return

    def _judge_each(self, index: int, at: int, until: int) -> None:
        find, _, _, group, name, judge, entities = self._patterns[index]
        assert judge is not None
        sought = {entity: (index, entity) for entity in entities}
        while at < until:
            spans = find(self._data, at, until)
            began, ended = spans[0]
            if began < 0 or began >= self._open_at:
                return
            start, end = spans[group]
            matched = self._data[start:end].decode()
            told = judge(matched)
            for entity, length in told:
                if began >= self.resume.get(sought[entity], 0):
                    end = start + (length if matched.isascii() else len(matched[:length].encode()))
                    self.found.append((start, index, end, entity))
                    self.resume[sought[entity]] = end
            if len(told) == len(entities):
                at = max(min(self.resume[each] for each in sought.values()), began + 1)
            else:
                # What it is not, something inside of it may be.
                self._lose_patience(index, name, ended - began)
                at = began + 1

    def _lose_patience(self, index: int, name: str, length: int) -> None:
        left = self._patience.get(index, PATIENCE * len(self._data) + LEAST_PATIENCE) - length
        if left < 0:
            raise TooCostlyError(f"{name} matches too often where it is not meant")
        self._patience[index] = left


_BY_PLACE = itemgetter(0, 1)
"""What begins at one place goes by the name of the first pattern, however the text was cut before it was searched."""
_MANY, _PIECE_COST = 4, 300
"""How many patterns it takes to look into pieces, and the bytes that are searched while RE2 is asked about one of them."""


class _Characters:
    """Turns offsets in UTF-8 into offsets in characters, each from the one before it."""

    __slots__ = ("_byte", "_character", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._byte = self._character = 0

    def __call__(self, offset: int) -> int:
        if offset < self._byte:
            self._character -= len(self._data[offset : self._byte].decode())
        else:
            self._character += len(self._data[self._byte : offset].decode())
        self._byte = offset
        return self._character


def _identity(offset: int) -> int:
    return offset


def _byte(text: str, data: bytes, character: int) -> int:
    if len(text) == len(data):
        return character
    return len(text[:character].encode())


def _compiled(pattern: NamedPattern) -> _Compiled:
    try:
        expression = re2.compile(pattern.regex.encode(), _options())
    except (re2.error, UnicodeEncodeError) as error:
        raise PolicyError(f"pattern {pattern.name!r} is not a regular expression of RE2: {error}") from error
    if any(
        (found := expression.search(text)) and found.end() == found.start() for text in _MATCHED_BY_NOTHING
    ):
        raise PolicyError(f"pattern {pattern.name!r} matches the empty text; write what must be there")
    return _Compiled(
        finder(expression),
        pattern.entity,
        pattern.check,
        pattern.group,
        pattern.name,
        pattern.judge,
        pattern.entities,
    )


_MATCHED_BY_NOTHING = (b"", b"a 1", b"- -")
"""What has no width matches nothing in one of these."""


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return options
