"""One HTTP/1.1 connection to an upstream: one call at a time goes out, its answer comes back."""

import asyncio
from typing import cast

import httptools

MAX_HEAD_BYTES = 128 * 1024
"""How much may arrive that is not yet a body: a head, or what stands between two pieces of a body."""
HIGH_WATER_BYTES = 256 * 1024
"""From here on a body that nobody reads has to wait at its sender."""
JOINED_BYTES = 64 * 1024
"""Head and body of a request no longer than this leave in one piece."""


class BrokenError(Exception):
    """The connection ended, or what came through it is not HTTP."""


class Connection(asyncio.Protocol):
    """A connection that is idle, or carries one call. Its reader is one task."""

    def __init__(self, together: "set[Connection]") -> None:
        self._loop = asyncio.get_running_loop()
        self._together = together
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._error: Exception | None = None
        self._is_busy = False
        self._is_closed = False
        self._is_paused = False
        self.calls = 0
        """How many calls it has carried."""
        self.idle_since = 0.0
        self._reset()

    def _reset(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._beside_body = 0
        self._has_head = False
        self._is_interim = False
        self._is_kept = False
        self._ends_with_connection = False
        self.status = 0
        self.headers: dict[str, str] = {}
        """Names in lower case."""
        self.has_heard = False
        """True once anything was answered to the call."""
        self.is_complete = False
        """True once the whole answer has arrived."""

    # A call

    def send(self, head: bytes, body: bytes, *, deadline: float) -> None:
        """Begin a call whose answer must be whole at a moment of the loop's clock."""
        self._reset()
        self._is_busy = True
        self.calls += 1
        self._timer = self._loop.call_at(deadline, self._expire)
        if len(body) <= JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    async def head(self) -> None:
        """Return when status and headers are there. Raises BrokenError or TimeoutError."""
        while not self._has_head:
            await self._more()

    async def read(self, *, max_bytes: int) -> bytes | None:
        """Return all of the body, or None when it is longer than it may be. Raises BrokenError or TimeoutError."""
        while not self.is_complete and self._size <= max_bytes:
            self._resume()
            await self._more()
        return None if self._size > max_bytes else self._taken()

    async def next_bytes(self) -> bytes:
        """Return what has arrived of the body; b"" at its proper end. Raises BrokenError or TimeoutError."""
        while not self._parts and not self.is_complete:
            self._resume()
            await self._more()
        return self._taken()

    def finish(self) -> bool:
        """Let go of the call; True when the connection can carry another."""
        self._stop_timer()
        self._is_busy = False
        if (
            not self.is_complete
            or not self._is_kept
            or self._is_closed
            or self._transport.get_write_buffer_size()
        ):
            self.abort()
            return False
        self._taken()
        self._resume()
        return True

    def abort(self) -> None:
        """End the connection now."""
        self._stop_timer()
        self._is_kept = False
        self._transport.abort()

    @property
    def is_usable(self) -> bool:
        """True while it can carry another call."""
        return self._is_kept and not self._is_closed and not self._transport.is_closing()

    def _taken(self) -> bytes:
        parts, self._parts, self._size = self._parts, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        self.abort()
        self._wake()

    def _expire(self) -> None:
        self._fail(TimeoutError())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _resume(self) -> None:
        if self._is_paused and not self._is_closed:
            self._is_paused = False
            self._transport.resume_reading()

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, and a place among the open connections."""
        self._transport = cast(asyncio.Transport, transport)
        self._together.add(self)

    def data_received(self, data: bytes) -> None:
        """Read on in the answer. What nobody asked for ends the connection."""
        if not self._is_busy or self.is_complete:
            self.abort()
            return
        self.has_heard = True
        self._beside_body += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(BrokenError("what arrived is not HTTP"))
            return
        if self._beside_body > MAX_HEAD_BYTES:
            self._fail(BrokenError("a head without end"))
            return
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits for an answer that no more of it will come."""
        self._is_closed = True
        self._stop_timer()
        if self._has_head and self._ends_with_connection and exc is None and self._error is None:
            self.is_complete = True
        elif self._error is None:
            self._error = BrokenError("the connection ended")
        self._wake()
        self._together.discard(self)

    # What the parser says

    def on_message_begin(self) -> None:
        """Expect one answer and no second one."""
        if self.is_complete:
            self._is_kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what trails behind a body is left out."""
        if not self._has_head:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the head, unless it only says that the answer is on its way."""
        if self.is_complete:
            return
        status = self._parser.get_status_code()
        self._beside_body = 0
        if status < 200:
            self._fields.clear()
            self._is_interim = True
            return
        headers = self.headers
        for raw_name, raw_value in self._fields:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self.status = status
        self._has_head = True
        self._is_kept = self._parser.should_keep_alive()
        self._ends_with_connection = "content-length" not in headers and not headers.get(
            "transfer-encoding", ""
        ).lower().endswith("chunked")

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self.is_complete:
            return
        self._parts.append(data)
        self._size += len(data)
        self._beside_body = 0
        if self._size > HIGH_WATER_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """Note that the answer is whole."""
        if self._is_interim:
            self._is_interim = False
        else:
            self.is_complete = True
