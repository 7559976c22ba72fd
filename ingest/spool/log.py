"""One writer's segments on disk: a group of records is durable when `append` returns."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

from ingest.spool.files import DISK, Files, write_whole
from ingest.spool.segments import MAX_CUTS, Header, SegmentName, encode_header, encode_records

Durability = Literal["fsync", "page_cache"]
"""What an accepted record survives: `fsync` a loss of power, `page_cache` only the end of the process."""


@dataclass(slots=True)
class _Open:
    handle: int
    name: SegmentName
    length: int
    """Everything up to here is durable."""
    opened_at: float


class SegmentLog:
    """Appends groups of records to segments. Not for several threads at once.

    After an error a segment is never written again: a failed fsync may have thrown away what it could not write, and
    a torn write has no known end. The group goes into a new segment whose header says where the old one ends.
    """

    def __init__(
        self,
        directory: Path,
        *,
        files: Files = DISK,
        durability: Durability = "fsync",
        segment_bytes: int = 8 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self.syncs = 0
        self.bytes_written = 0
        self.segments = 0
        self._files = files
        self._durability = durability
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._open: _Open | None = None
        self._number = 0
        self._cuts: dict[UUID, int] = {}

    def append(self, payloads: Sequence[bytes]) -> None:
        """Make the records durable, all or none as far as the caller is told. Raises OSError."""
        try:
            self._append(payloads)
        except OSError:
            self._abandon()
            # A second segment often succeeds where the first failed; a second failure is the caller's to know.
            try:
                self._append(payloads)
            except OSError:
                self._abandon()
                raise

    @property
    def age_s(self) -> float:
        """How long the open segment has been waiting to be sealed; 0 when there is none."""
        return 0.0 if self._open is None else self._clock() - self._open.opened_at

    def seal(self) -> None:
        """Finish the open segment, so that it may be shipped."""
        segment, self._open = self._open, None
        if segment is None:
            return
        self._close(segment.handle)
        sealed = SegmentName(segment.name.number, segment.name.id, is_sealed=True)
        try:
            # Not synced: under either name a dead writer's segment is read.
            self._files.rename(self.directory / str(segment.name), self.directory / str(sealed))
        except OSError:
            self._cut(segment.name.id, segment.length)

    def _append(self, payloads: Sequence[bytes]) -> None:
        segment = self._open or self._create()
        data = encode_records(segment.name.id, payloads)
        write_whole(segment.handle, data, files=self._files)
        self._sync(segment.handle)
        segment.length += len(data)
        self.bytes_written += len(data)
        if segment.length >= self._segment_bytes:
            self.seal()

    def _create(self) -> _Open:
        self._number += 1
        name = SegmentName(self._number, uuid4(), is_sealed=False)
        path = self.directory / str(name)
        head = encode_header(Header(name.id, time.time_ns() // 1000, dict(self._cuts)))
        handle = self._files.create(path)
        try:
            write_whole(handle, head, files=self._files)
            # The header first: what it cuts off must be known before a record is written here again.
            self._sync(handle)
            if self._durability == "fsync":
                self._files.sync_directory(self.directory)
        except OSError:
            self._close(handle)
            self._cut(name.id, 0)  # should its name come back
            with suppress(OSError):
                self._files.unlink(path)
            raise
        self._cuts.clear()
        self.segments += 1
        self._open = _Open(handle, name, len(head), self._clock())
        return self._open

    def _abandon(self) -> None:
        segment, self._open = self._open, None
        if segment is not None:
            # The cut survives everything once a later segment carries it; until then this keeps the rest unread.
            with suppress(OSError):
                self._files.truncate(segment.handle, segment.length)
            self._close(segment.handle)
            self._cut(segment.name.id, segment.length)

    def _cut(self, segment: UUID, length: int) -> None:
        self._cuts[segment] = length
        while len(self._cuts) > MAX_CUTS:
            # Of the oldest kind there is nothing left to repeat: prefer forgetting segments that hold no record.
            empty = next((key for key, size in self._cuts.items() if size == 0), next(iter(self._cuts)))
            del self._cuts[empty]

    def _sync(self, handle: int) -> None:
        if self._durability == "fsync":
            self._files.sync(handle)
            self.syncs += 1

    def _close(self, handle: int) -> None:
        with suppress(OSError):
            self._files.close(handle)
