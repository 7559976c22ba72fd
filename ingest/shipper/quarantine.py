"""Where records go that cannot be stored: kept whole, with the reason, until somebody looks."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from ingest.spool.files import DISK, replace_durably
from ingest.spool.writer import SpoolWriter


class Quarantine:
    """A directory with one file per record. Putting the same record there twice keeps one."""

    def __init__(self, root: Path, *, replace: Callable[[Path, bytes], None] = replace_durably) -> None:
        self.directory = root / "quarantine"
        self._replace = replace

    def put(self, *, segment: UUID, offset: int, payload: bytes, reason: str) -> None:
        """Keep a record durably."""
        if not self.directory.exists():
            self.directory.mkdir(mode=0o700)
            DISK.sync_directory(self.directory.parent)
        entry = {
            "reason": reason,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "segment": str(segment),
            "offset": offset,
            "payload": b64encode(payload).decode(),
        }
        self._replace(self.directory / f"{segment}-{offset}.json", json.dumps(entry).encode())

    def count(self) -> int:
        """Return how many records are kept."""
        return len(self._names())

    def replay(self) -> int:
        """Send every record through the spool again and return how many there were."""
        names = self._names()
        if not names:
            return 0
        spool = SpoolWriter(self.directory.parent)
        try:
            for name in names:
                path = self.directory / name
                payload = b64decode(json.loads(path.read_bytes())["payload"])
                spool.append_blocking([payload])
                path.unlink()
        finally:
            spool.close()
        DISK.sync_directory(self.directory)
        return len(names)

    def _names(self) -> list[str]:
        if not self.directory.exists():
            return []
        return sorted(name for name in os.listdir(self.directory) if name.endswith(".json"))  # noqa: PTH208
