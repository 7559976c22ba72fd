"""How the server and its workers talk: a length of four bytes, then JSON."""

import asyncio
import struct
from typing import Any, BinaryIO

import orjson

_LENGTH = struct.Struct(">I")


def frame(message: Any) -> bytes:
    """Return a message as it is written to the pipe."""
    body = orjson.dumps(message)
    return _LENGTH.pack(len(body)) + body


def read(pipe: BinaryIO) -> Any:
    """Return the next message, or None when the other side has closed the pipe."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return orjson.loads(pipe.read(_LENGTH.unpack(head)[0]))


async def receive(pipe: asyncio.StreamReader) -> Any:
    """Return the next message. Raises EOFError when the other side is gone."""
    length = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))[0]
    return orjson.loads(await pipe.readexactly(length))
