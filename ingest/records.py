"""What this room stores: spans, guard events and scores, and their form in the spool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import orjson

from ingest.twins import twin_of

SpanKind = Literal[
    "llm",
    "embedding",
    "agent",
    "tool",
    "chain",
    "retriever",
    "reranker",
    "guardrail",
    "evaluator",
    "event",
    "span",
]
SpanStatus = Literal["ok", "error", "blocked", "aborted"]
SpanSource = Literal["proxy", "otlp", "api", "demo"]
UsageSource = Literal["reported", "estimated", "unknown"]
Message = dict[str, Any]
"""One message in the shape of OpenAI's chat: role, content, and what else it carries.

Text that belongs to no chat has the role `input` or `output`; a retrieved document has the role `document`.
"""


# Without slots: usages and spans are written as JSON by the thousand, which takes three times as long with them.
@dataclass(frozen=True, kw_only=True)
class Usage:
    """Token counts of one call. `input_tokens` includes what was read from or written to a cache."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    source: UsageSource = "unknown"
    raw: dict[str, Any] | None = None
    """What the provider reported, untouched; prices are computed from it."""


NO_USAGE = Usage()
new_usage = twin_of(Usage)
"""Makes a usage, quickly."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """One finished piece of work. Written once, whole, and never updated.

    Times are Unix microseconds, durations come from a monotonic clock, ids are lower-case hex.
    Every text in it has passed the project's policy: what is in a span may be stored.
    """

    project_id: UUID
    trace_id: str
    """32 hex digits."""
    span_id: str
    """16 hex digits."""
    parent_span_id: str = ""
    name: str
    kind: SpanKind
    source: SpanSource
    start_time_us: int
    duration_us: int
    ttft_us: int | None = None
    """From the request's arrival to the first byte of the answer; only for streams."""
    overhead_us: int | None = None
    """Total time less the time spent waiting for the upstream."""
    status: SpanStatus = "ok"
    status_message: str = ""
    error_type: str = ""
    http_status: int | None = None

    environment: str = ""
    service: str = ""
    release: str = ""
    session_id: str = ""
    user_id: str = ""
    feature: str = ""
    """The part of the product that is charged for the call."""
    prompt_name: str = ""
    prompt_version: str = ""
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)

    provider: str = ""
    route: str = ""
    api_key_id: UUID | None = None
    model_requested: str = ""
    model: str = ""
    """The model that served the call."""
    service_tier: str = ""
    is_streamed: bool = False
    attempts: int = 1
    cache_status: str = ""
    finish_reason: str = ""
    guard_action: str = ""
    """The strongest action a guard took: allow, flag, mask or block; empty when no guard ran."""
    usage: Usage = NO_USAGE
    reported_cost_usd: str | None = None
    """A cost the sender computed, as a decimal string; it wins over our own price."""

    request: dict[str, Any] = field(default_factory=dict)
    """Call parameters without the messages: temperature, tools, response_format, ..."""
    input_messages: list[Message] = field(default_factory=list)
    output_messages: list[Message] = field(default_factory=list)


