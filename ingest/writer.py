"""Records into ClickHouse: whole batches, exactly once however often they are sent.

Each table gets one insert per monthly partition, with a token derived from the batch's: repeating a batch
under its token changes nothing, neither in the tables nor in the rollups behind them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from clickhouse_connect.datatypes.registry import get_from_name

from ingest import rows
from ingest.clickhouse.client import Client
from ingest.messages import SeenMessages, StoredMessage
from ingest.records import GuardEvent, PricedSpan, Record, Score, Span, Verdicts
from ingest.rows import Column, PreparedSpan, Table
from ingest.sanitising import time_us

T = TypeVar("T")
_MessageRow = tuple[UUID, str, StoredMessage, int]


def write(
    client: Client,
    records: Sequence[Record | PricedSpan | PreparedSpan],
    *,
    token: str,
    seen: SeenMessages | None = None,
) -> None:
    """Write a batch and return when ClickHouse has acknowledged all of it.

    The token must name these very records for ever, so that a retry is recognised: the range of bytes
    they came from, for instance. Pass the same `seen` with every batch to send messages only once.
    """
    spans: list[PreparedSpan] = []
    scores: list[Score] = []
    events: list[GuardEvent | Verdicts] = []
    for record in records:
        if isinstance(record, PreparedSpan):
            spans.append(record)
        elif isinstance(record, PricedSpan):
            spans.append(rows.prepare(record.span, record.price))
        elif isinstance(record, Span):
            spans.append(rows.prepare(record, None))
        elif isinstance(record, Score):
            scores.append(record)
        else:
            events.append(record)
    # Messages first: a span that can be seen can be read.
    _write_messages(client, spans, token, SeenMessages() if seen is None else seen)
    _write_spans(client, spans, token)
    _write_events(client, events, token)
    _write_partitions(client, rows.SCORES, scores, token, lambda s: s.trace_start_us, rows.score_columns)


def write_scores(client: Client, scores: Sequence[Score]) -> None:
    """Write scores and return when ClickHouse has acknowledged them. A score with a known id replaces it."""
    # No token: the same id may come again with another judgement, and both must be taken in.
    _write_partitions(client, rows.SCORES, scores, None, lambda s: s.trace_start_us, rows.score_columns)


def _write_spans(client: Client, spans: Sequence[PreparedSpan], token: str) -> None:
    now_ms = time.time_ns() // 1_000_000
    for month, batch in _by(spans, lambda prepared: prepared.month).items():
        _insert(client, rows.SPANS, rows.span_columns(batch, ingested_at_ms=now_ms), token, month)


def _write_messages(client: Client, spans: Sequence[PreparedSpan], token: str, seen: SeenMessages) -> None:
    fresh: dict[tuple[int, str, int], _MessageRow] = {}
    for prepared in spans:
        project_id, trace_id = prepared.span.project_id, prepared.span.trace_id
        project = project_id.int
        for message in (*prepared.input, *prepared.output):
            key = (project, trace_id, message.hash)
            if key not in fresh and key not in seen:
                fresh[key] = (project_id, trace_id, message, prepared.start_us)
    for month, batch in _by(fresh.values(), lambda row: rows.month_of(row[3])).items():
        _insert(client, rows.MESSAGES, rows.message_columns(batch), token, month)
    seen.add(fresh)


def _write_events(client: Client, events: Sequence[GuardEvent | Verdicts], token: str) -> None:
    for month, batch in _by(events, lambda event: rows.month_of(time_us(event.at_us))).items():
        columns = rows.guard_event_columns(rows.guard_event_rows(batch))
        if columns[0]:
            _insert(client, rows.GUARD_EVENTS, columns, token, month)


def _write_partitions(
    client: Client,
    table: Table,
    batch: Sequence[T],
    token: str | None,
    at_us: Callable[[T], int],
    columns: Callable[[Sequence[T]], list[Column]],
) -> None:
    for month, part in _by(batch, lambda record: rows.month_of(time_us(at_us(record)))).items():
        _insert(client, table, columns(part), token, month)


def _by(records: Iterable[T], key: Callable[[T], int]) -> dict[int, list[T]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(sorted(groups.items()))


def _insert(client: Client, table: Table, columns: list[Column], token: str | None, month: int) -> None:
    settings: dict[str, object] = {"async_insert": 0, "insert_deduplicate": 0}
    if token is not None:
        settings |= {
            "insert_deduplicate": 1,
            "insert_deduplication_token": f"{token}:{table.name}:{month}",
            "deduplicate_blocks_in_dependent_materialized_views": 1,
        }
    client.insert(
        table.name,
        columns,
        column_names=[name for name, _ in table.columns],
        column_types=[get_from_name(kind) for _, kind in table.columns],
        column_oriented=True,
        settings=settings,
    )
