"""A stored span as an evaluator sees it."""

from collections.abc import Sequence
from typing import Any

from evaluators import Sample
from ingest.messages import text_of
from ingest.queries.trace import StoredMessage, WholeSpan

_DOCUMENTS = {"document", "context"}


def sample_of(span: WholeSpan) -> Sample:
    """Turn a span and its messages into a sample."""
    columns, cost = span.columns, span.columns["cost_usd"]
    asked, answered = _bodies(span.input_messages), _bodies(span.output_messages)
    answer = answered[-1] if answered else {}
    return Sample(
        output=text_of({name: value for name, value in answer.items() if name != "tool_calls"}),
        input="\n\n".join(text_of(message) for message in asked if message.get("role") == "user"),
        context=tuple(text_of(message) for message in asked if message.get("role") in _DOCUMENTS),
        messages=tuple(asked),
        tool_calls=tuple(answer.get("tool_calls") or ()),
        finish_reason=columns["finish_reason"] or None,
        model=columns["model"] or None,
        latency_ms=columns["duration_us"] / 1_000,
        cost_usd=None if cost is None else float(cost),
        input_tokens=columns["input_tokens"],
        output_tokens=columns["output_tokens"],
        tags=frozenset(columns["tags"]),
        attributes=columns["attributes"],
    )


def _bodies(messages: Sequence[StoredMessage]) -> list[dict[str, Any]]:
    return [message.body for message in messages if isinstance(message.body, dict)]
