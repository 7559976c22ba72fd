"""The few file operations a spool is built on, so that a test can stand in for a failing disk."""

import os
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """A file system. Every method may raise OSError; nothing is durable before it is synced."""

    def create(self, path: Path) -> int:
        """Create a file that must not exist yet and return a handle for appending to it."""

    def write(self, handle: int, data: bytes | memoryview) -> int:
        """Append data and return how many bytes were taken, which may be fewer than given."""

    def sync(self, handle: int) -> None:
        """Return once what was written to the file survives a loss of power."""

    def truncate(self, handle: int, size: int) -> None:
        """Forget what was written beyond a size."""

    def close(self, handle: int) -> None:
        """Give the handle back."""

    def sync_directory(self, path: Path) -> None:
        """Return once the directory's names survive a loss of power."""

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, replacing what had it."""

    def unlink(self, path: Path) -> None:
        """Remove a file's name."""

    def names(self, directory: Path) -> list[str]:
        """Return the names in a directory, in no order."""

    def read(self, path: Path, size: int = -1) -> bytes:
        """Return a file's first bytes, or all of them."""


class DiskFiles:
    """The machine's own file system."""

    def create(self, path: Path) -> int:
        """Create a file with O_EXCL."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, handle: int, data: bytes | memoryview) -> int:
        """Append with one system call."""
        return os.write(handle, data)

    def sync(self, handle: int) -> None:
        """Call fdatasync."""
        os.fdatasync(handle)

    def truncate(self, handle: int, size: int) -> None:
        """Call ftruncate."""
        os.ftruncate(handle, size)

    def close(self, handle: int) -> None:
        """Close the descriptor."""
        os.close(handle)

    def sync_directory(self, path: Path) -> None:
        """Call fsync on the directory."""
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Rename atomically."""
        source.rename(target)

    def unlink(self, path: Path) -> None:
        """Unlink."""
        path.unlink()

    def names(self, directory: Path) -> list[str]:
        """List the directory."""
        return os.listdir(directory)  # noqa: PTH208  names are wanted, not paths

    def read(self, path: Path, size: int = -1) -> bytes:
        """Read from the start."""
        with path.open("rb") as file:
            return file.read(size)


DISK = DiskFiles()


def replace_durably(path: Path, data: bytes, *, files: Files = DISK) -> None:
    """Put data under a name so that after any crash the name holds the old content or the new, whole."""
    temporary = path.with_name(f"{path.name}.new")
    if temporary.name in files.names(path.parent):
        files.unlink(temporary)
    handle = files.create(temporary)
    try:
        write_whole(handle, data, files=files)
        files.sync(handle)
    finally:
        files.close(handle)
    files.rename(temporary, path)
    files.sync_directory(path.parent)


def write_whole(handle: int, data: bytes, *, files: Files) -> None:
    """Write every byte, going on after a short write."""
    view = memoryview(data)
    while view:
        view = view[files.write(handle, view) :]
