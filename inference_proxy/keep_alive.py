"""Tells the caller that a stream is alive while guards hold back all that comes."""

import asyncio
import time
from collections.abc import Awaitable, Callable

EVERY_S = 5.0
"""Clients and proxies give up on a silent connection after 15 s and more."""


class KeepAlive:
    """Writes something that says nothing, whenever something was held back for a while and nothing went out."""

    def __init__(
        self, write: Callable[[bytes], Awaitable[None]], word: bytes, is_needed: Callable[[], bool]
    ) -> None:
        self._write = write
        self._word = word
        self._is_needed = is_needed
        self._is_writing = False
        self._wrote_s = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._look)

    async def write(self, data: bytes) -> None:
        """Write whole events of the stream."""
        self._is_writing = True
        try:
            await self._write(data)
        finally:
            self._is_writing = False
            self._wrote_s = time.monotonic()

    def stop(self) -> None:
        """Say nothing any more."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _look(self) -> None:
        silent_s = time.monotonic() - self._wrote_s
        is_due = silent_s >= EVERY_S and not self._is_writing
        if is_due and self._is_needed() and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self.write(self._word))
        wait_s = EVERY_S if is_due else EVERY_S - min(silent_s, EVERY_S) or EVERY_S
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._look)
