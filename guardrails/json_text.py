"""JSON as a reader of its values sees it: findings are made in the values, and what replaces them is valid JSON again.

A pattern that looked at the raw text would be fooled by escapes: in `"to:\\nbob@example.com"` it would take the `n`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*', re.DOTALL)

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is to stand in place of a stretch of the text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: Literal["string", "number", "between"]
    start: int
    """In the view."""
    end: int
    raw: str


class JsonText:
    """A JSON text, or what was meant to be one, with its string literals decoded."""

    def __init__(self, text: str) -> None:
        self._is_valid = _is_json(text)
        self._pieces: list[_Piece] = []
        shown: list[str] = []
        at = raw_at = 0
        for found in _TOKEN.finditer(text):
            between, raw = text[raw_at : found.start()], found.group()
            value = _decoded(raw) if raw[0] == '"' else raw
            kind: Literal["string", "number"] = "string" if raw[0] == '"' else "number"
            self._pieces.append(_Piece("between", at, at + len(between), between))
            at += len(between)
            self._pieces.append(_Piece(kind, at, at + len(value), raw))
            at += len(value)
            shown += [between, value]
            raw_at = found.end()
        rest = text[raw_at:]
        self._pieces.append(_Piece("between", at, at + len(rest), rest))
        self.view = "".join((*shown, rest))
        """What a guard reads: the text with every string literal decoded, its quotes kept."""

    def with_replaced(self, replacements: Sequence[Replacement]) -> str:
        """Return the text with stretches of the view replaced; whatever is not touched stays as it was written."""
        if not replacements:
            return "".join(piece.raw for piece in self._pieces)
        return "".join(self._written(piece, replacements) for piece in self._pieces)

    def _written(self, piece: _Piece, replacements: Sequence[Replacement]) -> str:
        is_string = piece.kind == "string"
        start, end = piece.start + is_string, piece.end - is_string
        inside = [
            _clipped(each, start, end) for each in replacements if each.start < end and each.end > start
        ]
        if not inside or (piece.kind == "between" and self._is_valid):
            return piece.raw
        shown = replaced(self.view[start:end], inside, base=start)
        if is_string:
            return json.dumps(shown, ensure_ascii=False)
        if piece.kind == "number" and self._is_valid:
            return json.dumps("".join(each.text for each in inside), ensure_ascii=False)
        return shown


def looks_like_json(text: str) -> bool:
    """Tell whether a text is a JSON object or array, rather than prose with braces in it."""
    return text[:64].lstrip()[:1] in ("{", "[") and _is_json(text)


def encodable(text: str) -> str:
    """Return the text with halves of characters, which no bytes can carry, replaced one by one."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
    return text


def replaced(text: str, replacements: Sequence[Replacement], *, base: int = 0) -> str:
    """Return the text, which begins at `base`, with stretches of it replaced. They are in order and do not overlap."""
    parts: list[str] = []
    at = 0
    for each in replacements:
        parts += [text[at : each.start - base], each.text]
        at = each.end - base
    return "".join((*parts, text[at:]))


def _clipped(replacement: Replacement, start: int, end: int) -> Replacement:
    # What stands for a stretch over several values goes where the stretch begins.
    text = replacement.text if replacement.start >= start else ""
    return Replacement(max(replacement.start, start), min(replacement.end, end), text)


def _decoded(literal: str) -> str:
    if "\\" not in literal:
        return literal
    try:
        return encodable(f'"{json.loads(literal, strict=False)}"')
    except ValueError:
        return literal


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True
