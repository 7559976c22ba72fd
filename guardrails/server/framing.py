"""How the server and its workers talk: a length of four bytes, then JSON."""

import asyncio
import struct
from typing import Any, BinaryIO

import orjson

LONGEST = 256 << 20
"""No message has more bytes; who announces one that has is out of its mind."""
_LENGTH = struct.Struct(">I")


def frame(message: Any) -> bytes:
    """Return a message as it is written."""
    body = orjson.dumps(message)
    return _LENGTH.pack(len(body)) + body


def read(pipe: BinaryIO) -> Any:
    """Return the next message, or None when the other side has closed its end."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return orjson.loads(pipe.read(_LENGTH.unpack(head)[0]))


async def receive(pipe: asyncio.StreamReader) -> Any:
    """Return the next message. Raises EOFError when the other side is gone, and ValueError for what is no message."""
    length = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))[0]
    if length > LONGEST:
        raise ValueError(f"a message of {length} bytes")
    return orjson.loads(await pipe.readexactly(length))
