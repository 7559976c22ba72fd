"""Spans as they are stored: one with its messages, all of a trace, or a page of a project's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from ingest import messages
from ingest.clickhouse.client import Client
from ingest.records import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """Every column of a span but its messages."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    source: str
    start_time: datetime
    duration_us: int
    ttft_us: int | None
    overhead_us: int | None
    status: str
    status_message: str
    error_type: str
    http_status: int | None
    environment: str
    service: str
    release: str
    session_id: str
    user_id: str
    feature: str
    prompt_name: str
    prompt_version: str
    tags: tuple[str, ...]
    attributes: Mapping[str, str]
    provider: str
    route: str
    api_key_id: UUID | None
    model_requested: str
    model: str
    service_tier: str
    is_streamed: bool
    attempts: int
    cache_status: str
    finish_reason: str
    is_refusal: bool
    guard_action: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    usage_source: str
    usage_raw: Mapping[str, Any]
    cost_usd: Decimal | None
    """None when nobody knows; zero when it was free."""
    input_cost_usd: Decimal | None
    output_cost_usd: Decimal | None
    unit_prices: Mapping[str, str]
    price_source: str
    price_version: str
    request: Mapping[str, Any]
    input_preview: str
    output_preview: str
    ingested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanDetail(SpanRow):
    """A span with what was said."""

    input_messages: tuple[Message, ...]
    output_messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanFilters:
    """What must be true of a span; an empty value asks for nothing."""

    since: datetime
    until: datetime
    trace_id: str = ""
    kind: str = ""
    status: str = ""
    environment: str = ""
    provider: str = ""
    model: str = ""
    user_id: str = ""
    session_id: str = ""
    feature: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    guard_action: str = ""
    tag: str = ""


_COLUMNS = ", ".join(field.name for field in fields(SpanRow))
_HASHES = "input_roles, input_hashes, output_roles, output_hashes"

TRACE_EXTENT = """
SELECT min(min_start), max(max_start)
FROM trace_index
WHERE project_id = {project_id:UUID} AND trace_id = {trace_id:String}
HAVING count() > 0
"""

# The index is filled a moment after the spans it is about; a trace that just arrived is looked for among them.
NEW_TRACE_EXTENT = """
SELECT min(start_time), max(start_time)
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= now() - INTERVAL 1 DAY
  AND trace_id = {trace_id:String}
HAVING count() > 0
"""

SPANS_OF_TRACE = f"""
SELECT {_COLUMNS}
FROM spans
WHERE project_id = {{project_id:UUID}}
  AND start_time >= {{since:DateTime64(6, 'UTC')}}
  AND start_time <= {{until:DateTime64(6, 'UTC')}}
  AND trace_id = {{trace_id:String}}
ORDER BY start_time, span_id, ingested_at DESC
LIMIT 1 BY start_time, span_id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - the columns are constants

SPAN_DETAIL = f"""
SELECT {_COLUMNS}, {_HASHES}
FROM spans
WHERE project_id = {{project_id:UUID}}
  AND start_time >= {{since:DateTime64(6, 'UTC')}}
  AND start_time <= {{until:DateTime64(6, 'UTC')}}
  AND trace_id = {{trace_id:String}}
  AND span_id = {{span_id:String}}
ORDER BY ingested_at DESC
LIMIT 1
"""  # noqa: S608 - the columns are constants

MESSAGES_BY_HASH = """
SELECT hash, role, text, body
FROM messages
WHERE project_id = {project_id:UUID}
  AND trace_id = {trace_id:String}
  AND hash IN {hashes:Array(UInt128)}
LIMIT 1 BY hash
"""

NEWEST_SPANS = f"""
SELECT {_COLUMNS}
FROM spans
WHERE project_id = {{project_id:UUID}}
  AND start_time >= {{since:DateTime64(6, 'UTC')}}
  AND start_time < {{until:DateTime64(6, 'UTC')}}
  AND start_time <= {{before:DateTime64(6, 'UTC')}}
  AND (start_time < {{before:DateTime64(6, 'UTC')}} OR span_id < {{before_span:String}})
  AND ({{trace_id:String}} = '' OR trace_id = {{trace_id:String}})
  AND ({{kind:String}} = '' OR kind = {{kind:String}})
  AND ({{status:String}} = '' OR status = {{status:String}})
  AND ({{environment:String}} = '' OR environment = {{environment:String}})
  AND ({{provider:String}} = '' OR provider = {{provider:String}})
  AND ({{model:String}} = '' OR model = {{model:String}})
  AND ({{user_id:String}} = '' OR user_id = {{user_id:String}})
  AND ({{session_id:String}} = '' OR session_id = {{session_id:String}})
  AND ({{feature:String}} = '' OR feature = {{feature:String}})
  AND ({{prompt_name:String}} = '' OR prompt_name = {{prompt_name:String}})
  AND ({{prompt_version:String}} = '' OR prompt_version = {{prompt_version:String}})
  AND ({{guard_action:String}} = '' OR guard_action = {{guard_action:String}})
  AND ({{tag:String}} = '' OR has(tags, {{tag:String}}))
