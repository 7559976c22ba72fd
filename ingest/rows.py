"""Records as columns: what each table's columns are, and how they are filled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from ingest import messages
from ingest.messages import StoredMessage
from ingest.records import GuardEvent, Price, Score, Span, Usage
from ingest.refusals import is_refusal
from ingest.sanitising import (
    count,
    counts,
    json_bytes,
    number,
    text,
    text_lists,
    text_map,
    texts,
    time_us,
    usd,
)

T = TypeVar("T")
Column = list[Any]

_UINT16, _UINT8, _UINT32 = 2**16 - 1, 2**8 - 1, 2**32 - 1
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name and its columns in the order in which they are filled."""

    name: str
    columns: tuple[tuple[str, str], ...]
    """(name, type) of each."""


class PreparedSpan(NamedTuple):
    """A span with all that is computed from it once."""

    span: Span
    price: Price | None
    month: int
    start_us: int
    input: list[StoredMessage]
    output: list[StoredMessage]


def prepare(span: Span, price: Price | None) -> PreparedSpan:
    """Hash a span's messages and find its partition."""
    start_us = time_us(span.start_time_us)
    return PreparedSpan(
        span,
        price,
        month_of(start_us),
        start_us,
        [messages.stored(message) for message in span.input_messages],
        [messages.stored(message) for message in span.output_messages],
    )


