"""One HTTP request and its answer, over ASGI."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from inference_proxy.errors import RequestError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderList = list[tuple[bytes, bytes]]

BODY_DEADLINE_S = 60.0
DISCARD_DEADLINE_S = 10.0
MOST_DISCARDED_BYTES = 512 * 1024 * 1024
WATCH_EVERY_S = 0.25


class CallerGoneError(Exception):
    """The caller closed the connection before sending all of the request."""


class Exchange:
    """What the caller sent, and the way to answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._on_gone: Callable[[], None] = _nothing
        self._watch: asyncio.Task[None] | None = None
        self._watchman: Watchman | None = None
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.status: int | None = None
        """The status answered with; None until the answer begins."""
        self.was_seen_leaving = False
        """True once it was noticed that the caller has closed the connection."""

    def header(self, name: bytes) -> str:
        """Return a request header, or an empty string."""
        value = self.headers.get(name)
        return "" if value is None else value.decode("latin-1").strip()

    async def body(self, *, max_bytes: int) -> bytes:
        """Read the request's body. Raises RequestError for one that is too large, too slow or encoded."""
        encoding = self.headers.get(b"content-encoding", b"identity")
        if encoding.lower() != b"identity":
            raise RequestError(
                415,
                f"content-encoding {encoding[:40].decode('latin-1')!r} is not accepted; send the body as it is",
                code="unsupported_content_encoding",
            )
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > max_bytes:
            await self._let_it_finish()
            raise _too_large(max_bytes)
        message = await self._receive()
        if not message.get("more_body"):
            return self._checked(message, max_bytes)
        parts = [self._piece(message)]
        size = len(parts[0])
        try:
            async with asyncio.timeout(BODY_DEADLINE_S):
                while message.get("more_body"):
                    message = await self._receive()
                    parts.append(self._piece(message))
                    size += len(parts[-1])
                    if size > max_bytes:
                        parts.clear()
                        if message.get("more_body"):
                            await self._let_it_finish()
                        raise _too_large(max_bytes)
        except TimeoutError:
            raise RequestError(
                408, f"the body did not arrive within {BODY_DEADLINE_S:.0f} s", code="request_timeout"
            ) from None
        return b"".join(parts)

    async def _let_it_finish(self) -> None:
        """Read on and forget: most clients look for an answer only when they have sent everything."""
        left = MOST_DISCARDED_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_DEADLINE_S):
                while left > 0:
                    message = await self._receive()
                    left -= len(self._piece(message))
                    if not message.get("more_body"):
                        return

    async def begin(self, status: int, headers: HeaderList) -> None:
        """Send the head of an answer whose body follows in pieces."""
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """Finish a body sent in pieces."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def answer(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Send a whole answer."""
        self.status = status
        length = (b"content-length", b"%d" % len(body))
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self._send({"type": "http.response.body", "body": body})

    async def refuse(self, error: RequestError, headers: HeaderList | None = None) -> None:
        """Send an error in OpenAI's shape."""
        extra = [(name.encode(), value.encode("latin-1", "replace")) for name, value in error.headers.items()]
        await self.answer(error.status, [*PRIVATE_JSON, *extra, *(headers or [])], error.as_json())

    def watch(self, on_gone: Callable[[], None], watchman: "Watchman") -> None:
        """Begin to notice when the caller goes away."""
        self._on_gone = on_gone
        self._watchman = watchman
        watchman.add(self)

    def unwatch(self) -> None:
        """Stop noticing, and let go of who wanted to know.

        Held on to, exchange and call would keep each other, and all the call's texts, until the garbage collector comes.
        """
        self._on_gone = _nothing
        if self._watchman is not None:
            self._watchman.discard(self)
        if self._watch is not None:
            self._watch.cancel()

    @property
    def is_gone(self) -> bool:
        """Look whether the caller has closed the connection, for calls too short to be watched."""
        if not self.was_seen_leaving and self._watch is None:
            self.was_seen_leaving = _is_disconnected(self._receive)
        return self.was_seen_leaving

    def start_watching(self) -> None:
        """Wait for the caller's leaving in a task."""
        self._watch = asyncio.create_task(self._wait_for_disconnect())

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue
        self.was_seen_leaving = True
        self._on_gone()

    def _checked(self, message: MutableMapping[str, Any], max_bytes: int) -> bytes:
        body = self._piece(message)
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        return body

    def _piece(self, message: MutableMapping[str, Any]) -> bytes:
        if message["type"] == "http.disconnect":
            raise CallerGoneError
        body: bytes = message.get("body", b"")
        return body


class Watchman:
    """Sees to it that calls that last are watched, each by a task; a quick one is over before its turn."""

    def __init__(self) -> None:
        self._new: set[Exchange] = set()
        self._old: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, exchange: Exchange) -> None:
        """Take a call that has just begun."""
        self._new.add(exchange)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WATCH_EVERY_S, self._look)

    def discard(self, exchange: Exchange) -> None:
        """Forget a call that is over."""
        self._new.discard(exchange)
        self._old.discard(exchange)

    def _look(self) -> None:
        for exchange in self._old:
            exchange.start_watching()
        self._old, self._new = self._new, set()
        self._timer = None
        if self._old:
            self._timer = asyncio.get_running_loop().call_later(WATCH_EVERY_S, self._look)


def _nothing() -> None:
    return


def _is_disconnected(receive: Receive) -> bool:
    # Ask without waiting: one step of the coroutine either has the news at once or would wait for it.
    coroutine: Any = receive()
    try:
        coroutine.send(None)
    except StopIteration as news:
        return bool(news.value["type"] == "http.disconnect")
    coroutine.close()
    return False


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(
        413,
        f"the body is larger than {max_bytes} bytes; PARAPET_MAX_BODY_BYTES sets the limit",
        code="request_too_large",
    )


JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
PRIVATE: tuple[bytes, bytes] = (b"cache-control", b"private, no-store")
PRIVATE_JSON: Sequence[tuple[bytes, bytes]] = (JSON, PRIVATE)
