"""One writer's directory while the shipper works on it."""

import random
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from ingest.shipper import checkpoint as checkpoints
from ingest.shipper.checkpoint import Checkpoint
from ingest.shipper.reserve import Reserve
from ingest.spool.files import DISK
from ingest.spool.homes import LOCK, Lock, try_lock
from ingest.spool.reader import Cuts, Segment, list_segments
from ingest.spool.segments import SegmentName

_MTIME_STEP_S = 0.1
_ADOPT_EVERY_S = 1.0
_CACHED_SEGMENTS = 4


class Home:
    """A directory's segments, its checkpoint, and when to try it again."""

    def __init__(self, path: Path, reserve: Reserve) -> None:
        self.path = path
        self.checkpoint = checkpoints.load(path)
        self.failures = 0
        self.retry_at = 0.0
        self.segments: tuple[Segment, ...] = ()
        """Finished and not done, oldest first."""
        self.unknown: tuple[Path, ...] = ()
        self._reserve = reserve
        self._lock: Lock | None = None
        self._adopt_at = 0.0
        self._listed_at = float("-inf")
        self._is_stale = True
        self._cache: dict[UUID, bytes] = {}
        self._cuts: dict[UUID, Cuts] = {}

    @property
    def is_dead(self) -> bool:
        """Whether its writer has ended, so that nothing is added any more."""
        return self._lock is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is needed any more."""
        return self.is_dead and not self._named()

    def refresh(self) -> None:
        """Look for finished segments, and for a sign that the writer has died."""
        now = time.monotonic()
        if self._lock is None and now >= self._adopt_at:
            self._adopt_at = now + _ADOPT_EVERY_S
            self._lock = try_lock(self.path / LOCK)
            self._is_stale = self._is_stale or self._lock is not None
        if self._is_stale or self.path.stat().st_mtime > self._listed_at - _MTIME_STEP_S:
            self._listed_at = time.time()
            self._is_stale = False
            listing = list_segments(
                self.path, is_dead=self.is_dead, done=self.checkpoint.done, known_cuts=self._cuts
            )
            self.segments, self.unknown = listing.finished, listing.unknown

    def save(self, checkpoint: Checkpoint) -> None:
        """Make a checkpoint durable; only then does it count."""
        self._reserve.replace(self.path / checkpoints.NAME, checkpoints.dump(checkpoint))
        if checkpoint.done.keys() != self.checkpoint.done.keys():
            self.segments = tuple(each for each in self.segments if each.id not in checkpoint.done)
        self.checkpoint = checkpoint

    def rewind(self, *, since: float, until: float) -> None:
        """Take the segments shipped between two times as not shipped."""
        rewound = self.checkpoint.rewound(since=since, until=until)
        if rewound is not self.checkpoint:
            self.save(rewound)
            self._is_stale = True

    def read(self, segment: UUID) -> bytes:
        """Return a segment's bytes. Raises FileNotFoundError when somebody has removed it."""
        if segment not in self._cache:
            listed = next((each for each in self.segments if each.id == segment), None)
            if listed is None:
                raise FileNotFoundError(f"segment {segment.hex} is not in {self.path}")
            while len(self._cache) >= _CACHED_SEGMENTS:
                del self._cache[next(iter(self._cache))]
            self._cache[segment] = listed.read()
        return self._cache[segment]

    def postpone(self, *, first_pause_s: float, longest_pause_s: float) -> float:
        """Wait before the next attempt: anything up to a limit that doubles with each failure."""
        self._is_stale = True
        limit = min(longest_pause_s, first_pause_s * 2 ** min(self.failures, 20))
        pause_s = random.uniform(0, limit)  # noqa: S311  jitter is no secret
        self.failures += 1
        self.retry_at = time.monotonic() + pause_s
        return pause_s

    def succeed(self) -> None:
        """Go on at once."""
        self.failures, self.retry_at = 0, 0.0

    def backlog_bytes(self) -> int:
        """Return how many bytes are not shipped yet."""
        total = 0
        for name in self._named():
            if name.id not in self.checkpoint.done:
                with suppress(FileNotFoundError):
                    total += (self.path / str(name)).stat().st_size
        return total

    def retained(self) -> list[tuple[float, Path, UUID]]:
        """Return the shipped segments that are still kept, with the time they were done."""
        done = self.checkpoint.done
        return [(done[name.id], self.path / str(name), name.id) for name in self._named() if name.id in done]

    def remove(self, paths: dict[UUID, Path]) -> None:
        """Remove shipped segments. Their names must be gone for good before they are forgotten."""
        for segment, path in paths.items():
            path.unlink(missing_ok=True)
            self._cache.pop(segment, None)
            self._cuts.pop(segment, None)
        DISK.sync_directory(self.path)
        gone = set(self.checkpoint.done) - {name.id for name in self._named()}
        self.save(self.checkpoint.without(gone))

    def bury(self) -> None:
        """Remove the directory of a dead writer whose records are all shipped."""
        for name in DISK.names(self.path):
            if name != LOCK:
                (self.path / name).unlink(missing_ok=True)
        (self.path / LOCK).unlink(missing_ok=True)
        self.path.rmdir()
        self.release()

    def release(self) -> None:
        """Give up the lock of an adopted directory."""
        if self._lock is not None:
            self._lock.release()

    def _named(self) -> list[SegmentName]:
        try:
            names = [SegmentName.parse(name) for name in DISK.names(self.path)]
        except FileNotFoundError:
            return []
        return sorted(filter(None, names), key=lambda name: name.number)
