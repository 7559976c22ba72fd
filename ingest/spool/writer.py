"""The way into the spool for a serving process: one thread writes, nobody else waits for the disk."""

import asyncio
import errno
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.spool.capacity import Capacity
from ingest.spool.errors import SpoolError, SpoolFullError, SpoolWriteError
from ingest.spool.files import DISK, Files
from ingest.spool.homes import make_home
from ingest.spool.log import Durability, SegmentLog
from ingest.spool.segments import MAX_RECORD_BYTES

log = logging.getLogger(__name__)

GROUP_RECORDS = 1024
GROUP_BYTES = 4 * 1024 * 1024
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

Settle = Callable[[SpoolError | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolStats:
    """What a spool has done since it was opened."""

    accepted: int
    """Records taken in: by `offer` into the queue, by `append` onto the disk."""
    durable: int
    """Records on the disk."""
    queued: int
    dropped: Mapping[str, int]
    """Records refused or lost, by reason: queue_full, spool_full, too_large, closed."""
    failures: int
    """Groups the disk refused; what was offered in them is kept and tried again."""
    last_error: str
    syncs: int
    bytes_written: int
    segments: int
    pressure: float


@dataclass(frozen=True, slots=True)
class _Awaited:
    payloads: Sequence[bytes]
    size: int
    settle: Settle


class SpoolWriter:
    """Takes records from one process and makes them durable in a home of its own below `directory`.

    `offer` is for the hot path and belongs to one thread, the event loop's. `append` returns when the disk has it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: Durability = "fsync",
        max_bytes: int = 10 * 1024**3,
        max_queued_records: int = 20_000,
        max_queued_bytes: int = 64 * 1024**2,
        segment_bytes: int = 8 * 1024**2,
        roll_after_s: float = 1.0,
        linger_s: float = 0.02,
        files: Files = DISK,
    ) -> None:
        self.home, self._lock = make_home(directory)
        self._capacity = Capacity(directory, max_bytes)
        self._log = SegmentLog(self.home, files=files, durability=durability, segment_bytes=segment_bytes)
        self._max_queued_records = max_queued_records
        self._max_queued_bytes = max_queued_bytes
        self._roll_after_s = roll_after_s
        self._linger_s = linger_s
        self._queue: deque[bytes | _Awaited] = deque()
        self._held: list[bytes] = []
        self._bytes_in = 0
        self._bytes_out = 0
        self._accepted = 0
        self._durable = 0
        self._dropped: Counter[str] = Counter()
        self._failures = 0
        self._last_error = ""
        self._is_closed = False
        self._closing_until: float | None = None
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def offer(self, payload: bytes) -> bool:
        """Take a record to be written soon. Never waits and never raises; False says it was dropped and counted."""
        size = len(payload)
        queue = self._queue
        if (
            len(queue) >= self._max_queued_records
            or self._bytes_in - self._bytes_out + size > self._max_queued_bytes
            or size > MAX_RECORD_BYTES
            or self._is_closed
            or self._capacity.is_full
        ):
            self._dropped[self._why_refused(size)] += 1
            return False
        self._bytes_in += size
        queue.append(payload)
        self._accepted += 1
        return True

    async def append(self, payloads: Sequence[bytes]) -> None:
        """Return when all the records are durable. Raises SpoolFullError or SpoolWriteError when they are not."""
        if not payloads:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def resolve(error: SpoolError | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        def settle(error: SpoolError | None) -> None:
            try:
                loop.call_soon_threadsafe(resolve, error)
            except RuntimeError:
                log.debug("the event loop ended before its records were durable")

        self._enqueue(payloads, settle)
        # Not at once: requests that are ready in the same turn of the loop share one write and one fdatasync.
        loop.call_soon(self._wake_up)
        await done

    def append_blocking(self, payloads: Sequence[bytes], *, timeout_s: float = 30.0) -> None:
        """Do as `append` does, from a thread without an event loop."""
        if not payloads:
            return
        settled = threading.Event()
        errors: list[SpoolError] = []

        def settle(error: SpoolError | None) -> None:
            if error is not None:
                errors.append(error)
            settled.set()

        self._enqueue(payloads, settle)
        self._wake_up()
        if not settled.wait(timeout_s):
            raise SpoolWriteError(f"the disk did not take {len(payloads)} records within {timeout_s} s")
        if errors:
            raise errors[0]

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Write what is queued, seal the last segment and end. What the disk refuses until then is counted as lost."""
        self._closing_until = time.monotonic() + timeout_s
        self._is_closed = True
        self._wake.set()
        self._thread.join(timeout_s + 1.0)

    @property
    def pressure(self) -> float:
        """How full the spool is, 0 to 1: the greater of its disk's share and its queue's."""
        queued = (self._bytes_in - self._bytes_out) / self._max_queued_bytes
        return min(1.0, max(self._capacity.share, queued, len(self._queue) / self._max_queued_records))

    @property
    def stats(self) -> SpoolStats:
        """Count what has happened so far."""
        return SpoolStats(
            accepted=self._accepted,
            durable=self._durable,
            queued=len(self._queue) + len(self._held),
            dropped=dict(self._dropped),
            failures=self._failures,
            last_error=self._last_error,
            syncs=self._log.syncs,
            bytes_written=self._log.bytes_written,
            segments=self._log.segments,
            pressure=self.pressure,
        )

    def _why_refused(self, size: int) -> str:
        if self._is_closed:
            return "closed"
        if size > MAX_RECORD_BYTES:
            return "too_large"
        return "spool_full" if self._capacity.is_full else "queue_full"

    def _enqueue(self, payloads: Sequence[bytes], settle: Settle) -> None:
        size = sum(map(len, payloads))
        largest = max(map(len, payloads), default=0)
        if self._is_closed:
            raise SpoolWriteError("the spool is closed; this process is ending")
        if largest > MAX_RECORD_BYTES:
            self._dropped["too_large"] += len(payloads)
            raise SpoolWriteError(
                f"a record of {largest} bytes is larger than {MAX_RECORD_BYTES}; send less in one span"
            )
        if self._capacity.is_full:
            self._dropped["spool_full"] += len(payloads)
            raise SpoolFullError(self._capacity.sentence())
        queued = self._bytes_in - self._bytes_out
        if queued and queued + size > self._max_queued_bytes:
            self._dropped["queue_full"] += len(payloads)
            raise SpoolFullError(f"{queued} bytes wait for the disk already; try again in a second")
        self._bytes_in += size
        self._queue.append(_Awaited(payloads, size, settle))

    def _wake_up(self) -> None:
        # The thread clears the flag before it looks at the queue, so a flag that is set says it is going to look.
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        pause_s = self._linger_s
        try:
            while True:
                self._wake.wait(pause_s)
                self._wake.clear()
                if self._commit_queued():
                    pause_s = self._linger_s
                else:
                    pause_s = min(1.0, max(0.05, pause_s * 2))
                if self._log.age_s >= self._roll_after_s:
                    self._log.seal()
                self._capacity.refresh()
                if self._closing_until is not None and self._is_finished(self._closing_until):
                    break
        except Exception:
            log.exception("the spool's thread has failed; nothing more is recorded by this process")
        finally:
            self._finish()

    def _commit_queued(self) -> bool:
        """Write group after group until the queue is empty; False when the disk refused one."""
        while True:
            offered, awaited = self._take()
            if not offered and not awaited:
                return True
            error = self._commit(offered, awaited)
            for each in awaited:
                each.settle(error)
            if error is not None:
                return False

    def _take(self) -> tuple[list[bytes], list[_Awaited]]:
        offered, self._held = self._held, []
        awaited: list[_Awaited] = []
        queue = self._queue
        count, size = len(offered), sum(map(len, offered))
        while queue and count < GROUP_RECORDS and size < GROUP_BYTES:
            item = queue.popleft()
            if isinstance(item, bytes):
                offered.append(item)
                count += 1
                size += len(item)
            else:
                awaited.append(item)
                count += len(item.payloads)
                size += item.size
        return offered, awaited

    def _commit(self, offered: list[bytes], awaited: list[_Awaited]) -> SpoolError | None:
        group = offered + [payload for each in awaited for payload in each.payloads]
        try:
            self._log.append(group)
        except OSError as error:
            self._failures += 1
            self._last_error = str(error)
            self._held = offered
            self._bytes_out += sum(each.size for each in awaited)
            log.warning("the spool in %s could not be written: %s", self.home, error)
            self._capacity.refresh(now=True)
            if error.errno in FULL:
                return SpoolFullError(f"no space left in {self.home}; free some or move PARAPET_SPOOL_DIR")
            return SpoolWriteError(f"the disk under {self.home} refused a write: {error.strerror}")
        size = sum(map(len, group))
        self._bytes_out += size
        self._durable += len(group)
        self._accepted += len(group) - len(offered)
        self._capacity.add(size)
        return None

    def _is_finished(self, until: float) -> bool:
        return (not self._queue and not self._held) or time.monotonic() >= until

    def _finish(self) -> None:
        self._is_closed = True
        if self._closing_until is not None:
            # A record offered while the last group was written.
            self._commit_queued()
        for item in (*self._held, *self._queue):
            if isinstance(item, bytes):
                self._dropped["closed"] += 1
            else:
                item.settle(SpoolWriteError("the spool was closed before the disk took the records"))
        self._held.clear()
        self._queue.clear()
        self._log.seal()
        self._lock.release()
