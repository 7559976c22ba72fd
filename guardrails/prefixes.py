"""What a pattern may still become: from a regular expression, one for the beginnings of its matches.

A stream must hold back text that could be the first half of a finding. `beginnings(pattern)` matches every prefix of
every match; anchored at the end of a text it tells, in one backwards pass, from where a match may still be open.
Only the structure of RE2's syntax is read here (groups, alternatives, repeats); characters and classes stay as written.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

_REPEAT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_GROUP = re.compile(r"\(\?P?<[^>]*>|\(\?([A-Za-z-]*)([:)])|\(")
_ESCAPE = re.compile(r"\\(?:x\{[^}]*\}|x..|[pP]\{[^}]*\}|[pP].|[0-7]{1,3}|.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\(?:[pP]\{[^}]*\}|.)|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_ASSERTIONS = frozenset(("^", "$", r"\b", r"\B", r"\A", r"\z"))


class UnreadablePatternError(ValueError):
    """The pattern uses syntax whose beginnings cannot be told."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """One character or class, or something of no width: an assertion, or flags for what follows."""

    text: str
    is_flags: bool = False

    @property
    def whole(self) -> str:
        return self.text

    @property
    def beginning(self) -> str:
        return f"(?:{self.text})?"


@dataclass(frozen=True, slots=True)
class _Repeat:
    item: "_Node"
    least: int
    most: int | None
    suffix: str

    @property
    def whole(self) -> str:
        return f"{self.item.whole}{self.suffix}"

    @property
    def beginning(self) -> str:
        if isinstance(self.item, _Atom):
            return self.item.whole + ("*" if self.most is None else f"{{0,{self.most}}}")
        before = "*" if self.most is None else f"{{0,{max(self.most - 1, 0)}}}"
        return f"{self.item.whole}{before}{self.item.beginning}"


@dataclass(frozen=True, slots=True)
class _Group:
    """Alternatives, each a sequence, under flags of their own."""

    flags: str
    alternatives: tuple[tuple["_Node", ...], ...]

    @property
    def whole(self) -> str:
        return self._wrapped("|".join("".join(node.whole for node in nodes) for nodes in self.alternatives))

    @property
    def beginning(self) -> str:
        return self._wrapped("|".join(f"(?:{_beginning(nodes)})" for nodes in self.alternatives))

    def _wrapped(self, body: str) -> str:
        return f"(?{self.flags}:{body})"


_Node = _Atom | _Repeat | _Group


def beginnings(pattern: str) -> str:
    """Return a pattern for every prefix, the empty one and the whole included, of what `pattern` matches."""
    return _parsed(pattern).beginning


def without_captures(pattern: str) -> str:
    """Return the pattern as one group that captures nothing, fit to stand in an alternation with others."""
    return _parsed(pattern).whole


def atoms(pattern: str) -> Iterator[str]:
    """Yield what the pattern is made of: characters and classes as they are written, and what has no width; no flags."""
    return _atoms_of(_parsed(pattern))


def _atoms_of(node: "_Node") -> Iterator[str]:
    if isinstance(node, _Repeat):
        yield from _atoms_of(node.item)
    elif isinstance(node, _Group):
        for each in chain.from_iterable(node.alternatives):
            yield from _atoms_of(each)
    elif not node.is_flags:
        yield node.text


@functools.lru_cache(maxsize=256)
def _parsed(pattern: str) -> _Group:
    return _Parser(pattern).parse()


def _beginning(nodes: Sequence[_Node]) -> str:
    tail = ""
    for node in reversed(nodes):
        if isinstance(node, _Atom):
            tail = node.text + tail if node.is_flags else f"(?:{node.text}{tail})?"
        else:
            tail = f"(?:{node.beginning}|{node.whole}{tail})"
    return tail


class _Parser:
    """Reads RE2 syntax by recursive descent. The pattern has been compiled by RE2 before: it is valid."""

    def __init__(self, pattern: str) -> None:
        self._pattern = _with_quotes_escaped(pattern)
        self._at = 0

    def parse(self) -> _Group:
        group = self._alternatives("")
        if self._at != len(self._pattern):
            raise UnreadablePatternError(f"unexpected {self._pattern[self._at]!r} at {self._at}")
        return group

    def _alternatives(self, flags: str) -> _Group:
        alternatives: list[tuple[_Node, ...]] = []
        nodes: list[_Node] = []
        while self._at < len(self._pattern) and self._pattern[self._at] != ")":
            if self._pattern[self._at] == "|":
                self._at += 1
                alternatives.append(tuple(nodes))
                # Flags set in one alternative hold in those that follow.
                nodes = [node for node in nodes if isinstance(node, _Atom) and node.is_flags]
            else:
                nodes.append(self._repeated(self._item()))
        return _Group(flags, (*alternatives, tuple(nodes)))

    def _item(self) -> _Node:
        rest = self._pattern[self._at]
        if rest == "(":
            return self._group()
        for syntax, expression in (("\\", _ESCAPE), ("[", _CLASS)):
            if rest == syntax:
                found = expression.match(self._pattern, self._at)
                if found is None:
                    raise UnreadablePatternError(f"cannot read {syntax!r} at {self._at}")
                self._at = found.end()
                return _Atom(found.group())
        self._at += 1
        return _Atom(rest)

    def _group(self) -> _Node:
        found = _GROUP.match(self._pattern, self._at)
        if found is None:
            raise UnreadablePatternError(f"unknown group at {self._at}")
        self._at = found.end()
        flags = found.group(1) or ""
        if found.group(2) == ")":
            return _Atom(f"(?{flags})", is_flags=True)
        group = self._alternatives(flags)
        self._at += 1
        return group

    def _repeated(self, item: _Node) -> _Node:
        while self._at < len(self._pattern):
            start = self._at
            least, most = 0, None
            character = self._pattern[start]
            counted = _REPEAT.match(self._pattern, start) if character == "{" else None
            if character in "*+?":
                least, most = int(character == "+"), 1 if character == "?" else None
                self._at += 1
            elif counted:
                low, comma, high = counted.groups()
                least = int(low)
                most = int(high) if high else (None if comma else least)
                self._at = counted.end()
            else:
                return item
            if self._pattern[self._at : self._at + 1] == "?":
                self._at += 1
            if isinstance(item, _Repeat):
                item = _Group("", ((item,),))
            if isinstance(item, _Atom) and item.text in _ASSERTIONS:
                # Repeating what has no width changes nothing but whether it must hold.
                item = _Group("", ((item,),))
            item = _Repeat(item, least, most, self._pattern[start : self._at])
        return item


def _with_quotes_escaped(pattern: str) -> str:
    if r"\Q" not in pattern:
        return pattern
    return re.sub(
        r"((?:[^\\]|\\[^Q])*?)\\Q(.*?)(?:\\E|$)",
        lambda found: found.group(1) + "".join(rf"\x{{{ord(c):x}}}" for c in found.group(2)),
        pattern,
        flags=re.DOTALL,
    )
