"""The spool as a serving process uses it."""

import asyncio
import errno
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.spool import SpoolFullError, SpoolWriteError, SpoolWriter
from ingest.spool.files import DiskFiles
from ingest.spool.homes import LOCK, clear_unborn, homes, try_lock
from ingest.spool.reader import list_segments
from ingest.spool.segments import MAX_RECORD_BYTES, Frame, scan


class FailingFiles(DiskFiles):
    """The real disk, until it is told to fail."""

    def __init__(self) -> None:
        self.error: OSError | None = None

    def sync(self, handle: int) -> None:
        if self.error is not None:
            raise self.error
        super().sync(handle)


@pytest.fixture
def files() -> FailingFiles:
    return FailingFiles()


@pytest.fixture
def spool(tmp_path: Path, files: FailingFiles) -> Iterator[SpoolWriter]:
    writer = SpoolWriter(tmp_path / "spool", files=files, roll_after_s=0.1, linger_s=0.005)
    yield writer
    files.error = None
    writer.close()


def stored(spool: SpoolWriter, *, is_dead: bool = True) -> list[bytes]:
    return [
        found.payload
        for segment in list_segments(spool.home, is_dead=is_dead).finished
        for found in scan(segment.id, segment.read())
        if isinstance(found, Frame)
    ]


def wait_until(condition: object, *, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.005)


async def test_what_append_returned_from_is_on_the_disk(spool: SpoolWriter) -> None:
    await spool.append([b"one", b"two"])

    assert stored(spool) == [b"one", b"two"]
    assert spool.stats.durable == 2


async def test_appends_at_the_same_time_share_a_sync(spool: SpoolWriter) -> None:
    await asyncio.gather(*(spool.append([b"%d" % number]) for number in range(500)))

    assert len(stored(spool)) == 500
    assert spool.stats.syncs < 50


async def test_an_append_nobody_waits_for_any_more_is_still_kept(spool: SpoolWriter) -> None:
    waiting = asyncio.create_task(spool.append([b"kept"]))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    wait_until(lambda: stored(spool) == [b"kept"])


def test_what_was_offered_is_there_after_close(spool: SpoolWriter) -> None:
    assert all(spool.offer(b"%d" % number) for number in range(3000))
    spool.close()

    assert stored(spool, is_dead=False) == [b"%d" % number for number in range(3000)]
    assert not spool.offer(b"late")
    assert spool.stats.dropped == {"closed": 1}


def test_a_quiet_spool_seals_its_segment_by_itself(spool: SpoolWriter) -> None:
    spool.offer(b"alone")

    wait_until(lambda: stored(spool, is_dead=False) == [b"alone"])


def test_a_full_queue_drops_and_counts(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, max_queued_records=10, linger_s=0.5)

    taken = [spool.offer(b"x") for _ in range(15)]
    spool.close()

    assert taken == [True] * 10 + [False] * 5
    assert spool.stats.dropped == {"queue_full": 5}
    assert spool.stats.durable == 10


async def test_a_spool_at_its_limit_refuses_with_a_remedy(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, max_bytes=100_000)
    await spool.append([b"x" * 100_000])

    assert spool.pressure == 1.0
    with pytest.raises(SpoolFullError, match="raise PARAPET_SPOOL_MAX_BYTES"):
        await spool.append([b"more"])
    assert not spool.offer(b"more")
    assert spool.stats.dropped == {"spool_full": 2}
    spool.close()


async def test_room_is_found_again_when_segments_are_removed(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, max_bytes=100_000, segment_bytes=10)
    await spool.append([b"x" * 100_000])
    for segment in list_segments(spool.home, is_dead=False).finished:
        segment.path.unlink()

    wait_until(lambda: spool.offer(b"again"))
    spool.close()

    assert stored(spool) == [b"again"]


async def test_a_record_too_large_for_the_format_is_refused(spool: SpoolWriter) -> None:
    huge = bytes(MAX_RECORD_BYTES + 1)

    with pytest.raises(SpoolWriteError, match=f"larger than {MAX_RECORD_BYTES}"):
        await spool.append([huge])
    assert not spool.offer(huge)


async def test_a_disk_that_fails_is_reported_and_recovers_by_itself(
    spool: SpoolWriter, files: FailingFiles
) -> None:
    await spool.append([b"before"])
    files.error = OSError(errno.EIO, "Input/output error")
    with pytest.raises(SpoolWriteError, match="refused a write"):
        await spool.append([b"refused"])
    spool.offer(b"offered meanwhile")
    await asyncio.sleep(0.1)
    files.error = None
    began = time.monotonic()

    await spool.append([b"after"])
    wait_until(lambda: stored(spool) == [b"before", b"offered meanwhile", b"after"])

    assert time.monotonic() - began < 2
    assert spool.stats.failures >= 1


async def test_a_full_disk_is_said_to_be_full(spool: SpoolWriter, files: FailingFiles) -> None:
    files.error = OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SpoolFullError, match="free some"):
        await spool.append([b"x"])


def test_what_the_disk_refuses_until_the_end_is_counted(tmp_path: Path, files: FailingFiles) -> None:
    spool = SpoolWriter(tmp_path, files=files)
    files.error = OSError(errno.EIO, "Input/output error")
    spool.offer(b"x")

    spool.close(timeout_s=0.3)

    assert spool.stats.dropped == {"closed": 1}


def test_a_process_has_a_home_of_its_own_and_keeps_it_locked(tmp_path: Path) -> None:
    one, two = SpoolWriter(tmp_path), SpoolWriter(tmp_path)

    assert len(homes(tmp_path)) == 2
    assert try_lock(one.home / LOCK) is None
    one.close()
    two.close()
    adopted = try_lock(one.home / LOCK)
    assert adopted is not None
    adopted.release()


def test_a_home_that_was_never_shown_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".new-abandoned").mkdir()

    clear_unborn(tmp_path, now=time.time())
    assert (tmp_path / ".new-abandoned").exists()
    clear_unborn(tmp_path, now=time.time() + 120)
    assert not (tmp_path / ".new-abandoned").exists()


def test_a_page_cache_spool_does_not_sync(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, durability="page_cache")
    spool.append_blocking([b"quick"])
    spool.close()

    assert stored(spool) == [b"quick"]
    assert spool.stats.syncs == 0
