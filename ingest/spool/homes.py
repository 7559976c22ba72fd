"""Where each writing process keeps its segments: a directory of its own, locked for as long as it lives."""

import fcntl
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ingest.spool.files import DISK

LOCK = "lock"
PREFIX = "w-"
_UNBORN = ".new-"
_UNBORN_FOR_S = 60


@dataclass(slots=True)
class Lock:
    """An exclusive lock on a file. The kernel releases it when the process ends, however it ends."""

    handle: int

    def release(self) -> None:
        """Let others have the lock."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def try_lock(path: Path) -> Lock | None:
    """Take the lock of a path, or return None when a living process holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return Lock(handle)


def make_home(root: Path) -> tuple[Path, Lock]:
    """Create and lock a new directory for this process's segments."""
    _make_root(root)
    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}-{uuid4().hex[:8]}"
    unborn, home = root / f"{_UNBORN}{name}", root / f"{PREFIX}{name}"
    unborn.mkdir(mode=0o700)
    # Locked under a name nobody adopts, and only then shown: an unlocked home belongs to a dead writer.
    lock = try_lock(unborn / LOCK)
    if lock is None:
        raise RuntimeError(f"another process locked {unborn}, which this one has just created")
    DISK.sync_directory(unborn)
    unborn.rename(home)
    DISK.sync_directory(root)
    return home, lock


def homes(root: Path) -> list[Path]:
    """Return the directories of all writers, living and dead, oldest first."""
    try:
        return sorted(root / name for name in DISK.names(root) if name.startswith(PREFIX))
    except FileNotFoundError:
        return []


def clear_unborn(root: Path, *, now: float) -> None:
    """Remove directories whose writer died before it could show them; they hold no record."""
    for name in DISK.names(root):
        path = root / name
        with suppress(OSError):
            if name.startswith(_UNBORN) and now - path.stat().st_mtime > _UNBORN_FOR_S:
                lock = try_lock(path / LOCK)
                if lock is not None:
                    lock.release()
                    shutil.rmtree(path, ignore_errors=True)


def bytes_used(root: Path) -> int:
    """Return how many bytes of segments all writers together keep."""
    total = 0
    for home in homes(root):
        with suppress(FileNotFoundError), os.scandir(home) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size
    return total


def _make_root(root: Path) -> None:
    missing = [path for path in (root, *root.parents) if not path.exists()]
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in missing:
        DISK.sync_directory(path.parent)