ORDER BY start_time DESC, span_id DESC, ingested_at DESC
LIMIT 1 BY start_time, span_id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - the columns are constants


def spans_of_trace(client: Client, *, project_id: UUID, trace_id: str, limit: int = 5_000) -> list[SpanRow]:
    """Return the spans of a trace in the order in which they began; an empty list if there is no such trace."""
    extent = trace_extent(client, project_id=project_id, trace_id=trace_id)
    if extent is None:
        return []
    parameters = {
        "project_id": project_id,
        "trace_id": trace_id,
        "since": extent[0],
        "until": extent[1],
        "limit": limit,
    }
    return [SpanRow(**_values(row)) for row in client.query(SPANS_OF_TRACE, parameters).named_results()]


def span_detail(
    client: Client, *, project_id: UUID, trace_id: str, span_id: str, around: datetime | None = None
) -> SpanDetail | None:
    """Return a span with its messages, or None. `around`, a time near its start, saves looking it up."""
    if around is None:
        extent = trace_extent(client, project_id=project_id, trace_id=trace_id)
        if extent is None:
            return None
    else:
        extent = around - timedelta(days=1), around + timedelta(days=1)
    parameters = {
        "project_id": project_id,
        "trace_id": trace_id,
        "span_id": span_id,
        "since": extent[0],
        "until": extent[1],
    }
    found = list(client.query(SPAN_DETAIL, parameters).named_results())
    if not found:
        return None
    row = dict(found[0])
    roles = row.pop("input_roles"), row.pop("output_roles")
    hashes = row.pop("input_hashes"), row.pop("output_hashes")
    said = messages_by_hash(client, project_id=project_id, trace_id=trace_id, hashes={*hashes[0], *hashes[1]})
    return SpanDetail(
        **_values(row),
        input_messages=_in_order(roles[0], hashes[0], said),
        output_messages=_in_order(roles[1], hashes[1], said),
    )


def newest_spans(
    client: Client,
    *,
    project_id: UUID,
    filters: SpanFilters,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[SpanRow]:
    """Return a page of spans, newest first; `before` is the start and id of the last span of the page before."""
    # Span ids are hex, so every one of them sorts before "g".
    at, span_id = before or (filters.until, "g")
    parameters = {field.name: getattr(filters, field.name) for field in fields(SpanFilters)}
    parameters |= {"project_id": project_id, "before": at, "before_span": span_id, "limit": limit}
    return [SpanRow(**_values(row)) for row in client.query(NEWEST_SPANS, parameters).named_results()]


def trace_extent(client: Client, *, project_id: UUID, trace_id: str) -> tuple[datetime, datetime] | None:
    """Return when the first and the last span of a trace began, or None if the project has no such trace."""
    parameters = {"project_id": project_id, "trace_id": trace_id}
    for query in (TRACE_EXTENT, NEW_TRACE_EXTENT):
        rows = client.query(query, parameters).result_rows
        if rows:
            return rows[0][0], rows[0][1]
    return None


def messages_by_hash(
    client: Client, *, project_id: UUID, trace_id: str, hashes: Iterable[int]
) -> dict[int, Message]:
    """Return messages of a trace by their hashes; what is no longer stored is left out."""
    wanted = sorted(hashes)
    if not wanted:
        return {}
    parameters = {"project_id": project_id, "trace_id": trace_id, "hashes": wanted}
    rows = client.query(MESSAGES_BY_HASH, parameters).result_rows
    return {key: messages.restored(role, text, body) for key, role, text, body in rows}


def _in_order(
    roles: Sequence[str], hashes: Sequence[int], said: Mapping[int, Message]
) -> tuple[Message, ...]:
    """Put messages back in their places; one that is gone leaves its role behind."""
    return tuple(
        said.get(key) or {"role": role, "content": None} for role, key in zip(roles, hashes, strict=True)
    )


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(row)
    values["tags"] = tuple(values["tags"])
    for name in ("usage_raw", "unit_prices", "request"):
        values[name] = orjson.loads(values[name]) if values[name] else {}
    return values
