"""Records with sensible defaults, for tests that need some and care about one or two of their fields."""

import uuid
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ingest.records import GuardEvent, Score, Span, Usage


def in_us(at: datetime) -> int:
    """Return a time in Unix microseconds."""
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def make_span(project_id: UUID, *, at: datetime | None = None, **changes: Any) -> Span:
    """Return a finished model call that began a minute ago, or `at`."""
    began = in_us(at) if at else in_us(datetime.now(UTC)) - 60_000_000
    details: dict[str, Any] = {
        "trace_id": uuid.uuid4().hex,
        "span_id": uuid.uuid4().hex[:16],
        "name": "chat",
        "kind": "llm",
        "source": "proxy",
        "start_time_us": began,
        "duration_us": 800_000,
        "environment": "production",
        "provider": "openai",
        "model_requested": "gpt-4o-mini",
        "model": "gpt-4o-mini",
        "finish_reason": "stop",
        "usage": Usage(input_tokens=12, output_tokens=5, source="reported"),
        "input_messages": [{"role": "user", "content": "How high is the wall?"}],
        "output_messages": [{"role": "assistant", "content": "Two metres, please mind the edge."}],
    } | changes
    return Span(project_id=project_id, **details)


def make_score(project_id: UUID, *, at: datetime | None = None, **changes: Any) -> Score:
    """Return a score given just now to a trace that began a minute ago, or `at`."""
    now = in_us(datetime.now(UTC))
    details: dict[str, Any] = {
        "id": uuid.uuid4(),
        "name": "polite",
        "evaluator": "contains",
        "trace_id": uuid.uuid4().hex,
        "value": 1.0,
        "source": "code",
        "trace_start_us": in_us(at) if at else now - 60_000_000,
        "scored_at_us": now,
    } | changes
    return Score(project_id=project_id, **details)


def make_guard_event(project_id: UUID, *, at: datetime | None = None, **changes: Any) -> GuardEvent:
    """Return a masking that happened a minute ago, or `at`."""
    details: dict[str, Any] = {
        "id": uuid.uuid4(),
        "trace_id": uuid.uuid4().hex,
        "span_id": uuid.uuid4().hex[:16],
        "at_us": in_us(at) if at else in_us(datetime.now(UTC)) - 60_000_000,
        "policy_id": uuid.uuid4(),
        "policy_name": "default",
        "policy_version": 1,
        "guard": "personal data",
        "guard_kind": "pii",
        "place": "user",
        "action": "mask",
        "entities": {"EMAIL_ADDRESS": 1},
        "duration_us": 1_500,
    } | changes
    return GuardEvent(project_id=project_id, **details)
