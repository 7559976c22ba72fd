"""Which records go next: whole segments while they are small, parts of one when it is large."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from ingest.shipper.checkpoint import Batch
from ingest.spool.reader import Segment
from ingest.spool.segments import Damage, record_at, scan

ReadSegment = Callable[[UUID], bytes]


class Found(NamedTuple):
    """A record as it lies in the spool."""

    segment: UUID
    offset: int
    payload: bytes

    @property
    def place(self) -> tuple[UUID, int]:
        """What tells this record from every other."""
        return self.segment, self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A stretch of the spool, from the checkpoint's position on."""

    name: str
    """The segments and bytes it covers; the same name never means other bytes."""
    records: tuple[Found, ...]
    damages: tuple[tuple[UUID, Damage], ...]
    completes: tuple[UUID, ...]
    position: tuple[UUID, int] | None
    """Where the next range begins."""


def next_range(
    segments: Sequence[Segment],
    position: tuple[UUID, int] | None,
    read: ReadSegment,
    *,
    max_records: int,
    max_bytes: int,
) -> Range | None:
    """Return the next range of these unfinished segments, or None when there is none."""
    records: list[Found] = []
    damages: list[tuple[UUID, Damage]] = []
    completes: list[UUID] = []
    size, end = 0, 0
    stopped_at: tuple[UUID, int] | None = None
    for segment in segments:
        offset = position[1] if position is not None and position[0] == segment.id else 0
        for found in scan(segment.id, read(segment.id), start=offset):
            if isinstance(found, Damage):
                damages.append((segment.id, found))
                continue
            records.append(Found(segment.id, found.start, found.payload))
            size += len(found.payload)
            end = found.end
            if len(records) >= max_records or size >= max_bytes:
                stopped_at = (segment.id, end)
                break
        if stopped_at is not None:
            break
        completes.append(segment.id)
    if not segments:
        return None
    return Range(
        name=_name(records, end),
        records=tuple(records),
        damages=tuple(damages),
        completes=tuple(completes),
        position=stopped_at,
    )


def records_of(batch: Batch, read: ReadSegment) -> list[Found]:
    """Find a batch's records again. Of a segment that somebody has removed there are none."""
    found: list[Found] = []
    for segment, offset in batch.places:
        try:
            frame = record_at(segment, read(segment), offset)
        except FileNotFoundError:
            continue
        if frame is not None:
            found.append(Found(segment, offset, frame.payload))
    return found


def _name(records: Sequence[Found], end: int) -> str:
    if not records:
        return ""
    first, last = records[0], records[-1]
    if first.segment == last.segment:
        return f"{first.segment}:{first.offset}-{end}"
    return f"{first.segment}:{first.offset}-{last.segment}:{end}"
