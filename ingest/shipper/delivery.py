"""From a stretch of the spool to rows in the store: freeze, insert, and on failure wait or split."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import time

from ingest import prices
from ingest.clickhouse.client import Client
from ingest.messages import SeenMessages
from ingest.records import GuardEvent, Span, Verdicts, decode
from ingest.rows import PreparedSpan
from ingest.shipper import failures, repeats
from ingest.shipper.checkpoint import Batch
from ingest.shipper.heartbeat import Tally
from ingest.shipper.home import Home
from ingest.shipper.lookahead import Lookahead, Readable, Ready, prepared, ready
from ingest.shipper.planning import Found, Range, records_of
from ingest.shipper.quarantine import Quarantine
from ingest.shipper.settings import Settings
from ingest.writer import write

log = logging.getLogger(__name__)


class Delivery:
    """Ships one batch at a time. Raises what the store raises when the same batch is to be sent again later."""

    def __init__(self, settings: Settings, tally: Tally, quarantine: Quarantine) -> None:
        self._tally = tally
        self._quarantine = quarantine
        self._seen = SeenMessages()
        self._lookahead = Lookahead(settings)
        self._fresh: dict[str, list[Ready]] = {}

    def close(self) -> None:
        """End what was begun in advance."""
        self._lookahead.close()

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
        stretch = self._lookahead.take(home)
        if stretch is None:
            return
        found, readable, unreadable = stretch
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

    def _batches(self, name: str, kept: Sequence[Readable]) -> list[Batch]:
        groups: dict[str, list[Readable]] = {}
        for each in kept:
            groups.setdefault(f"{name}:{each.insert}", []).append(each)
        self._fresh = {token: [each.ready for each in group] for token, group in groups.items()}
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
                write(client, list(self._counted(records)), token=batch.token, seen=self._seen)
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

    def _load(self, batch: Batch, home: Home) -> list[Ready]:
        found = records_of(batch, home.read)
        if len(found) < len(batch.places):
            log.error("%d records of %s are gone", len(batch.places) - len(found), home.path)
        return [ready(decode(each.payload)) for each in found]

    def _without_repeats(
        self, readable: Sequence[Readable], client: Client, *, is_first_round: bool
    ) -> list[Readable]:
        records = [each.record for each in readable]
        spans = [record for record in records if isinstance(record, Span)]
        # Nobody sends a guard event twice but ourselves, after a restart of the store.
        events = [
            record for record in records if isinstance(record, GuardEvent | Verdicts) and not is_first_round
        ]
        stored = repeats.stored(client, spans) if spans else set()
        known: set[object] = set(stored)
        known |= repeats.stored_events(client, events) if events else set()
        kept: list[Readable] = []
        for each, record in zip(readable, records, strict=True):
            key = repeats.key_of(record) if isinstance(record, Span) else record.id
            # What guards said of a span that is sent again was said before, too; sums count every row they are given.
            is_said_again = is_first_round and isinstance(record, GuardEvent) and _span_of(record) in stored
            if key in known or is_said_again:
                self._tally.repeated_records += 1
                continue
            known.add(key)
            kept.append(each)
        return kept

    def _counted(self, records: Sequence[Ready]) -> Iterator[Ready]:
        """Yield what is to be inserted and count calls whose cost nobody knows. Raises for a span too strange."""
        for each in records:
            whole = prepared(each) if isinstance(each, Span) else each
            if (
                isinstance(whole, PreparedSpan)
                and whole.price is None
                and whole.span.kind in prices.BILLED_KINDS
            ):
                self._tally.unpriced(whole.span.model or whole.span.model_requested)
            yield whole

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


def _span_of(event: GuardEvent) -> repeats.SpanKey:
    return event.project_id, event.trace_id, event.span_id
