"""Request bodies within bounds: of size on the wire, of size unpacked, and of time."""

import asyncio
import contextlib
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]

WINDOW_BITS = {b"gzip": 31, b"deflate": 15}


class TooLargeError(Exception):
    """The body is larger than the receiver takes, packed or unpacked."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


class UnpackError(ValueError):
    """The body is not what its Content-Encoding says."""


class DisconnectedError(Exception):
    """The sender has gone."""


async def read_body(receive: Receive, *, max_bytes: int, deadline_s: float) -> bytes:
    """Return the whole body as it came."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(deadline_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > max_bytes:
                    raise TooLargeError
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise TooSlowError from None


class Incoming:
    """A request's messages, and whether the last of its body has come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def __call__(self) -> dict[str, Any]:
        """Return the next message."""
        message = await self._receive()
        self._is_over = message["type"] == "http.disconnect" or not message.get("more_body")
        return message

    async def discard(self, *, max_bytes: int, deadline_s: float) -> None:
        """Read on and forget: a sender looks for a refusal only when it has sent everything."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                while not self._is_over and max_bytes > 0:
                    max_bytes -= len((await self()).get("body", b""))


def unpack(body: bytes, encoding: bytes, *, max_bytes: int) -> bytes:
    """Return the body without its gzip or deflate encoding, never unpacking more than `max_bytes`."""
    unpacked: list[bytes] = []
    room = max_bytes
    try:
        # A gzip stream may have several members, one after the other.
        while body:
            stream = zlib.decompressobj(WINDOW_BITS[encoding])
            part = stream.decompress(body, room + 1)
            room -= len(part)
            if room < 0:
                raise TooLargeError
            if not stream.eof:
                raise UnpackError("the compressed body ends too early")
            unpacked.append(part)
            body = stream.unused_data
    except zlib.error:
        raise UnpackError(f"the body is not valid {encoding.decode()}") from None
    return b"".join(unpacked)
