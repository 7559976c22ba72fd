"""How to ask a process whether it is ready."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path


def answers_http(host: str, port: int, path: str) -> Callable[[], Awaitable[bool]]:
    """Return a check that passes when `GET path` answers with status 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()

    async def check() -> bool:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(request)
            await writer.drain()
            return b" 200" in await reader.readline()
        finally:
            writer.close()

    return check


def answers_redis(host: str, port: int) -> Callable[[], Awaitable[bool]]:
    """Return a check that passes when Redis answers PING."""

    async def check() -> bool:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(b"PING\r\n")
            await writer.drain()
            return (await reader.readline()).startswith(b"+PONG")
        finally:
            writer.close()

    return check


def writes_heartbeat(file: Path, *, at_most_s: float) -> Callable[[], Awaitable[bool]]:
    """Return a check that passes while a process keeps its status file fresh."""

    async def check() -> bool:
        return await asyncio.to_thread(_is_fresh, file, at_most_s)

    return check


def _is_fresh(file: Path, at_most_s: float) -> bool:
    try:
        json.loads(file.read_text())
        return time.time() - file.stat().st_mtime <= at_most_s
    except (OSError, ValueError):
        return False
