"""Records that are in the store already: an SDK that got no answer sends again what we have kept."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from ingest.clickhouse.client import Client
from ingest.records import GuardEvent, Span, Verdicts
from ingest.sanitising import time_us

SpanKey = tuple[UUID, str, str]

STORED = """
SELECT project_id, trace_id, span_id
FROM spans
WHERE project_id IN %(projects)s AND toStartOfHour(start_time) IN %(hours)s AND span_id IN %(spans)s
"""

STORED_EVENTS = """
SELECT id
FROM guard_events
WHERE project_id IN %(projects)s AND toStartOfHour(at) IN %(hours)s AND id IN %(events)s
"""

_AT_ONCE = 5000
_LONG_QUERY = {"max_query_size": 16 * 1024**2}


def key_of(span: Span) -> SpanKey:
    """Return what makes a span the same span."""
    return span.project_id, span.trace_id, span.span_id


def stored(client: Client, spans: Sequence[Span]) -> set[SpanKey]:
    """Return the keys of those spans that the store has, by the hours they started in."""
    found: set[SpanKey] = set()
    for start in range(0, len(spans), _AT_ONCE):
        part = spans[start : start + _AT_ONCE]
        parameters = {
            "projects": _distinct(map(str, {span.project_id for span in part})),
            "hours": _distinct(_hours(span.start_time_us for span in part)),
            "spans": _distinct(span.span_id for span in part),
        }
        rows = client.query(STORED, parameters, settings=_LONG_QUERY).result_rows
        found.update((row[0], row[1], row[2]) for row in rows)
    return found


def stored_events(client: Client, events: Sequence[GuardEvent | Verdicts]) -> set[UUID]:
    """Return the ids of those guard events that the store has; of several in one, that of the first."""
    found: set[UUID] = set()
    for start in range(0, len(events), _AT_ONCE):
        part = events[start : start + _AT_ONCE]
        parameters = {
            "projects": _distinct(map(str, {event.project_id for event in part})),
            "hours": _distinct(_hours(event.at_us for event in part)),
            "events": _distinct(str(event.id) for event in part),
        }
        rows = client.query(STORED_EVENTS, parameters, settings=_LONG_QUERY).result_rows
        found.update(row[0] for row in rows)
    return found


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _hours(times_us: Iterable[int]) -> Iterable[str]:
    for hour in {time_us(each) // 3_600_000_000 for each in times_us}:
        yield datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
