"""Records as columns: what each table's columns are, and how they are filled."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from ingest import messages
from ingest.messages import StoredMessage
from ingest.records import GUARD_EVENT_FIELDS, GuardEvent, Price, Score, Span, Usage, Verdicts
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
    input_roles: list[str]
    input_hashes: list[int]
    input_preview: str
    output_roles: list[str]
    output_hashes: list[int]
    output_preview: str
    is_refusal: bool
    request: str
    usage_raw: str


def prepare(span: Span, price: Price | None) -> PreparedSpan:
    """Hash a span's messages, find its partition, and compute all else that takes a look into it."""
    start_us = time_us(span.start_time_us)
    sent = [messages.stored(message) for message in span.input_messages]
    answered = [messages.stored(message) for message in span.output_messages]
    return PreparedSpan(
        span,
        price,
        month_of(start_us),
        start_us,
        sent,
        answered,
        [message.role for message in sent],
        [message.hash for message in sent],
        messages.input_preview(sent),
        [message.role for message in answered],
        [message.hash for message in answered],
        messages.output_preview(answered),
        _declines(span, answered),
        _json(span.request),
        _json(span.usage.raw),
    )


def month_of(at_us: int) -> int:
    """Return the monthly partition of a time, as ClickHouse's toYYYYMM names it."""
    return _month_of_day(at_us // _DAY_US)


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> int:
    at = datetime.fromtimestamp(day * 86_400, UTC)
    return at.year * 100 + at.month


def _declines(span: Span, answered: list[StoredMessage]) -> bool:
    if span.kind != "llm" or not answered:
        return False
    if any(message.get("refusal") for message in span.output_messages):
        return True
    return is_refusal(answered[0].text)


def _json(value: Any) -> str:
    return json_bytes(value).decode() if value else ""


def _zero_if_none(values: list[int | None]) -> list[int]:
    return [value or 0 for value in values]


Filler = Callable[[Sequence[T]], Column]


class _SpanBatch(NamedTuple):
    """What the columns of spans are filled from: their fields, column by column already."""

    prepared: dict[str, Column]
    fields: dict[str, Column]
    usages: dict[str, Column]

    @classmethod
    def of(cls, batch: Sequence[PreparedSpan]) -> "_SpanBatch":
        """Turn rows into columns in one go: to visit each span once for each column is to miss every cache."""
        prepared = _transposed(PreparedSpan._fields, batch)
        spans = _transposed(_SPAN_FIELDS, [vars(span).values() for span in prepared["span"]])
        usages = _transposed(_USAGE_FIELDS, [vars(usage).values() for usage in spans["usage"]])
        return cls(prepared, spans, usages)


# The values of a dataclass without slots lie in this order.
_SPAN_FIELDS = tuple(field.name for field in fields(Span))
_USAGE_FIELDS = tuple(field.name for field in fields(Usage))


def _transposed(names: Sequence[str], batch: Sequence[Iterable[Any]]) -> dict[str, Column]:
    if not batch:
        return {name: [] for name in names}
    return dict(zip(names, map(list, zip(*batch, strict=True)), strict=True))


# One line per column: its name, its type, and how to fill it from a batch.
_SPAN_COLUMNS: tuple[tuple[str, str, Callable[[_SpanBatch], Column]], ...] = (
    ("project_id", "UUID", lambda b: b.fields["project_id"]),
    ("trace_id", "String", lambda b: texts(b.fields["trace_id"])),
    ("span_id", "String", lambda b: texts(b.fields["span_id"])),
    ("parent_span_id", "String", lambda b: texts(b.fields["parent_span_id"])),
    ("name", "LowCardinality(String)", lambda b: texts(b.fields["name"])),
    ("kind", "LowCardinality(String)", lambda b: texts(b.fields["kind"])),
    ("source", "LowCardinality(String)", lambda b: texts(b.fields["source"])),
    ("start_time", "DateTime64(6, 'UTC')", lambda b: b.prepared["start_us"]),
    ("duration_us", "UInt64", lambda b: _zero_if_none(counts(b.fields["duration_us"]))),
    ("ttft_us", "Nullable(UInt64)", lambda b: counts(b.fields["ttft_us"])),
    ("overhead_us", "Nullable(UInt64)", lambda b: counts(b.fields["overhead_us"])),
    ("status", "LowCardinality(String)", lambda b: texts(b.fields["status"])),
    ("status_message", "String", lambda b: texts(b.fields["status_message"])),
    ("error_type", "LowCardinality(String)", lambda b: texts(b.fields["error_type"])),
    ("http_status", "Nullable(UInt16)", lambda b: counts(b.fields["http_status"], maximum=_UINT16)),
    ("environment", "LowCardinality(String)", lambda b: texts(b.fields["environment"])),
    ("service", "LowCardinality(String)", lambda b: texts(b.fields["service"])),
    ("release", "LowCardinality(String)", lambda b: texts(b.fields["release"])),
    ("session_id", "String", lambda b: texts(b.fields["session_id"])),
    ("user_id", "String", lambda b: texts(b.fields["user_id"])),
    ("feature", "LowCardinality(String)", lambda b: texts(b.fields["feature"])),
    ("prompt_name", "LowCardinality(String)", lambda b: texts(b.fields["prompt_name"])),
    ("prompt_version", "LowCardinality(String)", lambda b: texts(b.fields["prompt_version"])),
    ("tags", "Array(LowCardinality(String))", lambda b: text_lists(b.fields["tags"])),
    (
        "attributes",
        "Map(LowCardinality(String), String)",
        lambda b: [text_map(each) for each in b.fields["attributes"]],
    ),
    ("provider", "LowCardinality(String)", lambda b: texts(b.fields["provider"])),
    ("route", "LowCardinality(String)", lambda b: texts(b.fields["route"])),
    ("api_key_id", "Nullable(UUID)", lambda b: b.fields["api_key_id"]),
    ("model_requested", "LowCardinality(String)", lambda b: texts(b.fields["model_requested"])),
    ("model", "LowCardinality(String)", lambda b: texts(b.fields["model"])),
    ("service_tier", "LowCardinality(String)", lambda b: texts(b.fields["service_tier"])),
    ("is_streamed", "Bool", lambda b: [bool(each) for each in b.fields["is_streamed"]]),
    ("attempts", "UInt8", lambda b: _zero_if_none(counts(b.fields["attempts"], maximum=_UINT8))),
    ("cache_status", "LowCardinality(String)", lambda b: texts(b.fields["cache_status"])),
    ("finish_reason", "LowCardinality(String)", lambda b: texts(b.fields["finish_reason"])),
    ("is_refusal", "Bool", lambda b: b.prepared["is_refusal"]),
    ("guard_action", "LowCardinality(String)", lambda b: texts(b.fields["guard_action"])),
    ("input_tokens", "Nullable(UInt64)", lambda b: counts(b.usages["input_tokens"])),
    ("output_tokens", "Nullable(UInt64)", lambda b: counts(b.usages["output_tokens"])),
    ("cache_read_tokens", "Nullable(UInt64)", lambda b: counts(b.usages["cache_read_tokens"])),
    ("cache_write_tokens", "Nullable(UInt64)", lambda b: counts(b.usages["cache_write_tokens"])),
    ("reasoning_tokens", "Nullable(UInt64)", lambda b: counts(b.usages["reasoning_tokens"])),
    ("usage_source", "LowCardinality(String)", lambda b: texts(b.usages["source"])),
    ("usage_raw", "String", lambda b: b.prepared["usage_raw"]),
    (
        "cost_usd",
        "Nullable(Decimal(18, 9))",
        lambda b: [price and usd(price.cost_usd) for price in b.prepared["price"]],
    ),
    (
        "input_cost_usd",
        "Nullable(Decimal(18, 9))",
        lambda b: [price and usd(price.input_cost_usd) for price in b.prepared["price"]],
    ),
    (
        "output_cost_usd",
        "Nullable(Decimal(18, 9))",
        lambda b: [price and usd(price.output_cost_usd) for price in b.prepared["price"]],
    ),
    (
        "unit_prices",
        "String",
        lambda b: [_json(price.unit_prices) if price else "" for price in b.prepared["price"]],
    ),
    (
        "price_source",
        "LowCardinality(String)",
        lambda b: [text(price.source) if price else "" for price in b.prepared["price"]],
    ),
    (
        "price_version",
        "LowCardinality(String)",
        lambda b: [text(price.version) if price else "" for price in b.prepared["price"]],
    ),
    ("request", "String", lambda b: b.prepared["request"]),
    ("input_preview", "String", lambda b: texts(b.prepared["input_preview"])),
    ("output_preview", "String", lambda b: texts(b.prepared["output_preview"])),
    (
        "input_roles",
        "Array(LowCardinality(String))",
        lambda b: text_lists(b.prepared["input_roles"]),
    ),
    ("input_hashes", "Array(UInt128)", lambda b: b.prepared["input_hashes"]),
    (
        "output_roles",
        "Array(LowCardinality(String))",
        lambda b: text_lists(b.prepared["output_roles"]),
    ),
    ("output_hashes", "Array(UInt128)", lambda b: b.prepared["output_hashes"]),
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

_GUARD_EVENT_COLUMNS: tuple[tuple[str, str, Callable[[dict[str, Column]], Column]], ...] = (
    ("id", "UUID", lambda b: b["id"]),
    ("project_id", "UUID", lambda b: b["project_id"]),
    ("trace_id", "String", lambda b: texts(b["trace_id"])),
    ("span_id", "String", lambda b: texts(b["span_id"])),
    ("at", "DateTime64(6, 'UTC')", lambda b: [time_us(each) for each in b["at_us"]]),
    ("policy_id", "UUID", lambda b: b["policy_id"]),
    ("policy_name", "LowCardinality(String)", lambda b: texts(b["policy_name"])),
    ("policy_version", "UInt32", lambda b: _zero_if_none(counts(b["policy_version"], maximum=_UINT32))),
    ("guard", "LowCardinality(String)", lambda b: texts(b["guard"])),
    ("guard_kind", "LowCardinality(String)", lambda b: texts(b["guard_kind"])),
    ("place", "LowCardinality(String)", lambda b: texts(b["place"])),
    ("action", "LowCardinality(String)", lambda b: texts(b["action"])),
    ("is_shadow", "Bool", lambda b: [bool(each) for each in b["is_shadow"]]),
    ("error", "LowCardinality(String)", lambda b: texts(b["error"])),
    (
        "entities",
        "Map(LowCardinality(String), UInt32)",
        lambda b: [
            each and {text(k): count(v, maximum=_UINT32) for k, v in each.items()} for each in b["entities"]
        ],
    ),
    ("score", "Nullable(Float64)", lambda b: [number(each) for each in b["score"]]),
    ("duration_us", "UInt64", lambda b: _zero_if_none(counts(b["duration_us"]))),
    ("is_streamed", "Bool", lambda b: [bool(each) for each in b["is_streamed"]]),
    ("environment", "LowCardinality(String)", lambda b: texts(b["environment"])),
    ("route", "LowCardinality(String)", lambda b: texts(b["route"])),
    ("model", "LowCardinality(String)", lambda b: texts(b["model"])),
    (
        "entity_scores",
        "Map(LowCardinality(String), Float64)",
        lambda b: [
            each and {text(k): number(v) or 0.0 for k, v in each.items()} for each in b["entity_scores"]
        ],
    ),
    ("held_us", "Nullable(UInt64)", lambda b: counts(b["held_us"])),
    ("canary", "LowCardinality(String)", lambda b: texts(b["canary"])),
    ("scope", "LowCardinality(String)", lambda b: texts(b["scope"])),
    ("api_key_id", "Nullable(UUID)", lambda b: b["api_key_id"]),
    ("fingerprints", "Array(String)", lambda b: text_lists(b["fingerprints"])),
    ("escalation_id", "Nullable(UUID)", lambda b: b["escalation_id"]),
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
    whole = _SpanBatch.of(batch)
    return [*(fill(whole) for _, _, fill in _SPAN_COLUMNS), [ingested_at_ms] * len(batch)]


def score_columns(batch: Sequence[Score]) -> list[Column]:
    """Return the columns of a batch of scores, in the order of SCORES."""
    return [fill(batch) for _, _, fill in _SCORE_COLUMNS]


def guard_event_columns(batch: Sequence[tuple[Any, ...]]) -> list[Column]:
    """Return the columns of a batch of guard events, the fields of each in their order, in the order of GUARD_EVENTS."""
    columns = _transposed(GUARD_EVENT_FIELDS, batch)
    return [fill(columns) for _, _, fill in _GUARD_EVENT_COLUMNS]


def guard_event_rows(events: Iterable[GuardEvent | Verdicts]) -> list[tuple[Any, ...]]:
    """Return the rows that events are, and those that verdicts of calls become; an id is a number in them."""
    rows: list[tuple[Any, ...]] = []
    for each in events:
        rows += each.rows() if isinstance(each, Verdicts) else ((each.id.int, *_BESIDE_ID(each)),)
    return rows


_BESIDE_ID = attrgetter(*GUARD_EVENT_FIELDS[1:])


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
