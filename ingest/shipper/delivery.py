"""From a stretch of the spool to rows in the store: freeze, insert, and on failure wait or split."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import time
from typing import NamedTuple

from ingest import prices, rows
from ingest.clickhouse.client import Client
from ingest.messages import SeenMessages
from ingest.records import GuardEvent, PricedSpan, Record, Span, decode
from ingest.sanitising import time_us
from ingest.shipper import failures, repeats
from ingest.shipper.checkpoint import Batch
from ingest.shipper.heartbeat import Tally
from ingest.shipper.home import Home
from ingest.shipper.planning import Found, Range, next_range, records_of
from ingest.shipper.quarantine import Quarantine
from ingest.shipper.settings import Settings
from ingest.writer import write

log = logging.getLogger(__name__)


class _Readable(NamedTuple):
    found: Found
    record: Record
    insert: str
    """Its type and month: what one insert writes, and so stores whole or not at all."""


class Delivery:
    """Ships one batch at a time. Raises what the store raises when the same batch is to be sent again later."""

    def __init__(self, settings: Settings, tally: Tally, quarantine: Quarantine) -> None:
        self._settings = settings
        self._tally = tally
        self._quarantine = quarantine
        self._seen = SeenMessages()
        self._fresh: dict[str, list[Record]] = {}

    def ship_next(self, home: Home, connect: Callable[[], Client]) -> bool:
        """Ship the next batch of a directory; False when there is nothing to ship."""
        if not home.segments and not home.checkpoint.batches:
            return False
        # Connecting comes first: a store that has restarted changes what is to be shipped.
        client = connect()
        if not home.checkpoint.batches:
            self._freeze(home, client)
        if home.checkpoint.batches:
            self._ship(home, client)
        return True

    def _freeze(self, home: Home, client: Client) -> None:
        """Fix the next batches, repeats left out, and note them durably before anything is sent."""
        settings = self._settings
        found = next_range(
            home.segments,
            home.checkpoint.position,
            home.read,
            max_records=settings.batch_records,
            max_bytes=settings.batch_bytes,
        )
        if found is None:
            return
        readable, unreadable = _decode(found.records)
        rounds = home.checkpoint.rounds
        kept = self._without_repeats(readable, client, is_first_round=rounds == 0) if readable else []
        batches = self._batches(f"{found.name}@{rounds}" if rounds else found.name, kept)
        self._report_damage(home, found)
        for each in unreadable:
            self._put_aside(each, "not a record this version can read")
        frozen = replace(
            home.checkpoint,
            position=found.position,
            completes=found.completes,
            batches=tuple(batches),
            frozen_at=time(),
        )
        home.save(frozen.settled(now=time()))

    def _batches(self, name: str, kept: Sequence[_Readable]) -> list[Batch]:
        groups: dict[str, list[_Readable]] = {}
        for each in kept:
            groups.setdefault(f"{name}:{each.insert}", []).append(each)
        self._fresh = {token: [each.record for each in group] for token, group in groups.items()}
        return [
            Batch(token=token, places=tuple(each.found.place for each in group))
            for token, group in groups.items()
        ]

    def _ship(self, home: Home, client: Client) -> None:
        batch = home.checkpoint.batches[0]
        records = self._fresh.pop(batch.token, None)
        try:
            records = self._load(batch, home) if records is None else records
            if records:
                write(client, self._priced(records), token=batch.token, seen=self._seen)
        except Exception as error:
            if failures.judge(error) == "wait":
                if records is not None:
                    self._fresh[batch.token] = records
                raise
            self._part(home, batch, failures.describe(error))
            return
        self._tally.shipped(len(records))
        home.save(home.checkpoint.advanced(now=time()))

    def _part(self, home: Home, batch: Batch, reason: str) -> None:
        """Come closer to the bad row, or put it aside when it is alone."""
        if len(batch.places) > 1:
            home.save(home.checkpoint.split())
            return
        for found in records_of(batch, home.read):
            self._put_aside(found, reason)
        home.save(home.checkpoint.advanced(now=time()))

    def _load(self, batch: Batch, home: Home) -> list[Record]:
        found = records_of(batch, home.read)
        if len(found) < len(batch.places):
            log.error("%d records of %s are gone", len(batch.places) - len(found), home.path)
        return [decode(each.payload) for each in found]

    def _without_repeats(
        self, readable: Sequence[_Readable], client: Client, *, is_first_round: bool
    ) -> list[_Readable]:
        spans = [each.record for each in readable if isinstance(each.record, Span)]
        # Nobody sends a guard event twice but ourselves, after a restart of the store.
        events = [
            each.record for each in readable if isinstance(each.record, GuardEvent) and not is_first_round
        ]
        known: set[object] = set(repeats.stored(client, spans)) if spans else set()
        known |= repeats.stored_events(client, events) if events else set()
        kept: list[_Readable] = []
        for each in readable:
            key = repeats.key_of(each.record) if isinstance(each.record, Span) else each.record.id
            if key in known:
                self._tally.repeated_records += 1
                continue
            known.add(key)
            kept.append(each)
        return kept

    def _priced(self, records: Sequence[Record]) -> list[Record | PricedSpan]:
        priced: list[Record | PricedSpan] = []
        for record in records:
            if not isinstance(record, Span):
                priced.append(record)
                continue
            cost = prices.price(record)
            if cost is None and record.kind in prices.BILLED_KINDS:
                self._tally.unpriced(record.model or record.model_requested)
            priced.append(PricedSpan(record, cost))
        return priced

    def _report_damage(self, home: Home, found: Range) -> None:
        for segment, damage in found.damages:
            if damage.is_tail:
                self._tally.torn_tails += 1
                continue
            self._tally.damaged_ranges += 1
            log.error("bytes %d to %d of segment %s are damaged", damage.start, damage.end, segment.hex)
            self._quarantine.put(
                segment=segment,
                offset=damage.start,
                payload=home.read(segment)[damage.start : damage.end],
                reason="damaged bytes in the spool",
            )

    def _put_aside(self, found: Found, reason: str) -> None:
        log.error("record %s:%d was put into quarantine: %s", found.segment.hex, found.offset, reason)
        self._quarantine.put(segment=found.segment, offset=found.offset, payload=found.payload, reason=reason)
        self._tally.quarantined()


def _decode(records: Sequence[Found]) -> tuple[list[_Readable], list[Found]]:
    readable: list[_Readable] = []
    unreadable: list[Found] = []
    for found in records:
        try:
            record = decode(found.payload)
            readable.append(_Readable(found, record, _type_and_month(record)))
        except failures.PYTHON_ERRORS:
            unreadable.append(found)
    return readable, unreadable


def _type_and_month(record: Record) -> str:
    """Name the insert a record belongs to. Raises for one that could not even be asked for."""
    if isinstance(record, Span):
        if not isinstance(record.trace_id, str) or not isinstance(record.span_id, str):
            raise TypeError("a span's ids are texts")
        return f"span:{rows.month_of(time_us(record.start_time_us))}"
    if isinstance(record, GuardEvent):
        return f"guard_event:{rows.month_of(time_us(record.at_us))}"
    return f"score:{rows.month_of(time_us(record.trace_start_us))}"
