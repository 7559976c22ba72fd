"""What goes next, read and made ready while the store is still busy with what went before."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from ingest import prices, rows
from ingest.records import GuardEvent, Record, Span, Verdicts, decode
from ingest.rows import PreparedSpan
from ingest.sanitising import time_us
from ingest.shipper import failures
from ingest.shipper.home import Home
from ingest.shipper.planning import Found, Range, next_range
from ingest.shipper.settings import Settings
from ingest.spool.reader import Segment

Ready = PreparedSpan | Record
"""A span with its price and its messages' hashes; one that is too strange for that waits as it is for its insert."""

Position = tuple[UUID, int] | None


class Readable(NamedTuple):
    """A record of the spool, ready to be inserted."""

    found: Found
    ready: Ready
    insert: str
    """Its type and month: what one insert writes, and so stores whole or not at all."""

    @property
    def record(self) -> Record:
        """The record itself."""
        return self.ready.span if isinstance(self.ready, PreparedSpan) else self.ready


class Stretch(NamedTuple):
    """A stretch of the spool, understood. What it holds follows from the bytes alone: the store was not asked."""

    range: Range
    readable: list[Readable]
    unreadable: list[Found]


class _Pending(NamedTuple):
    segments: tuple[Segment, ...]
    position: Position
    stretch: Future[Stretch | None]


class Lookahead:
    """Reads one stretch ahead in each directory, on a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pending: WeakKeyDictionary[Home, _Pending] = WeakKeyDictionary()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lookahead")

    def take(self, home: Home) -> Stretch | None:
        """Return the stretch at a directory's position, or None when there is none; begin with the one after it."""
        pending = self._pending.pop(home, None)
        stretch = None
        if pending is not None and self._is_next(pending, home):
            # Whatever failed over there fails again here, where it is reported.
            with suppress(Exception):
                stretch = pending.stretch.result()
        if stretch is None:
            stretch = self._read(home.segments, home.checkpoint.position, home.read)
        if stretch is not None:
            self._begin(home, stretch.range)
        return stretch

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _is_next(self, pending: _Pending, home: Home) -> bool:
        # Segments may have come since, but what was looked at must still be what comes first.
        looked_at = len(pending.segments)
        return pending.position == home.checkpoint.position and pending.segments == home.segments[:looked_at]

    def _begin(self, home: Home, taken: Range) -> None:
        segments = tuple(each for each in home.segments if each.id not in taken.completes)
        if segments:
            # With its own way to the files: the directory's belongs to the thread that ships.
            paths = {each.id: each for each in segments}
            stretch = self._thread.submit(self._read, segments, taken.position, lambda id: paths[id].read())
            self._pending[home] = _Pending(segments, taken.position, stretch)

    def _read(
        self, segments: tuple[Segment, ...], position: Position, read: Callable[[UUID], bytes]
    ) -> Stretch | None:
        found = next_range(
            segments,
            position,
            read,
            max_records=self._settings.batch_records,
            max_bytes=self._settings.batch_bytes,
        )
        if found is None:
            return None
        stretch = Stretch(found, [], [])
        for each in found.records:
            try:
                record = decode(each.payload)
                insert = _type_and_month(record)
            except failures.PYTHON_ERRORS:
                stretch.unreadable.append(each)
            else:
                stretch.readable.append(Readable(each, ready(record), insert))
        return stretch


def ready(record: Record) -> Ready:
    """Return a record as it is inserted: a span with its price and its messages' hashes."""
    if isinstance(record, Span):
        # The insert of what fails here fails too, and says which record it was.
        with suppress(*failures.PYTHON_ERRORS):
            return prepared(record)
    return record


def prepared(span: Span) -> PreparedSpan:
    """Return a span with its price and its messages' hashes. Raises for one that is too strange."""
    return rows.prepare(span, prices.price(span))


def _type_and_month(record: Record) -> str:
    """Name the insert a record belongs to. Raises for one that could not even be asked for."""
    if isinstance(record, Span):
        if not isinstance(record.trace_id, str) or not isinstance(record.span_id, str):
            raise TypeError("a span's ids are texts")
        return f"span:{rows.month_of(time_us(record.start_time_us))}"
    if isinstance(record, GuardEvent | Verdicts):
        return f"guard_event:{rows.month_of(time_us(record.at_us))}"
    return f"score:{rows.month_of(time_us(record.trace_start_us))}"