new_span = twin_of(Span)
"""Makes a span, quickly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardEvent:
    """What one guard decided about one text. The text itself is never part of it."""

    id: UUID
    project_id: UUID
    trace_id: str
    span_id: str
    at_us: int
    policy_id: UUID
    policy_name: str
    policy_version: int
    guard: str
    guard_kind: str
    place: str
    action: str
    """allow, flag, mask, escalate or block; what the policy made of the finding, or of the guard's failure."""
    is_shadow: bool = False
    error: str = ""
    """Why the guard could not decide (timeout, unreachable, ...); empty when it did."""
    entities: dict[str, int] = field(default_factory=dict)
    """Findings by type: {"EMAIL_ADDRESS": 2}."""
    score: float | None = None
    duration_us: int = 0
    is_streamed: bool = False
    environment: str = ""
    route: str = ""
    model: str = ""
    entity_scores: dict[str, float] = field(default_factory=dict)
    """The highest score of each type that was found."""
    held_us: int | None = None
    """How long the guard held text back that had arrived; None where nobody measured it."""
    canary: str = ""
    """For a guard that is enforced for a part of the calls: enforced or shadow, as it was for this one."""
    scope: str = ""
    """Whose guard it was, in a policy that was put together of several."""
    api_key_id: UUID | None = None
    fingerprints: list[str] = field(default_factory=list)
    """By what a call that was held for a person is known again; the key to them is not in the store."""
    escalation_id: UUID | None = None
    """The earlier escalation that a person allowed, so that this text passed."""


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What all guards decided about one call, said in one breath: each decision becomes a row of guard events."""

    id: UUID
    """Of the first row; the others count on from there."""
    project_id: UUID
    trace_id: str
    span_id: str
    at_us: int
    policy_id: UUID
    policy_name: str
    policy_version: int
    sources: Mapping[Any, Any] = field(default_factory=dict)
    """The policies that the guards came from, by their scope, where several were put together: objects, or their JSON."""
    environment: str = ""
    route: str = ""
    model: str = ""
    api_key_id: UUID | None = None
    decisions: Sequence[Any] = ()
    """Objects, or their JSON, with the fields of a guard event that differ from guard to guard."""

    def events(self) -> "list[GuardEvent]":
        """Return the rows as guard events. Raises for decisions that were not read from a spool."""
        return [
            GuardEvent(id=UUID(int=number), **dict(zip(GUARD_EVENT_FIELDS[1:], others, strict=True)))
            for number, *others in self.rows()
        ]

    def rows(self) -> "list[tuple[Any, ...]]":
        """Return the rows: the id as a number, the other fields of a guard event in their order. Raises as `events` does."""
        first = self.id.int
        call = self.project_id, self.trace_id, self.span_id, self.at_us
        policy = self.policy_id, self.policy_name, self.policy_version
        about, key = (self.environment, self.route, self.model), self.api_key_id
        sources = {scope: _policy_columns(said) for scope, said in self.sources.items()}
        return [
            (
                (first + number) % _ALL_IDS,
                *call,
                *(sources.get(each.get("scope", ""), policy) if sources else policy),
                each["guard"],
                each["kind"],
                each["place"],
                each["action"],
                each.get("is_shadow", False),
                each.get("error", ""),
                each.get("entities") or {},
                each.get("score"),
                each.get("duration_us", 0),
                each.get("is_streamed", False),
                *about,
                each.get("entity_scores") or {},
                each.get("held_us"),
                each.get("canary", ""),
                each.get("scope", ""),
                key,
                *_held_columns(each.get("held")),
            )
            for number, each in enumerate(self.decisions)
        ]


new_verdicts = twin_of(Verdicts)
"""Makes verdicts, quickly."""


GUARD_EVENT_FIELDS = tuple(each.name for each in fields(GuardEvent))


def _held_columns(said: Mapping[str, Any] | None) -> tuple[list[str], UUID | None]:
    if not said:
        return [], None
    allowed = said.get("escalation_id")
    return list(said.get("fingerprints") or ()), UUID(allowed) if allowed else None


def _policy_columns(said: Mapping[str, Any]) -> tuple[UUID, str, int]:
    return _uuid(said["id"]), said["name"], said["version"]


_ALL_IDS = 2**128


ScoreState = Literal["scored", "unscored", "not_applicable"]
ScoreSource = Literal["judge", "code", "human", "user", "api"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One judgement of a span, trace or session, with what it judged copied beside it."""

    id: UUID
    """The same judgement always has the same id, so that a repeat replaces instead of doubling."""
    project_id: UUID
    name: str
    evaluator: str = ""
    version: str = ""
    target_kind: Literal["span", "trace", "session"] = "trace"
    trace_id: str = ""
    span_id: str = ""
    session_id: str = ""
    state: ScoreState = "scored"
    value: float | None = None
    label: str = ""
    reason: str = ""
    source: ScoreSource = "api"
    author: str = ""
    rule_id: UUID | None = None
    run_id: UUID | None = None
    probability: float = 1.0
    """The chance with which sampling chose this target; its inverse is the weight."""
    cost_usd: str | None = None
    duration_us: int = 0
    trace_start_us: int
    kind: str = ""
    model: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    environment: str = ""
    scored_at_us: int


