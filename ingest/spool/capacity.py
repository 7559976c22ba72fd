"""How much room the spool has: its own limit or the disk's, whichever is nearer."""

import os
import time
from contextlib import suppress
from pathlib import Path

from ingest.spool.homes import bytes_used

REFRESH_S = 5.0
REFRESH_UNDER_PRESSURE_S = 0.5


class Capacity:
    """The share of the spool in use, measured every few seconds and counted in between."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self.share = 0.0
        """0 when empty, 1 when full; callers may take less from 0.7 on and refuse at 1."""
        self.is_full = False
        self._root = root
        self._max_bytes = max_bytes
        self._used = 0
        self._room = max_bytes
        self._measured_at = float("-inf")
        self.refresh(now=True)

    def add(self, size: int) -> None:
        """Count bytes this process has written."""
        self._used += size
        self._settle()

    def refresh(self, *, now: bool = False) -> None:
        """Measure again when it is time."""
        age_s = time.monotonic() - self._measured_at
        if now or age_s >= (REFRESH_S if self.share < 0.7 else REFRESH_UNDER_PRESSURE_S):
            with suppress(OSError):
                disk = os.statvfs(self._root)
                self._used = bytes_used(self._root)
                self._room = min(self._max_bytes, self._used + disk.f_bavail * disk.f_frsize)
            self._measured_at = time.monotonic()
            self._settle()

    def sentence(self) -> str:
        """Say what is full and what to do."""
        return (
            f"the spool {self._root} keeps {self._used} bytes and has room for {self._room}; "
            "see whether the shipper reaches ClickHouse, free disk space, or raise PARAPET_SPOOL_MAX_BYTES"
        )

    def _settle(self) -> None:
        self.share = min(1.0, self._used / self._room) if self._room > 0 else 1.0
        self.is_full = self._used >= self._room
