"""Reads the many chunks of a stream that differ in nothing but a few words, without parsing each of them."""

import re

import orjson

_CONTENT = re.compile(rb'"delta": ?\{"content": ?("(?:[^"\\]|\\.)*")\}')


class PlainChunks:
    """Recognises chunks by the first of their kind: the same bytes before and after the content.

    What it takes in is only trusted once the contents parse as a list of as many strings, so a chunk that
    merely looks alike is never misread.
    """

    def __init__(self) -> None:
        self._before = b""
        self._after = b""
        self._contents: list[bytes] = []
        self._events: list[bytes] = []

    def learn(self, event: bytes) -> None:
        """Remember an event that says some content and nothing else."""
        match = _CONTENT.search(event)
        if match is not None:
            self._before, self._after = event[: match.start(1)], event[match.end(1) :]

    def take(self, event: bytes) -> bool:
        """Take an event in; False when it is not of the kind that was learnt."""
        before, after = self._before, self._after
        if not before or not event.startswith(before) or not event.endswith(after):
            return False
        self._contents.append(event[len(before) : len(event) - len(after)])
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
