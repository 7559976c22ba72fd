"""Reads the many chunks of a stream that differ in nothing but a few words, without parsing each of them."""

import re

import orjson

_CONTENT = re.compile(rb'"delta": ?\{"content": ?("(?:[^"\\]|\\.)*")\}')
_PADDING = b'"obfuscation":'
_PADDED = re.compile(rb',\s?"obfuscation": ?"[A-Za-z0-9]*"(\}\s*)')
"""What OpenAI appends to every chunk, so that its length tells nobody what it says."""


class PlainChunks:
    """Recognises chunks by the first of their kind: the same bytes before and after the content.

    What it takes in is only trusted once the contents parse as a list of as many strings, so a chunk that
    merely looks alike is never misread.
    """

    def __init__(self) -> None:
        self._before = b""
        self._after = b""
        self._rest = b""
        """What follows when the padding is left out."""
        self._contents: list[bytes] = []
        self._events: list[bytes] = []

    def learn(self, event: bytes) -> None:
        """Remember an event that says some content and nothing else."""
        core = _without_padding(event)
        match = _CONTENT.search(core)
        if match is not None and core.count(b'"delta"') == 1:
            self._before, self._after = core[: match.start(1)], core[match.end(1) :]
            self._rest = b"}\n\n" if len(core) < len(event) else b""

    def take(self, event: bytes) -> bool:
        """Take an event in; False when it is not of the kind that was learnt."""
        content = self._content(event)
        if content is None:
            return False
        self._contents.append(content)
        self._events.append(event)
        return True

    def drain(self) -> tuple[list[str], list[bytes]]:
        """Return the contents taken in since the last time, or the events that must be read one by one."""
        contents, events = self._contents, self._events
        if not events:
            return [], []
        self._contents, self._events = [], []
        try:
            texts = orjson.loads(b"[%b]" % b",".join(contents))
        except orjson.JSONDecodeError:
            return [], events
        if len(texts) != len(contents) or not all(type(text) is str for text in texts):
            return [], events
        return texts, []

    def said_by(self, event: bytes) -> str | None:
        """Return the content of an event; None when it is not of the kind that was learnt."""
        content = self._content(event)
        if content is None:
            return None
        try:
            text = orjson.loads(content)
        except orjson.JSONDecodeError:
            return None
        return text if type(text) is str else None

    def saying(self, text: str) -> bytes:
        """Return an event of the kind that was learnt with this content."""
        return self._before + orjson.dumps(text) + self._after + self._rest

    def _content(self, event: bytes) -> bytes | None:
        before, after = self._before, self._after
        if not before or not event.startswith(before):
            return None
        core = _without_padding(event) if self._rest else event
        return core[len(before) : len(core) - len(after)] if core.endswith(after) else None


def _without_padding(event: bytes) -> bytes:
    at = event.rfind(_PADDING)
    if at < 0:
        return event
    at = event.rfind(b",", 0, at)
    return event[:at] if _PADDED.fullmatch(event, at) else event
