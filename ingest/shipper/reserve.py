"""Disk space kept back, so that a full disk does not keep the shipper from emptying it."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from ingest.spool.files import replace_durably


class Reserve:
    """A file of nothing that is given up when the disk is full, and made again when there is room."""

    def __init__(self, root: Path, size: int) -> None:
        self._path = root / "reserve"
        self._size = size

    def refill(self) -> None:
        """Take the space back when plenty is free."""
        if self._size == 0 or self._path.exists():
            return
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < 4 * self._size:
            return
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._size)
        except OSError:
            self.give_up()
        finally:
            os.close(handle)

    def give_up(self) -> None:
        """Free the space."""
        with suppress(FileNotFoundError):
            self._path.unlink()

    def replace(self, path: Path, data: bytes) -> None:
        """Replace a small file durably, with the reserve's space if no other is left."""
        try:
            replace_durably(path, data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.give_up()
            replace_durably(path, data)
