"""A disk that keeps only what was synced, and fails when it is told to."""

import errno
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512


@dataclass(slots=True, eq=False)
class _File:
    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    lost: list[tuple[int, int]] = field(default_factory=list)
    """What a failed sync gave up: it can be read until the power goes, and no later sync saves it for sure."""
    truncated: bytes = b""
    """The content before it was cut short: the disk may still hold it."""


class SimulatedDisk:
    """Implements `ingest.spool.files.Files` in memory.

    Faults are a list of (operation, errno or "short"); each hits the next call of that operation.
    """

    def __init__(self, *, capacity: int | None = None) -> None:
        self.capacity = capacity
        self.faults: list[tuple[str, int | str]] = []
        self._names: dict[Path, _File] = {}
        self._durable_names: dict[Path, _File] = {}
        self._handles: dict[int, _File] = {}

    def create(self, path: Path) -> int:
        self._fail("create")
        if path in self._names:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._names[path] = _File()
        handle = len(self._handles) + 1
        self._handles[handle] = self._names[path]
        return handle

    def write(self, handle: int, data: bytes | memoryview) -> int:
        size = len(data)
        if self._fail("write"):
            size = max(1, size // 2)
        if self.capacity is not None:
            room = self.capacity - sum(len(file.content) for file in self._names.values())
            if room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            size = min(size, room)
        self._handles[handle].content += data[:size]
        return size

    def sync(self, handle: int) -> None:
        file = self._handles[handle]
        try:
            self._fail("sync")
        except OSError:
            file.lost.append((len(file.durable), len(file.content)))
            raise
        file.durable = bytes(file.content)

    def truncate(self, handle: int, size: int) -> None:
        file = self._handles[handle]
        file.truncated = bytes(file.content)
        del file.content[size:]

    def close(self, handle: int) -> None:
        self._fail("close")

    def sync_directory(self, path: Path) -> None:
        self._fail("sync_directory")
        kept = {name: file for name, file in self._durable_names.items() if name.parent != path}
        self._durable_names = kept | {name: file for name, file in self._names.items() if name.parent == path}

    def rename(self, source: Path, target: Path) -> None:
        self._fail("rename")
        self._names[target] = self._names.pop(source)

    def unlink(self, path: Path) -> None:
        self._fail("unlink")
        del self._names[path]

    def names(self, directory: Path) -> list[str]:
        return [path.name for path in self._names if path.parent == directory]

    def read(self, path: Path, size: int = -1) -> bytes:
        content = bytes(self._names[path].content)
        return content if size < 0 else content[:size]

    def lose_power(self, seed: int) -> None:
        """Keep what was synced, and of the rest whatever chance had written already."""
        chance = random.Random(seed)
        names = dict(self._durable_names)
        for path, file in self._names.items():
            was = next((name for name, other in names.items() if other is file), None)
            if was != path and chance.random() < 0.5:
                if was is not None:
                    del names[was]
                names[path] = file
        for path in [path for path in names if path not in self._names and chance.random() < 0.5]:
            if names[path] not in self._names.values():
                del names[path]
        for file in names.values():
            file.content = bytearray(_torn(file, chance))
            file.durable = bytes(file.content)
            file.lost = []
            file.truncated = b""
        self._names = names
        self._durable_names = dict(names)
        self._handles = {}
        self.faults = []

    def _fail(self, operation: str) -> bool:
        """Raise the fault due for an operation; True asks for a short write."""
        for index, (name, fault) in enumerate(self.faults):
            if name == operation:
                del self.faults[index]
                if isinstance(fault, int):
                    raise OSError(fault, os.strerror(fault))
                return True
        return False


def _torn(file: _File, chance: random.Random) -> bytes:
    """Return a file after a loss of power: sectors that were not synced are there, empty, or cut off."""
    content = bytearray(file.content)
    if len(file.truncated) > len(content) and chance.random() < 0.5:
        content = bytearray(file.truncated)
    saved = len(file.durable)
    content[: min(saved, len(content))] = file.durable[: min(saved, len(content))]
    rest = content[saved:]
    for sector in range(0, len(rest), SECTOR):
        if chance.random() < 0.3:
            rest[sector : sector + SECTOR] = bytes(len(rest[sector : sector + SECTOR]))
    if chance.random() < 0.5:
        rest = rest[: chance.randint(0, len(rest))]
    whole = bytearray(content[:saved] + rest)
    if chance.random() < 0.5:
        for start, end in file.lost:
            whole[start:end] = bytes(len(whole[start:end]))
    return bytes(whole)
