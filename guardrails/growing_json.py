"""JSON that may still be growing, or that may turn out to be none: read with its escapes decoded, written as it came.

What stands between quotes is decoded character by character, so that `bob\\u0040example.com` reads as it will to whoever parses it.
Nothing is asked of the whole: prose in braces passes through unchanged.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from guardrails.json_text import Replacement
from guardrails.redaction import in_json

_SPECIAL = re.compile(r'["\\]')
_ESCAPE = re.compile(
    r'\\(?:(["\\/bfnrt])|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))'
)
_UNFINISHED = re.compile(
    r"\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?)?\Z"
)
_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_STRUCTURE = re.compile(r"[{}\[\],:]")
_TOKEN = re.compile(r"[{}\[\],:]|\s+|[^\s{}\[\],:]+")
_NUMBER = re.compile(r"-?\d[\d.eE+-]*")


class GrowingJson:
    """A text as it is written and as it reads. Offsets count characters of the view."""

    def __init__(self, text: str = "", *, start: int = 0) -> None:
        self.length = start
        """How long the view is."""
        self._start = start
        self._is_inside = False
        self._pending = ""
        self._escapes: dict[int, str] = {}
        """How a character is written that is not written as itself."""
        self._quotes: list[int] = []
        """Where strings begin and end."""
        self.view = self.feed(text, is_final=True) if text else ""
        """The view of the text given at once."""

    def feed(self, text: str, *, is_final: bool) -> str:
        """Take what follows; return what it reads as. An escape that is not complete waits for its rest."""
        text, self._pending = self._pending + text, ""
        shown: list[str] = []
        at = 0
        while found := _SPECIAL.search(text, at):
            shown.append(text[at : found.start()])
            self.length += found.start() - at
            at = found.start()
            if text[at] == '"':
                self._quotes.append(self.length)
                self._is_inside = not self._is_inside
            elif self._is_inside:
                if not is_final and _UNFINISHED.match(text, at):
                    self._pending = text[at:]
                    return "".join(shown)
                escape = _ESCAPE.match(text, at)
                if escape:
                    self._escapes[self.length] = escape.group()
                    shown.append(_decoded(escape))
                    self.length += 1
                    at = escape.end()
                    continue
            shown.append(text[at])
            self.length += 1
            at += 1
        shown.append(text[at:])
        self.length += len(text) - at
        return "".join(shown)

    def with_replaced(self, replacements: Sequence[Replacement]) -> str:
        """Return the text given at once with stretches of its view replaced."""
        return self.written(self.view, self._start, replacements)

    def written(self, view: str, start: int, replacements: Sequence[Replacement]) -> str:
        """Return a stretch of the view, which begins at `start`, as it is written, parts of it replaced.

        `replacements` count from the beginning of the stretch, are in order and do not overlap.
        """
        parts: list[str] = []
        at = start
        for each in replacements:
            parts.append(self._raw(view, start, at, start + each.start))
            parts += self._replaced(view, start, start + each.start, start + each.end, each.text)
            at = start + each.end
        parts.append(self._raw(view, start, at, start + len(view)))
        return "".join(parts)

    def forget(self, before: int) -> None:
        """Let go of what was said about the view up to an offset: it has been written."""
        if self._escapes:
            self._escapes = {at: raw for at, raw in self._escapes.items() if at >= before}
        # An even number goes, so that inside stays inside.
        gone = bisect_left(self._quotes, before) & ~1
        del self._quotes[:gone]

    def _raw(self, view: str, base: int, start: int, end: int) -> str:
        if not self._escapes:
            return view[start - base : end - base]
        return "".join(
            self._escapes.get(at, character)
            for at, character in enumerate(view[start - base : end - base], start)
        )

    def _replaced(self, view: str, base: int, start: int, end: int, text: str) -> Iterator[str]:
        left = text
        for first, last, is_inside in self._sections(start, end):
            if first == last:
                yield '"'
                continue
            said = view[first - base : last - base]
            if is_inside:
                yield in_json(left)
                left = ""
                continue
            # Numbers become texts; brackets and commas hold the JSON together, and give nothing away.
            for token in _TOKEN.findall(said) if _STRUCTURE.search(said) else [said]:
                if _STRUCTURE.search(token) or token.isspace():
                    yield token
                else:
                    yield f'"{in_json(left)}"' if _NUMBER.fullmatch(token) else left
                    left = ""

    def _sections(self, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Yield the parts of a stretch that lie within one string or between two; a quote is a part of no length."""
        index = bisect_left(self._quotes, start)
        at = start
        while index < len(self._quotes) and self._quotes[index] < end:
            quote = self._quotes[index]
            if at < quote:
                yield at, quote, index % 2 == 1
            yield quote, quote, False
            at = quote + 1
            index += 1
        if at < end:
            yield at, end, index % 2 == 1


def _decoded(escape: re.Match[str]) -> str:
    short, high, low, single = escape.groups()
    if short:
        return _SHORT[short]
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    character = chr(int(single, 16))
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= character <= "\udfff" else character
