"""Spans, guard events and scores for tests: ordinary ones, with what a test cares about replaced."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ingest.records import GuardEvent, Price, PricedSpan, Score, Span, Usage, Verdicts

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""When tests happen, unless they say otherwise."""
HOUR = timedelta(hours=1)


def microseconds(at: datetime) -> int:
    """Return a time as Unix microseconds."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def trace_id() -> str:
    """Return a new trace's id."""
    return uuid.uuid4().hex


def span_id() -> str:
    """Return a new span's id."""
    return uuid.uuid4().hex[:16]


def make_span(project_id: uuid.UUID, *, at: datetime = NOON, **changes: Any) -> Span:
    """Return a finished call of a chat model."""
    fields: dict[str, Any] = {
        "project_id": project_id,
        "trace_id": trace_id(),
        "span_id": span_id(),
        "name": "chat gpt-4o",
        "kind": "llm",
        "source": "proxy",
        "start_time_us": microseconds(at),
        "duration_us": 1_500_000,
        "ttft_us": 200_000,
        "environment": "production",
        "provider": "openai",
        "model": "gpt-4o",
        "model_requested": "gpt-4o",
        "finish_reason": "stop",
        "usage": Usage(input_tokens=100, output_tokens=20, source="reported", raw={"prompt_tokens": 100}),
        "request": {"temperature": 0.5},
        "input_messages": [
            {"role": "system", "content": "You are a concise assistant."},
            {"role": "user", "content": "What is the capital of France?"},
        ],
        "output_messages": [{"role": "assistant", "content": "Paris."}],
    }
    return Span(**fields | changes)


def make_priced(project_id: uuid.UUID, *, cost: str | None = "0.00045", **changes: Any) -> PricedSpan:
    """Return a call with its price; a cost of None is unknown."""
    span = make_span(project_id, **changes)
    if cost is None:
        return PricedSpan(span, None)
    price = Price(
        cost_usd=Decimal(cost),
        input_cost_usd=Decimal(cost),
        output_cost_usd=Decimal(0),
        unit_prices={"input_mtok": "2.5", "output_mtok": "10"},
        source="genai-prices",
        version="1",
    )
    return PricedSpan(span, price)


def make_event(project_id: uuid.UUID, *, at: datetime = NOON, **changes: Any) -> GuardEvent:
    """Return a guard's verdict that masked an e-mail address."""
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "project_id": project_id,
        "trace_id": trace_id(),
        "span_id": span_id(),
        "at_us": microseconds(at),
        "policy_id": uuid.uuid4(),
        "policy_name": "default",
        "policy_version": 3,
        "guard": "personal data",
        "guard_kind": "pii",
        "place": "user",
        "action": "mask",
        "entities": {"EMAIL_ADDRESS": 1},
        "score": 0.9,
        "duration_us": 800,
        "environment": "production",
        "model": "gpt-4o",
    }
    return GuardEvent(**fields | changes)


def make_verdicts(project_id: uuid.UUID, *, at: datetime = NOON, **changes: Any) -> Verdicts:
    """Return what the guards of one call decided: nothing, unless `decisions` are given."""
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "project_id": project_id,
        "trace_id": trace_id(),
        "span_id": span_id(),
        "at_us": microseconds(at),
        "policy_id": uuid.uuid4(),
        "policy_name": "default",
        "policy_version": 3,
        "environment": "production",
        "model": "gpt-4o",
    }
    return Verdicts(**fields | changes)


def make_score(project_id: uuid.UUID, *, at: datetime = NOON, **changes: Any) -> Score:
    """Return a judgement of a trace."""
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "project_id": project_id,
        "name": "helpfulness",
        "evaluator": "rubric",
        "version": "1",
        "trace_id": trace_id(),
        "value": 0.75,
        "reason": "It answers the question.",
        "source": "judge",
        "trace_start_us": microseconds(at),
        "kind": "llm",
        "model": "gpt-4o",
        "environment": "production",
        "scored_at_us": microseconds(at + HOUR),
    }
    return Score(**fields | changes)
