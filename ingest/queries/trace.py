"""One trace, whole: its spans in order, the messages of a span, its verdicts and scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from ingest.messages import restored

MOST_SPANS = 3_000

WHEN = """
SELECT min(min_start), max(max_start)
FROM trace_index
WHERE project_id = {project_id:UUID} AND trace_id = {trace_id:String}
HAVING count() > 0
"""

_WINDOW = """
WHERE project_id = {project_id:UUID}
  AND trace_id = {trace_id:String}
  AND start_time >= {start:DateTime64(6, 'UTC')}
  AND start_time <= {end:DateTime64(6, 'UTC')}
"""

_NODE_COLUMNS = (
    "span_id", "parent_span_id", "name", "kind", "source", "start_time", "duration_us", "ttft_us", "status", "error_type",
    "provider", "model", "guard_action", "input_tokens", "output_tokens", "cost_usd", "environment", "session_id", "user_id",
    "feature",
)  # fmt: skip

NODES = f"""
SELECT {", ".join(_NODE_COLUMNS)}
FROM spans
{_WINDOW}
ORDER BY start_time, span_id
LIMIT 1 BY span_id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - constants

SPAN = f"""
SELECT *, arrayMap(hash -> toString(hash), input_hashes) AS input_keys, arrayMap(hash -> toString(hash), output_hashes) AS output_keys
FROM spans
{_WINDOW}
  AND span_id = {{span_id:String}}
ORDER BY ingested_at DESC
LIMIT 1
"""  # noqa: S608 - constants

MESSAGES = """
SELECT toString(hash) AS key, role, text, body
FROM messages
WHERE project_id = {project_id:UUID}
  AND trace_id = {trace_id:String}
  AND toString(hash) IN {keys:Array(String)}
LIMIT 1 BY hash
"""

VERDICTS = """
SELECT span_id, at, policy_name, policy_version, guard, guard_kind, place, action, is_shadow, error, entities, score, duration_us
FROM guard_events
WHERE project_id = {project_id:UUID}
  AND trace_id = {trace_id:String}
  AND at >= {start:DateTime64(6, 'UTC')} - INTERVAL 1 DAY
  AND at <= {end:DateTime64(6, 'UTC')} + INTERVAL 1 DAY
ORDER BY at, guard, place
LIMIT 1 BY id
LIMIT 2000
"""

SCORES = """
SELECT span_id, name, evaluator, version, state, value, label, reason, source, author, cost_usd, scored_at
FROM scores
WHERE project_id = {project_id:UUID}
  AND trace_id = {trace_id:String}
  AND trace_start >= {start:DateTime64(6, 'UTC')} - INTERVAL 1 DAY
  AND trace_start <= {end:DateTime64(6, 'UTC')} + INTERVAL 1 DAY
ORDER BY name, scored_at DESC
LIMIT 1 BY span_id, name
LIMIT 500
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A span as the tree needs it."""

    span_id: str
    parent_span_id: str
    name: str
    kind: str
    source: str
    start_time: datetime
    duration_us: int
    ttft_us: int | None
    status: str
    error_type: str
    provider: str
    model: str
    guard_action: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    environment: str
    session_id: str
    user_id: str
    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceVerdict:
    """What one guard decided in this trace."""

    span_id: str
    at: datetime
    policy_name: str
    policy_version: int
    guard: str
    guard_kind: str
    place: str
    action: str
    is_shadow: bool
    error: str
    entities: dict[str, int]
    score: float | None
    duration_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceScore:
    """The newest score of one name on a span, or on the trace when `span_id` is empty."""

    span_id: str
    name: str
    evaluator: str
    version: str
    state: str
    value: float | None
    label: str
    reason: str
    source: str
    author: str
    cost_usd: Decimal | None
    scored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message as it was kept; `body` is None when it is no longer in the store."""

    role: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSpan:
    """Every column of a span, with its messages in place of their hashes."""

    columns: dict[str, Any]
    input_messages: tuple[StoredMessage, ...]
    output_messages: tuple[StoredMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The spans of a trace in the order in which they began, with what was said about them."""

    trace_id: str
    nodes: tuple[Node, ...]
    is_cut: bool
    """Whether it has more spans than are shown."""
    verdicts: tuple[TraceVerdict, ...]
    scores: tuple[TraceScore, ...]


def find_trace(client: Client, *, project_id: UUID, trace_id: str) -> Trace | None:
    """Return a trace, or None if the project has none with this id."""
    window = _window(client, project_id, trace_id)
    if window is None:
        return None
    nodes = client.query(NODES, window | {"limit": MOST_SPANS + 1}).result_rows
    if not nodes:
        return None
    return Trace(
        trace_id=trace_id,
        nodes=tuple(_node(row) for row in nodes[:MOST_SPANS]),
        is_cut=len(nodes) > MOST_SPANS,
        verdicts=tuple(
            TraceVerdict(**dict(zip(TraceVerdict.__slots__, _aware(row), strict=True)))
            for row in client.query(VERDICTS, window).result_rows
        ),
        scores=tuple(
            TraceScore(**dict(zip(TraceScore.__slots__, _aware(row), strict=True)))
            for row in client.query(SCORES, window).result_rows
        ),
    )


def find_span(client: Client, *, project_id: UUID, trace_id: str, span_id: str) -> WholeSpan | None:
    """Return one span with its messages, or None if the trace has no such span."""
    window = _window(client, project_id, trace_id)
    if window is None:
        return None
    found = list(client.query(SPAN, window | {"span_id": span_id}).named_results())
    if not found:
        return None
    columns = dict(found[0])
    input_keys, output_keys = columns.pop("input_keys"), columns.pop("output_keys")
    bodies = _bodies(client, window, sorted({*input_keys, *output_keys}))
    for name, value in columns.items():
        if isinstance(value, datetime):
            columns[name] = value if value.tzinfo else value.replace(tzinfo=UTC)
    return WholeSpan(
        columns={name: value for name, value in columns.items() if not name.endswith(("_hashes", "_roles"))},
        input_messages=_messages(columns["input_roles"], input_keys, bodies),
        output_messages=_messages(columns["output_roles"], output_keys, bodies),
    )


def _window(client: Client, project_id: UUID, trace_id: str) -> dict[str, Any] | None:
    parameters: dict[str, Any] = {"project_id": project_id, "trace_id": trace_id}
    rows = client.query(WHEN, parameters).result_rows
    if not rows:
        return None
    first, last = _aware(rows[0])
    # Parameters travel with the precision of a second at best; one more on each side costs nothing.
    return parameters | {"start": first - timedelta(seconds=1), "end": last + timedelta(seconds=1)}


def _bodies(client: Client, window: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    if not keys:
        return {}
    rows = client.query(MESSAGES, window | {"keys": keys}).result_rows
    return {key: restored(role, text, body) for key, role, text, body in rows}


def _messages(roles: Sequence[str], keys: Sequence[str], bodies: dict[str, Any]) -> tuple[StoredMessage, ...]:
    return tuple(
        StoredMessage(role=role, body=bodies.get(key)) for role, key in zip(roles, keys, strict=True)
    )


def _node(row: Sequence[Any]) -> Node:
    return Node(**dict(zip(_NODE_COLUMNS, _aware(row), strict=True)))


def _aware(row: Sequence[Any]) -> list[Any]:
    return [
        value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
        for value in row
    ]
