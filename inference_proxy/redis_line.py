"""One connection to Redis on which many ask at once: what is asked in one turn of the loop leaves together.

The client library costs more per question than the rest of a call. Here a question is some bytes, and an answer read
where it arrives; the library still reads the URL, with all it may say about users and certificates.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from redis.asyncio import ConnectionPool

LONGEST_REPLY = 1024 * 1024


class RedisReplyError(Exception):
    """Redis understood a command and said no."""


class RedisGoneError(Exception):
    """There is no connection to Redis, or it ended."""


def packed(*parts: bytes | str | int) -> bytes:
    """Return a command as it is sent."""
    pieces = [b"*%d\r\n" % len(parts)]
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        pieces.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(pieces)


class RedisLine:
    """The way to one Redis, opened when it is first needed and again after it broke."""

    def __init__(self, url: str, *, timeout_s: float, on_lost: Callable[[Exception], None]) -> None:
        self._described: Any = ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
        self._timeout_s = timeout_s
        self._on_lost = on_lost
        self._line: _Line | None = None
        self._opening: asyncio.Task[_Line] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def ask(self, command: bytes) -> Any:
        """Return the reply to a command. Raises RedisReplyError, RedisGoneError, TimeoutError or OSError."""
        line = self._line
        if line is None or line.is_closed:
            line = await self._opened()
        asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        line.send(command, [asked])
        return await asked

    def tell(self, *commands: bytes) -> None:
        """Send commands whose replies nobody waits for; `on_lost` hears when they come to nothing."""
        if self._line is not None and not self._line.is_closed:
            self._line.send(b"".join(commands), [None] * len(commands))
            return
        task = asyncio.create_task(self._tell_once_open(commands))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def close(self) -> None:
        """Send what was told, and end the connection."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=self._timeout_s)
        if self._opening is not None:
            self._opening.cancel()
        if self._line is not None:
            self._line.close()
            await asyncio.sleep(0)

    async def _tell_once_open(self, commands: tuple[bytes, ...]) -> None:
        try:
            line = await self._opened()
        except (RedisReplyError, RedisGoneError, OSError, TimeoutError) as error:
            self._on_lost(error)
        else:
            line.send(b"".join(commands), [None] * len(commands))

    async def _opened(self) -> "_Line":
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_looked_at)
        return await asyncio.shield(self._opening)

    async def _open(self) -> "_Line":
        told = self._described
        loop = asyncio.get_running_loop()

        def make() -> _Line:
            return _Line(self._timeout_s, self._on_lost)

        async with asyncio.timeout(self._timeout_s):
            if hasattr(told, "path"):
                _, line = await loop.create_unix_connection(make, told.path)
            else:
                tls = told.ssl_context.get() if hasattr(told, "ssl_context") else None
                _, line = await loop.create_connection(make, told.host, told.port, ssl=tls)
        greeting: list[bytes] = []
        if told.password:
            greeting.append(packed("AUTH", *([told.username] if told.username else []), told.password))
        if told.db:
            greeting.append(packed("SELECT", told.db))
        if greeting:
            replies: list[asyncio.Future[Any]] = [loop.create_future() for _ in greeting]
            line.send(b"".join(greeting), replies)
            try:
                await asyncio.gather(*replies)
            except BaseException:
                line.close()
                raise
        self._line = line
        return line


class _Line(asyncio.Protocol):
    """An open connection: questions in order, and replies in the same order."""

    def __init__(self, timeout_s: float, on_lost: Callable[[Exception], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._on_lost = on_lost
        self._transport: asyncio.Transport
        self._waiting: deque[tuple[float, asyncio.Future[Any] | None]] = deque()
        self._held = b""
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False
        self.is_closed = False

    def send(self, commands: bytes, replies: "list[asyncio.Future[Any]] | list[None]") -> None:
        """Send commands, and note who waits for the reply of each."""
        now = self._loop.time()
        for reply in replies:
            self._waiting.append((now, reply))
        self._transport.write(commands)
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._check)

    def close(self) -> None:
        """End the connection once everything was sent."""
        self.is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        data = self._held + data
        at = 0
        try:
            while at < len(data):
                value, at = _read(data, at)
                self._answer(value)
        except _IncompleteError:
            pass
        except (ValueError, IndexError):
            self._fail(RedisGoneError("what arrived is no reply of Redis"))
            return
        self._held = data[at:]
        if len(self._held) > LONGEST_REPLY:
            self._fail(RedisGoneError("a reply without end"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(RedisGoneError("the connection ended"))

    def _answer(self, value: Any) -> None:
        _, reply = self._waiting.popleft()
        self._is_late = False
        if isinstance(value, RedisReplyError):
            if reply is None:
                self._on_lost(value)
            elif not reply.done():
                reply.set_exception(value)
        elif reply is not None and not reply.done():
            reply.set_result(value)

    def _check(self) -> None:
        """See whether the oldest question has waited for too long. One timer serves them all."""
        self._timer = None
        if not self._waiting or self.is_closed:
            return
        left_s = self._waiting[0][0] + self._timeout_s - self._loop.time()
        if left_s <= 0 and self._is_late:
            self._fail(TimeoutError())
            return
        # When this process itself was slow, the replies are there: one more turn lets them be read.
        self._is_late = left_s <= 0
        self._timer = self._loop.call_later(max(left_s, 0.001), self._check)

    def _fail(self, error: Exception) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.is_closed = True
        self._transport.abort()
        waiting, self._waiting = self._waiting, deque()
        for _, reply in waiting:
            if reply is not None and not reply.done():
                reply.set_exception(error)
        if any(reply is None for _, reply in waiting):
            self._on_lost(error)


class _IncompleteError(Exception):
    """More of a reply has to arrive."""


def _read(data: bytes, at: int) -> tuple[Any, int]:
    """Return the reply that begins at an offset, and where it ends."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _IncompleteError
    kind, line, after = data[at], data[at + 1 : end], end + 2
    if kind == 0x3A:  # :
        return int(line), after
    if kind == 0x2B:  # +
        return line, after
    if kind == 0x2D:  # -
        return RedisReplyError(line.decode(errors="replace")), after
    if kind == 0x24:  # $
        size = int(line)
        if size < 0:
            return None, after
        if len(data) < after + size + 2:
            raise _IncompleteError
        return data[after : after + size], after + size + 2
    if kind == 0x2A:  # *
        values = []
        for _ in range(int(line)):
            value, after = _read(data, after)
            values.append(value)
        return values, after
    raise ValueError(f"a reply begins with {kind}")


def _looked_at(task: "asyncio.Task[_Line]") -> None:
    # Whoever asked may be gone by now; the error was theirs to know.
    if not task.cancelled():
        task.exception()
