"""A stored span as an evaluator sees it."""

from evaluators import Sample
from ingest.messages import text_of
from ingest.queries.spans import SpanDetail

_DOCUMENTS = {"document", "context"}


def sample_of(span: SpanDetail) -> Sample:
    """Turn a span and its messages into a sample."""
    asked = span.input_messages
    answer = span.output_messages[-1] if span.output_messages else {}
    calls = answer.get("tool_calls")
    return Sample(
        output=text_of({name: value for name, value in answer.items() if name != "tool_calls"}),
        input="\n\n".join(text_of(message) for message in asked if message.get("role") == "user"),
        context=tuple(text_of(message) for message in asked if message.get("role") in _DOCUMENTS),
        messages=asked,
        tool_calls=tuple(call for call in calls if isinstance(call, dict)) if isinstance(calls, list) else (),
        finish_reason=span.finish_reason or None,
        model=span.model or None,
        latency_ms=span.duration_us / 1_000,
        cost_usd=None if span.cost_usd is None else float(span.cost_usd),
        input_tokens=span.input_tokens,
        output_tokens=span.output_tokens,
        tags=frozenset(span.tags),
        attributes=span.attributes,
    )
