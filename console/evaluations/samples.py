"""A stored span as an evaluator sees it."""

from typing import Any

from evaluators import Sample
from ingest.queries.spans import SpanDetail


def sample_of(span: SpanDetail) -> Sample:
    """Turn a span and its messages into a sample."""
    answer = span.output_messages[-1] if span.output_messages else {}
    return Sample(
        output=text_of(answer),
        input="\n\n".join(
            text_of(message) for message in span.input_messages if message.get("role") == "user"
        ),
        context=tuple(
            text_of(message)
            for message in span.input_messages
            if message.get("role") in {"document", "context"}
        ),
        messages=tuple(span.input_messages),
        tool_calls=tuple(answer.get("tool_calls") or ()),
        finish_reason=span.finish_reason or None,
        model=span.model or None,
        latency_ms=span.duration_us / 1_000,
        cost_usd=float(span.cost_usd) if span.cost_usd is not None else None,
        input_tokens=span.input_tokens,
        output_tokens=span.output_tokens,
        tags=frozenset(span.tags),
        attributes=span.attributes,
    )


def text_of(message: dict[str, Any]) -> str:
    """Return a message's text, whatever form its content has."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    refusal = message.get("refusal")
    return refusal if isinstance(refusal, str) else ""