Record = Span | GuardEvent | Verdicts | Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a call cost, and by which prices. Zero means it was free; a cost nobody knows has no Price."""

    cost_usd: Decimal
    input_cost_usd: Decimal | None = None
    """None when only the total is known."""
    output_cost_usd: Decimal | None = None
    unit_prices: dict[str, str] = field(default_factory=dict)
    """US dollars per unit as decimal strings, by unit: {"input_mtok": "2.5"} is per million input tokens."""
    source: Literal["genai-prices", "reported", "demo", "none"]
    """The price list, the sender, our own demo model, or none: nothing was bought."""
    version: str = ""
    """The version of the price list that was used."""


new_price = twin_of(Price)
"""Makes a price, quickly."""


@dataclass(frozen=True, slots=True)
class PricedSpan:
    """A span with its price, on its way from the spool into the store; None is a cost nobody knows."""

    span: Span
    price: Price | None


_TAGS: dict[type, bytes] = {
    Span: b"span",
    GuardEvent: b"guard_event",
    Verdicts: b"verdicts",
    Score: b"score",
}


def encode(record: Record) -> bytes:
    """Return the bytes of a record as the spool keeps them: its type's tag, a space, its JSON."""
    return _TAGS[type(record)] + b" " + orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS)


class UnreadableRecordError(ValueError):
    """The spool held bytes that are not a record of a known type and shape."""


def decode(payload: bytes) -> Record:
    """Read a record back. Raises UnreadableRecordError for anything `encode` did not write."""
    tag, _, body = payload.partition(b" ")
    try:
        found = orjson.loads(body)
        if tag == b"span":
            return _span(found)
        if tag == b"guard_event":
            found = {"api_key_id": None, "escalation_id": None} | found
            return GuardEvent(
                **_with_uuids(found, "id", "project_id", "policy_id", "api_key_id", "escalation_id")
            )
        if tag == b"verdicts":
            return _verdicts(found)
        if tag == b"score":
            return Score(**_with_uuids(found, "id", "project_id", "rule_id", "run_id"))
    except (TypeError, ValueError, AttributeError) as error:
        raise UnreadableRecordError(f"record of type {tag[:20]!r}: {error}") from error
    raise UnreadableRecordError(f"unknown record type {tag[:20]!r}")


def _verdicts(found: dict[str, Any]) -> Verdicts:
    found["id"] = UUID(found["id"])
    found["project_id"], found["policy_id"] = _uuid(found["project_id"]), _uuid(found["policy_id"])
    if found.get("api_key_id") is not None:
        found["api_key_id"] = _uuid(found["api_key_id"])
    said = new_verdicts(**found)
    for each in said.decisions:
        missing = _OF_A_DECISION - each.keys()
        if missing:
            raise ValueError(f"a decision lacks {sorted(missing)}")
    return said


_OF_A_DECISION = frozenset({"guard", "kind", "place", "action"})
_SPAN_FIELDS = tuple(each.name for each in fields(Span))


def _span(found: dict[str, Any]) -> Span:
    found["project_id"] = _uuid(found["project_id"])
    if found["api_key_id"] is not None:
        found["api_key_id"] = _uuid(found["api_key_id"])
    found["usage"] = new_usage(**found["usage"])
    found["tags"] = tuple(found["tags"])
    if tuple(found) != _SPAN_FIELDS:
        # Written by another version: what it did not know has its default, what we do not know is an error.
        return Span(**found)
    span = Span.__new__(Span)
    object.__setattr__(span, "__dict__", found)
    return span


def _with_uuids(found: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if found[name] is not None:
            found[name] = UUID(found[name])
    return found


@lru_cache(maxsize=4096)
def _uuid(text: str) -> UUID:
    return UUID(text)
