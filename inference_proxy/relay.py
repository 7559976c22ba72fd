"""Server-sent events: where one ends, and what it says."""

import re
from collections.abc import Iterator

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_LINE = re.compile(rb"\r\n|\n|\r")
MAX_EVENT_BYTES = 16 * 1024 * 1024
DONE = b"[DONE]"
BOM = b"\xef\xbb\xbf"


class EventCutter:
    """Cuts a stream of bytes into whole events, however the bytes arrive.

    Nothing is changed: what `push` and `finish` return, put together, is what was pushed.
    """

    def __init__(self) -> None:
        self._held = b""

    def push(self, data: bytes) -> bytes:
        """Return the whole events that are there now, as one run of bytes."""
        if self._held:
            data = self._held + data
        elif data.endswith(b"\n\n"):
            return data
        end = _end_of_events(data)
        self._held = data[end:]
        if len(self._held) > MAX_EVENT_BYTES:
            # No reader waits for an event this long. Let it pass rather than hold it in memory.
            held, self._held = self._held, b""
            return data[:end] + held
        return data[:end]

    def finish(self) -> bytes:
        """Return what is left when the stream has properly ended: an event without its blank line."""
        held, self._held = self._held, b""
        return held


def split_events(data: bytes) -> list[bytes]:
    """Return the events in a run of whole ones, each with its blank line."""
    if b"\r" not in data:
        return [event + b"\n\n" for event in data.split(b"\n\n") if event]
    events, start = [], 0
    for match in _BLANK_LINE.finditer(data):
        events.append(data[start : match.end()])
        start = match.end()
    if start < len(data):
        events.append(data[start:])
    return events


def payloads(data: bytes) -> Iterator[bytes]:
    """Yield the data of each event in a run of events; comments and other fields are left out."""
    if b"\r" not in data:
        for event in data.split(b"\n\n"):
            if event.startswith(b"data: ") and b"\n" not in event:
                yield event[6:]
            elif event:
                yield from _payload(event)
    else:
        for event in split_events(data):
            yield from _payload(event)


def _payload(event: bytes) -> Iterator[bytes]:
    lines = []
    for line in _LINE.split(event.removeprefix(BOM)):
        if line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
        elif line == b"data":
            lines.append(b"")
    if lines:
        yield b"\n".join(lines)


def _end_of_events(data: bytes) -> int:
    if b"\r" not in data:
        return data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0
    end = 0
    for match in _BLANK_LINE.finditer(data):
        end = match.end()
    return end
