"""A segment's form: what is written is read, and one changed byte costs at most the record it hits."""

import struct
import zlib
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.spool.errors import UnreadableSegmentError
from ingest.spool.reader import list_segments
from ingest.spool.segments import (
    Damage,
    Frame,
    Header,
    SegmentName,
    decode_header,
    encode_header,
    encode_records,
    record_at,
    scan,
)

ID = UUID("018f0000-0000-7000-8000-000000000001")
HEAD = encode_header(Header(ID, 1_700_000_000_000_000, {uuid4(): 77}))


def payloads_in(data: bytes) -> list[bytes]:
    return [found.payload for found in scan(ID, data) if isinstance(found, Frame)]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_records_are_read_as_they_were_written(payloads: list[bytes]) -> None:
    data = HEAD + encode_records(ID, payloads)
    found = list(scan(ID, data))

    assert [frame.payload for frame in found if isinstance(frame, Frame)] == payloads
    assert not [damage for damage in found if isinstance(damage, Damage)]
    assert all(record_at(ID, data, frame.start) == frame for frame in found)


def test_every_changed_byte_costs_at_most_the_record_it_hits() -> None:
    payloads = [b"span {%d}" % number + b"x" * (number * 13 % 90) for number in range(60)]
    data = HEAD + encode_records(ID, payloads)
    frames = [found for found in scan(ID, data) if isinstance(found, Frame)]
    owners = {place: frame.payload for frame in frames for place in range(frame.start, frame.end)}
    lost_otherwise = []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 0x40
        lost = set(payloads) - set(payloads_in(bytes(changed)))
        if lost - {owners.get(place, b"")}:
            lost_otherwise.append(place)

    assert lost_otherwise == []


def test_a_segment_cut_anywhere_keeps_its_whole_records() -> None:
    payloads = [b"span {%d}" % number for number in range(20)]
    data = HEAD + encode_records(ID, payloads)
    ends = [found.end for found in scan(ID, data)]

    for length in range(len(HEAD), len(data)):
        assert payloads_in(data[:length]) == payloads[: sum(end <= length for end in ends)]


def test_what_is_torn_at_the_end_is_told_from_damage_inside() -> None:
    data = bytearray(HEAD + encode_records(ID, [b"one", b"two", b"three"]))
    data[len(HEAD) + 13] ^= 1

    damages = [found for found in scan(ID, bytes(data[:-2])) if isinstance(found, Damage)]

    assert [damage.is_tail for damage in damages] == [False, True]


def test_a_record_of_another_segment_does_not_count() -> None:
    data = HEAD + encode_records(ID, [b"ours"]) + encode_records(uuid4(), [b"theirs"])

    assert payloads_in(data) == [b"ours"]


def test_a_record_inside_a_record_is_not_found_by_itself() -> None:
    inner = encode_records(uuid4(), [b"forged"])
    data = bytearray(HEAD + encode_records(ID, [b"text " + inner, b"next"]))
    data[len(HEAD)] ^= 1

    assert payloads_in(bytes(data)) == [b"next"]


def write_a_segment_of_the_future(directory: Path) -> Path:
    body = bytearray(HEAD[:-4])
    body[8:10] = struct.pack("<H", 2)
    path = directory / str(SegmentName(99, ID, is_sealed=True))
    path.write_bytes(bytes(body) + struct.pack("<I", zlib.crc32(bytes(body))))
    return path


def test_a_format_of_the_future_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = write_a_segment_of_the_future(tmp_path)

    with pytest.raises(UnreadableSegmentError, match="format 2 is not format 1"):
        decode_header(path.read_bytes())
    listing = list_segments(tmp_path, is_dead=True)
    assert (listing.finished, listing.unknown) == ((), (path,))


def test_a_cut_segment_ends_where_its_successor_says(tmp_path: Path) -> None:
    first, second = uuid4(), uuid4()
    kept = encode_header(Header(first, 1)) + encode_records(first, [b"kept"])
    (tmp_path / str(SegmentName(1, first, is_sealed=False))).write_bytes(
        kept + encode_records(first, [b"written again"])
    )
    (tmp_path / str(SegmentName(2, second, is_sealed=False))).write_bytes(
        encode_header(Header(second, 2, {first: len(kept)})) + encode_records(second, [b"written again"])
    )

    (segment,) = list_segments(tmp_path, is_dead=False).finished

    assert [found.payload for found in scan(first, segment.read()) if isinstance(found, Frame)] == [b"kept"]


def test_names_sort_in_the_order_of_writing() -> None:
    names = [str(SegmentName(number, uuid4(), is_sealed=True)) for number in (1, 2, 10, 999, 10_000)]

    assert all(earlier < later for earlier, later in pairwise(names))
    assert SegmentName.parse("0000000001-nonsense.seg") is None
    assert SegmentName.parse("checkpoint.json") is None
