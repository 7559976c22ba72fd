"""The form of a segment: a header, then framed records that can be found again after damage.

    header  magic[8] version:u16 cuts:u16 id[16] created_us:u64 {id[16] length:u64}* crc32:u32
    record  mark[4] length:u32 crc32:u32 payload

Numbers are little-endian. A record's checksum starts from the segment's id, so bytes of another file never pass
for a record, and covers the length. The mark holds a byte that UTF-8 never contains: after damage the next record
is found by searching for it, and one changed byte costs one record.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from ingest.spool.errors import UnreadableSegmentError

MAGIC = b"PARSPOOL"
VERSION = 1
MARK = b"\xf5\xe1R\xff"
MAX_RECORD_BYTES = 64 * 1024 * 1024

_HEADER = struct.Struct("<8sHH16sQ")
_CUT = struct.Struct("<16sQ")
_CHECKSUM = struct.Struct("<I")
_FRAME = struct.Struct("<4sII")
_LENGTH = struct.Struct("<I")

HEAD_BYTES = 64 * 1024
"""Enough of a file to hold its whole header, whatever it cuts."""
MAX_CUTS = 1000

OPEN = ".open"
SEALED = ".seg"


@dataclass(frozen=True, slots=True)
class SegmentName:
    """A segment's file name: its place in the directory's order, its id, and whether it is finished."""

    number: int
    id: UUID
    is_sealed: bool

    def __str__(self) -> str:
        return f"{self.number:010d}-{self.id.hex}{SEALED if self.is_sealed else OPEN}"

    @classmethod
    def parse(cls, name: str) -> "SegmentName | None":
        """Read a file's name; None when it is not a segment's."""
        stem, dot, suffix = name.rpartition(".")
        number, dash, hexadecimal = stem.partition("-")
        if f"{dot}{suffix}" not in (OPEN, SEALED) or not dash or len(hexadecimal) != 32:
            return None
        try:
            return cls(int(number), UUID(hex=hexadecimal), is_sealed=suffix == "seg")
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says about itself, and about the ones before it that were given up."""

    id: UUID
    created_us: int
    cuts: Mapping[UUID, int] = field(default_factory=dict)
    """Earlier segments that are valid only up to a length: what follows was written again elsewhere."""


class Frame(NamedTuple):
    """A record as it lies in its segment."""

    start: int
    end: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that are no record: a torn tail when they reach its end, corruption otherwise."""

    start: int
    end: int
    is_tail: bool


def encode_header(header: Header) -> bytes:
    """Return the bytes a segment begins with."""
    body = _HEADER.pack(MAGIC, VERSION, len(header.cuts), header.id.bytes, header.created_us)
    body += b"".join(_CUT.pack(segment.bytes, length) for segment, length in header.cuts.items())
    return body + _CHECKSUM.pack(zlib.crc32(body))


def decode_header(data: bytes) -> tuple[Header, int] | None:
    """Return the header and its length, or None when it is damaged. Raises UnreadableSegmentError."""
    if len(data) < _HEADER.size:
        return None
    magic, version, cut_count, segment, created_us = _HEADER.unpack_from(data)
    length = _HEADER.size + cut_count * _CUT.size
    if magic != MAGIC or len(data) < length + _CHECKSUM.size:
        return None
    if _CHECKSUM.unpack_from(data, length) != (zlib.crc32(data[:length]),):
        return None
    if version != VERSION:
        raise UnreadableSegmentError(f"segment format {version} is not format {VERSION}; use a newer Parapet")
    cuts = {UUID(bytes=key): size for key, size in _CUT.iter_unpack(data[_HEADER.size : length])}
    return Header(UUID(bytes=segment), created_us, cuts), length + _CHECKSUM.size


def encode_records(segment: UUID, payloads: Sequence[bytes]) -> bytes:
    """Return the bytes of records as they are appended to a segment."""
    seed = _seed(segment)
    crc32, length_of, frame_of = zlib.crc32, _LENGTH.pack, _FRAME.pack
    parts: list[bytes] = []
    for payload in payloads:
        size = len(payload)
        parts.append(frame_of(MARK, size, crc32(payload, crc32(length_of(size), seed))))
        parts.append(payload)
    return b"".join(parts)


def scan(segment: UUID, data: bytes, *, start: int = 0, end: int | None = None) -> Iterator[Frame | Damage]:
    """Yield the records between two offsets in order, and what lies between them that is none.

    `start` is 0 or the end of a record. A damaged header is skipped like any damage.
    """
    limit = len(data) if end is None else min(end, len(data))
    seed = _seed(segment)
    offset = start
    if offset == 0 and (header := decode_header(data)) is not None:
        offset = header[1]
    while offset < limit:
        frame = _frame_at(data, offset, limit, seed)
        if frame is not None:
            yield frame
            offset = frame.end
            continue
        damaged_from = offset
        while frame is None and (offset := data.find(MARK, offset + 1, limit)) >= 0:
            frame = _frame_at(data, offset, limit, seed)
        yield Damage(damaged_from, limit if frame is None else frame.start, is_tail=frame is None)
        if frame is None:
            return


def record_at(segment: UUID, data: bytes, offset: int) -> Frame | None:
    """Return the record that begins at an offset, or None when no whole one does."""
    return _frame_at(data, offset, len(data), _seed(segment))


def _frame_at(data: bytes, offset: int, limit: int, seed: int) -> Frame | None:
    body = offset + _FRAME.size
    if body > limit:
        return None
    mark, size, checksum = _FRAME.unpack_from(data, offset)
    end = body + size
    if mark != MARK or size > MAX_RECORD_BYTES or end > limit:
        return None
    payload = data[body:end]
    if zlib.crc32(payload, zlib.crc32(_LENGTH.pack(size), seed)) != checksum:
        return None
    return Frame(offset, end, payload)


def _seed(segment: UUID) -> int:
    return zlib.crc32(segment.bytes)