def month_of(at_us: int) -> int:
    """Return the monthly partition of a time, as ClickHouse's toYYYYMM names it."""
    return _month_of_day(at_us // _DAY_US)


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> int:
    at = datetime.fromtimestamp(day * 86_400, UTC)
    return at.year * 100 + at.month


def _declines(prepared: PreparedSpan) -> bool:
    if prepared.span.kind != "llm" or not prepared.output:
        return False
    if any(message.get("refusal") for message in prepared.span.output_messages):
        return True
    return is_refusal(prepared.output[0].text)


def _json(value: Any) -> str:
    return json_bytes(value).decode() if value else ""


def _zero_if_none(values: list[int | None]) -> list[int]:
    return [value or 0 for value in values]


Filler = Callable[[Sequence[T]], Column]


class _SpanBatch(NamedTuple):
    """What the columns of spans are filled from."""

    prepared: Sequence[PreparedSpan]
    spans: list[Span]
    usages: list[Usage]
    prices: list[Price | None]


# One line per column: its name, its type, and how to fill it from a batch.
_SPAN_COLUMNS: tuple[tuple[str, str, Callable[[_SpanBatch], Column]], ...] = (
    ("project_id", "UUID", lambda b: [s.project_id for s in b.spans]),
    ("trace_id", "String", lambda b: texts([s.trace_id for s in b.spans])),
    ("span_id", "String", lambda b: texts([s.span_id for s in b.spans])),
    ("parent_span_id", "String", lambda b: texts([s.parent_span_id for s in b.spans])),
    ("name", "LowCardinality(String)", lambda b: texts([s.name for s in b.spans])),
    ("kind", "LowCardinality(String)", lambda b: texts([s.kind for s in b.spans])),
    ("source", "LowCardinality(String)", lambda b: texts([s.source for s in b.spans])),
    ("start_time", "DateTime64(6, 'UTC')", lambda b: [p.start_us for p in b.prepared]),
    ("duration_us", "UInt64", lambda b: _zero_if_none(counts([s.duration_us for s in b.spans]))),
    ("ttft_us", "Nullable(UInt64)", lambda b: counts([s.ttft_us for s in b.spans])),
    ("overhead_us", "Nullable(UInt64)", lambda b: counts([s.overhead_us for s in b.spans])),
    ("status", "LowCardinality(String)", lambda b: texts([s.status for s in b.spans])),
    ("status_message", "String", lambda b: texts([s.status_message for s in b.spans])),
    ("error_type", "LowCardinality(String)", lambda b: texts([s.error_type for s in b.spans])),
    ("http_status", "Nullable(UInt16)", lambda b: counts([s.http_status for s in b.spans], maximum=_UINT16)),
    ("environment", "LowCardinality(String)", lambda b: texts([s.environment for s in b.spans])),
    ("service", "LowCardinality(String)", lambda b: texts([s.service for s in b.spans])),
    ("release", "LowCardinality(String)", lambda b: texts([s.release for s in b.spans])),
    ("session_id", "String", lambda b: texts([s.session_id for s in b.spans])),
    ("user_id", "String", lambda b: texts([s.user_id for s in b.spans])),
    ("feature", "LowCardinality(String)", lambda b: texts([s.feature for s in b.spans])),
    ("prompt_name", "LowCardinality(String)", lambda b: texts([s.prompt_name for s in b.spans])),
    ("prompt_version", "LowCardinality(String)", lambda b: texts([s.prompt_version for s in b.spans])),
    ("tags", "Array(LowCardinality(String))", lambda b: text_lists([s.tags for s in b.spans])),
    (
        "attributes",
        "Map(LowCardinality(String), String)",
        lambda b: [text_map(s.attributes) for s in b.spans],
    ),
    ("provider", "LowCardinality(String)", lambda b: texts([s.provider for s in b.spans])),
    ("route", "LowCardinality(String)", lambda b: texts([s.route for s in b.spans])),
    ("api_key_id", "Nullable(UUID)", lambda b: [s.api_key_id for s in b.spans]),
    ("model_requested", "LowCardinality(String)", lambda b: texts([s.model_requested for s in b.spans])),
    ("model", "LowCardinality(String)", lambda b: texts([s.model for s in b.spans])),
    ("service_tier", "LowCardinality(String)", lambda b: texts([s.service_tier for s in b.spans])),
    ("is_streamed", "Bool", lambda b: [bool(s.is_streamed) for s in b.spans]),
    ("attempts", "UInt8", lambda b: _zero_if_none(counts([s.attempts for s in b.spans], maximum=_UINT8))),
    ("cache_status", "LowCardinality(String)", lambda b: texts([s.cache_status for s in b.spans])),
    ("finish_reason", "LowCardinality(String)", lambda b: texts([s.finish_reason for s in b.spans])),
    ("is_refusal", "Bool", lambda b: [_declines(p) for p in b.prepared]),
    ("guard_action", "LowCardinality(String)", lambda b: texts([s.guard_action for s in b.spans])),
    ("input_tokens", "Nullable(UInt64)", lambda b: counts([u.input_tokens for u in b.usages])),
    ("output_tokens", "Nullable(UInt64)", lambda b: counts([u.output_tokens for u in b.usages])),
    ("cache_read_tokens", "Nullable(UInt64)", lambda b: counts([u.cache_read_tokens for u in b.usages])),
    ("cache_write_tokens", "Nullable(UInt64)", lambda b: counts([u.cache_write_tokens for u in b.usages])),
    ("reasoning_tokens", "Nullable(UInt64)", lambda b: counts([u.reasoning_tokens for u in b.usages])),
    ("usage_source", "LowCardinality(String)", lambda b: texts([u.source for u in b.usages])),
    ("usage_raw", "String", lambda b: [_json(u.raw) for u in b.usages]),
    ("cost_usd", "Nullable(Decimal(18, 9))", lambda b: [price and usd(price.cost_usd) for price in b.prices]),
    (
        "input_cost_usd",
        "Nullable(Decimal(18, 9))",
        lambda b: [price and usd(price.input_cost_usd) for price in b.prices],
    ),
    (
        "output_cost_usd",
        "Nullable(Decimal(18, 9))",
        lambda b: [price and usd(price.output_cost_usd) for price in b.prices],
    ),
    ("unit_prices", "String", lambda b: [_json(price.unit_prices) if price else "" for price in b.prices]),
    (
        "price_source",
        "LowCardinality(String)",
        lambda b: [text(price.source) if price else "" for price in b.prices],
    ),
    (
        "price_version",
        "LowCardinality(String)",
        lambda b: [text(price.version) if price else "" for price in b.prices],
    ),
    ("request", "String", lambda b: [_json(s.request) for s in b.spans]),
    ("input_preview", "String", lambda b: texts([messages.input_preview(p.input) for p in b.prepared])),
    ("output_preview", "String", lambda b: texts([messages.output_preview(p.output) for p in b.prepared])),
    (
        "input_roles",
        "Array(LowCardinality(String))",
        lambda b: text_lists([[m.role for m in p.input] for p in b.prepared]),
    ),
    ("input_hashes", "Array(UInt128)", lambda b: [[m.hash for m in p.input] for p in b.prepared]),
    (
        "output_roles",
        "Array(LowCardinality(String))",
        lambda b: text_lists([[m.role for m in p.output] for p in b.prepared]),
    ),
    ("output_hashes", "Array(UInt128)", lambda b: [[m.hash for m in p.output] for p in b.prepared]),
)

_SCORE_COLUMNS: tuple[tuple[str, str, Filler[Score]], ...] = (
    ("id", "UUID", lambda b: [s.id for s in b]),
    ("project_id", "UUID", lambda b: [s.project_id for s in b]),
    ("name", "LowCardinality(String)", lambda b: texts(s.name for s in b)),
    ("evaluator", "LowCardinality(String)", lambda b: texts(s.evaluator for s in b)),
    ("version", "LowCardinality(String)", lambda b: texts(s.version for s in b)),
    ("target_kind", "LowCardinality(String)", lambda b: texts(s.target_kind for s in b)),
    ("trace_id", "String", lambda b: texts(s.trace_id for s in b)),
    ("span_id", "String", lambda b: texts(s.span_id for s in b)),
    ("session_id", "String", lambda b: texts(s.session_id for s in b)),
    ("state", "LowCardinality(String)", lambda b: texts(s.state for s in b)),
    ("value", "Nullable(Float64)", lambda b: [number(s.value) for s in b]),
    ("label", "LowCardinality(String)", lambda b: texts(s.label for s in b)),
    ("reason", "String", lambda b: texts(s.reason for s in b)),
    ("source", "LowCardinality(String)", lambda b: texts(s.source for s in b)),
    ("author", "LowCardinality(String)", lambda b: texts(s.author for s in b)),
    ("rule_id", "Nullable(UUID)", lambda b: [s.rule_id for s in b]),
    ("run_id", "Nullable(UUID)", lambda b: [s.run_id for s in b]),
    ("probability", "Float64", lambda b: [number(s.probability) or 0.0 for s in b]),
    ("cost_usd", "Nullable(Decimal(18, 9))", lambda b: [usd(s.cost_usd) for s in b]),
    ("duration_us", "UInt64", lambda b: _zero_if_none(counts(s.duration_us for s in b))),
    ("trace_start", "DateTime64(6, 'UTC')", lambda b: [time_us(s.trace_start_us) for s in b]),
    ("kind", "LowCardinality(String)", lambda b: texts(s.kind for s in b)),
    ("model", "LowCardinality(String)", lambda b: texts(s.model for s in b)),
    ("prompt_name", "LowCardinality(String)", lambda b: texts(s.prompt_name for s in b)),
    ("prompt_version", "LowCardinality(String)", lambda b: texts(s.prompt_version for s in b)),
    ("environment", "LowCardinality(String)", lambda b: texts(s.environment for s in b)),
    ("scored_at", "DateTime64(6, 'UTC')", lambda b: [time_us(s.scored_at_us) for s in b]),
)

_GUARD_EVENT_COLUMNS: tuple[tuple[str, str, Filler[GuardEvent]], ...] = (
    ("id", "UUID", lambda b: [e.id for e in b]),
    ("project_id", "UUID", lambda b: [e.project_id for e in b]),
    ("trace_id", "String", lambda b: texts(e.trace_id for e in b)),
    ("span_id", "String", lambda b: texts(e.span_id for e in b)),
    ("at", "DateTime64(6, 'UTC')", lambda b: [time_us(e.at_us) for e in b]),
    ("policy_id", "UUID", lambda b: [e.policy_id for e in b]),
    ("policy_name", "LowCardinality(String)", lambda b: texts(e.policy_name for e in b)),
    ("policy_version", "UInt32", lambda b: [count(e.policy_version, maximum=_UINT32) for e in b]),
    ("guard", "LowCardinality(String)", lambda b: texts(e.guard for e in b)),
    ("guard_kind", "LowCardinality(String)", lambda b: texts(e.guard_kind for e in b)),
    ("place", "LowCardinality(String)", lambda b: texts(e.place for e in b)),
    ("action", "LowCardinality(String)", lambda b: texts(e.action for e in b)),
    ("is_shadow", "Bool", lambda b: [bool(e.is_shadow) for e in b]),
    ("error", "LowCardinality(String)", lambda b: texts(e.error for e in b)),
    (
        "entities",
        "Map(LowCardinality(String), UInt32)",
        lambda b: [{text(k): count(v, maximum=_UINT32) for k, v in e.entities.items()} for e in b],
    ),
    ("score", "Nullable(Float64)", lambda b: [number(e.score) for e in b]),
    ("duration_us", "UInt64", lambda b: _zero_if_none(counts(e.duration_us for e in b))),
    ("is_streamed", "Bool", lambda b: [bool(e.is_streamed) for e in b]),
    ("environment", "LowCardinality(String)", lambda b: texts(e.environment for e in b)),
    ("route", "LowCardinality(String)", lambda b: texts(e.route for e in b)),
    ("model", "LowCardinality(String)", lambda b: texts(e.model for e in b)),
)

SPANS = Table(
    "spans",
    (*((name, kind) for name, kind, _ in _SPAN_COLUMNS), ("ingested_at", "DateTime64(3, 'UTC')")),
)
SCORES = Table("scores", tuple((name, kind) for name, kind, _ in _SCORE_COLUMNS))
GUARD_EVENTS = Table("guard_events", tuple((name, kind) for name, kind, _ in _GUARD_EVENT_COLUMNS))
MESSAGES = Table(
    "messages",
    (
        ("project_id", "UUID"),
        ("trace_id", "String"),
        ("hash", "UInt128"),
        ("role", "LowCardinality(String)"),
        ("text", "String"),
        ("body", "String"),
        ("start_time", "DateTime64(6, 'UTC')"),
    ),
)


def span_columns(batch: Sequence[PreparedSpan], *, ingested_at_ms: int) -> list[Column]:
    """Return the columns of a batch of spans, in the order of SPANS."""
    spans = [prepared.span for prepared in batch]
    whole = _SpanBatch(batch, spans, [span.usage for span in spans], [each.price for each in batch])
    return [*(fill(whole) for _, _, fill in _SPAN_COLUMNS), [ingested_at_ms] * len(batch)]


def score_columns(batch: Sequence[Score]) -> list[Column]:
    """Return the columns of a batch of scores, in the order of SCORES."""
    return [fill(batch) for _, _, fill in _SCORE_COLUMNS]


def guard_event_columns(batch: Sequence[GuardEvent]) -> list[Column]:
    """Return the columns of a batch of guard events, in the order of GUARD_EVENTS."""
    return [fill(batch) for _, _, fill in _GUARD_EVENT_COLUMNS]


def message_columns(batch: Sequence[tuple[UUID, str, StoredMessage, int]]) -> list[Column]:
    """Return the columns of (project, trace, message, start in microseconds), in the order of MESSAGES."""
    return [
        [project_id for project_id, _, _, _ in batch],
        texts(trace_id for _, trace_id, _, _ in batch),
        [message.hash for _, _, message, _ in batch],
        texts(message.role for _, _, message, _ in batch),
        texts(message.text for _, _, message, _ in batch),
        texts(message.body for _, _, message, _ in batch),
        [start_us for _, _, _, start_us in batch],
    ]
