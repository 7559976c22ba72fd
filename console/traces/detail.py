"""A trace's figures, and one span laid open: its story in order, its bill with the formula, its remaining columns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from console import formats
from console.traces.messages import Readable, pretty, readable
from console.traces.tree import extent
from ingest.clickhouse.client import Client
from ingest.queries.guard_events import GuardEventRow, events_of_trace
from ingest.queries.scores import ScoreRow, scores_of_trace
from ingest.queries.spans import SpanDetail, SpanRow, spans_of_trace

MOST_SPANS = 3_000
LONG_HISTORY = 7
BILLED = ("llm", "embedding", "reranker")
INPUT_PLACES = ("system", "user", "history", "context", "tool_results")

_UNITS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "read from the cache",
    "cache_write_mtok": "written to the cache",
    "output_reasoning_mtok": "reasoning",
}
_SHOWN_ELSEWHERE = {
    "project_id", "trace_id", "span_id", "parent_span_id", "name", "kind", "source", "start_time", "duration_us", "ttft_us",
    "status", "status_message", "error_type", "model", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "cost_usd", "input_cost_usd", "output_cost_usd", "unit_prices", "price_source",
    "price_version", "attributes", "request", "usage_raw", "input_preview", "output_preview", "tags", "guard_action",
    "session_id", "user_id", "feature", "environment", "prompt_name", "prompt_version", "ingested_at", "api_key_id",
}  # fmt: skip
_FILTERS = {
    "environment": "env", "session_id": "session", "user_id": "user", "feature": "feature", "prompt_name": "prompt",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The spans of a trace in the order in which they began, with what was said about them."""

    trace_id: str
    nodes: Sequence[SpanRow]
    is_cut: bool
    """Whether it has more spans than are shown."""
    verdicts: Sequence[GuardEventRow]
    scores: Sequence[ScoreRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a trace adds up to."""

    title: str
    node: SpanRow
    """The span that speaks for the trace: its root, or the first one known here."""
    duration_us: int
    spans: int
    calls: int
    errors: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    unpriced: int
    guard_action: str
    models: tuple[str, ...]
    scores: tuple[ScoreRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to a call on its way."""

    title: str
    text: str = ""
    tone: str = ""
    took: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One line of a call's bill."""

    unit: str
    price: str
    per: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A span laid open."""

    columns: SpanDetail
    input: list[Readable]
    output: list[Readable]
    steps: list[Step]
    prices: list[Price]
    links: list[tuple[str, str, str]]
    """Label, value, and the parameter of the traces page that shows the like."""
    others: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    request: str
    usage: str
    raw: str
    verdicts: list[GuardEventRow]
    scores: list[ScoreRow]

    @property
    def opening(self) -> list[Readable]:
        """The messages to read first: all of them, or the first of a long history."""
        return self.input[:1] if self._is_long else self.input

    @property
    def earlier(self) -> list[Readable]:
        """The middle of a long history, which is folded away."""
        return self.input[1:-3] if self._is_long else []

    @property
    def recent(self) -> list[Readable]:
        """The end of a long history, which led to the answer."""
        return self.input[-3:] if self._is_long else []

    @property
    def _is_long(self) -> bool:
        return len(self.input) > LONG_HISTORY


def find_trace(client: Client, *, project_id: UUID, trace_id: str) -> Trace | None:
    """Return a trace, or None if the project has none with this id."""
    nodes = spans_of_trace(client, project_id=project_id, trace_id=trace_id, limit=MOST_SPANS + 1)
    if not nodes:
        return None
    return Trace(
        trace_id=trace_id,
        nodes=nodes[:MOST_SPANS],
        is_cut=len(nodes) > MOST_SPANS,
        verdicts=events_of_trace(client, project_id=project_id, trace_id=trace_id),
        scores=scores_of_trace(client, project_id=project_id, trace_id=trace_id),
    )


def summary(trace: Trace) -> Summary:
    """Return what the heading of a trace's page says."""
    nodes = trace.nodes
    top = next((node for node in nodes if not node.parent_span_id), nodes[0])
    calls = [node for node in nodes if node.kind in BILLED]
    costs = [node.cost_usd for node in calls if node.cost_usd is not None]
    return Summary(
        title=top.name or "Trace",
        node=top,
        duration_us=extent(nodes)[1],
        spans=len(nodes),
        calls=len(calls),
        errors=sum(node.status == "error" for node in nodes),
        input_tokens=_sum([node.input_tokens for node in calls]),
        output_tokens=_sum([node.output_tokens for node in calls]),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        unpriced=sum(node.cost_usd is None and node.status in ("ok", "aborted") for node in calls),
        guard_action=max((node.guard_action for node in nodes), key=_strength),
        models=tuple(dict.fromkeys(node.model for node in calls if node.model)),
        scores=tuple(score for score in trace.scores if not score.span_id),
    )


def opened(span: SpanDetail, trace: Trace, *, key_names: Mapping[str, str]) -> Opened:
    """Return a span with everything that is known of it."""
    verdicts = [verdict for verdict in trace.verdicts if verdict.span_id == span.span_id]
    return Opened(
        columns=span,
        input=readable(span.input_messages),
        output=readable(span.output_messages),
        steps=_steps(span, verdicts, key_names) if span.source == "proxy" else [],
        prices=[_price(unit, str(price)) for unit, price in span.unit_prices.items()],
        links=[
            (column.removesuffix("_id").removesuffix("_name"), value, parameter)
            for column, parameter in _FILTERS.items()
            if (value := str(getattr(span, column)))
        ],
        others=[
            (one.name.replace("_", " "), _said(one.name, value))
            for one in fields(SpanRow)
            if one.name not in _SHOWN_ELSEWHERE
            and (value := getattr(span, one.name)) not in (None, "", [], {})
        ],
        attributes=sorted(span.attributes.items()),
        request=pretty(span.request) if span.request else "",
        usage=pretty(span.usage_raw) if span.usage_raw else "",
        raw=pretty(asdict(span)),
        verdicts=verdicts,
        scores=[score for score in trace.scores if score.span_id == span.span_id],
    )


def _steps(span: SpanDetail, verdicts: Sequence[GuardEventRow], key_names: Mapping[str, str]) -> list[Step]:
    """Tell a proxied call as one story, from the key to the bill."""
    key = key_names.get(str(span.api_key_id), "an API key")
    route = f", route {span.route}" if span.route else ""
    steps = [
        Step(
            title="Admitted",
            text=f"with {key}, for {span.model_requested or span.model or 'no model'}{route}",
        )
    ]
    steps += [_verdict_step(verdict) for verdict in verdicts if verdict.place in INPUT_PLACES]
    if span.cache_status == "hit":
        steps.append(Step(title="Answered from the cache", tone="ok"))
    elif span.attempts:
        waited = span.duration_us - (span.overhead_us or 0)
        tries = f", {span.attempts} attempts" if span.attempts > 1 else ""
        first = f", first token after {formats.duration(span.ttft_us)}" if span.ttft_us is not None else ""
        steps.append(
            Step(
                title="Asked the upstream",
                text=f"{span.provider or 'unknown provider'} · {span.model or 'unknown model'}{tries}{first}",
                took=formats.duration(waited) if span.overhead_us is not None else "",
                tone="danger" if span.status == "error" else "",
            )
        )
    steps += [_verdict_step(verdict) for verdict in verdicts if verdict.place not in INPUT_PLACES]
    ending = span.finish_reason or span.status_message or ""
    steps.append(
        Step(
            title={
                "ok": "Answered",
                "error": "Failed",
                "blocked": "Blocked",
                "aborted": "Aborted by the caller",
            }.get(span.status, span.status),
            text=ending,
            took=f"{formats.duration(span.overhead_us)} in Parapet" if span.overhead_us is not None else "",
            tone={"ok": "ok", "error": "danger", "blocked": "guard", "aborted": "warn"}.get(span.status, ""),
        )
    )
    return steps  # fmt: skip


def _verdict_step(verdict: GuardEventRow) -> Step:
    found = ", ".join(f"{count} × {entity}" for entity, count in sorted(verdict.entities.items()))
    said = [
        f"{verdict.action}{' (shadow)' if verdict.is_shadow else ''} on {verdict.place.replace('_', ' ')}"
    ]
    if found:
        said.append(found)
    if verdict.error:
        said.append(f"could not decide: {verdict.error}")
    tone = {"flag": "warn", "mask": "info", "escalate": "guard", "block": "guard"}.get(verdict.action, "")
    return Step(
        title=f"Guard {verdict.guard}", text=" · ".join(said), tone=tone, took=formats.duration(verdict.duration_us)
    )  # fmt: skip


def _price(unit: str, price: str) -> Price:
    if unit.endswith("_mtok"):
        return Price(
            unit=_UNITS.get(unit, unit.removesuffix("_mtok").replace("_", " ")),
            price=price,
            per="million tokens",
        )
    return Price(unit=unit.removesuffix("_kcount").replace("_", " "), price=price, per="thousand" if unit.endswith("_kcount") else "unit")  # fmt: skip


def _said(name: str, value: Any) -> str:
    if name.endswith("_us"):
        return formats.duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _strength(action: str) -> int:
    order = ("", "allow", "flag", "mask", "escalate", "block")
    return order.index(action) if action in order else 0
