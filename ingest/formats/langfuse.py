"""The attributes of Langfuse's SDKs. They are what a person set by hand, so they speak first."""

from typing import Any

from ingest.formats import chat
from ingest.formats.draft import Draft
from ingest.formats.usage import usage_from
from ingest.formats.values import mapping, parsed, tags, take, text, usd
from ingest.records import SpanKind

KINDS: dict[str, SpanKind] = {
    "span": "span",
    "generation": "llm",
    "event": "event",
    "embedding": "embedding",
    "agent": "agent",
    "tool": "tool",
    "chain": "chain",
    "retriever": "retriever",
    "guardrail": "guardrail",
    "evaluator": "evaluator",
}
_OBSERVATION = "langfuse.observation."
_TEXTS = {
    "langfuse.observation.status_message": "status_message",
    "langfuse.observation.model.name": "model",
    "langfuse.observation.prompt.name": "prompt_name",
    "langfuse.observation.prompt.version": "prompt_version",
    "langfuse.user.id": "user_id",
    "langfuse.session.id": "session_id",
    "langfuse.environment": "environment",
    "langfuse.release": "release",
    "langfuse.version": "release",
}
_CACHE_READ = (
    "cache_read_input_tokens",
    "input_cached_tokens",
    "input_cache_read",
    "cache_read",
    "input_cached",
)
_CACHE_WRITE = ("cache_creation_input_tokens", "input_cache_creation", "cache_write", "input_cache_write")
_REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from `langfuse.*` and take out what was understood."""
    draft.kind = draft.kind or KINDS.get(text(take(attributes, _OBSERVATION + "type")).lower())
    if text(take(attributes, _OBSERVATION + "level")).upper() == "ERROR":
        draft.is_error = True
    draft.take_texts(attributes, _TEXTS)
    draft.tags = draft.tags or tags(take(attributes, "langfuse.trace.tags", "langfuse.tags"))
    draft.ask(mapping(take(attributes, _OBSERVATION + "model.parameters")))
    _read_usage(attributes, draft)
    _read_content(attributes, draft)


def _read_usage(attributes: dict[str, Any], draft: Draft) -> None:
    costs = mapping(take(attributes, _OBSERVATION + "cost_details"))
    total = costs.get(
        "total", sum(v for v in costs.values() if isinstance(v, (int, float))) if costs else None
    )
    draft.reported_cost_usd = draft.reported_cost_usd or usd(total)
    details = mapping(take(attributes, _OBSERVATION + "usage_details"))
    if details and draft.usage.source == "unknown":
        draft.usage = usage_from(
            details,
            input_tokens=details.get("input", details.get("prompt_tokens", details.get("input_tokens"))),
            output_tokens=details.get(
                "output", details.get("completion_tokens", details.get("output_tokens"))
            ),
            total_tokens=details.get("total", details.get("total_tokens")),
            cache_read_tokens=_any_of(details, _CACHE_READ),
            cache_write_tokens=_any_of(details, _CACHE_WRITE),
            reasoning_tokens=_any_of(details, _REASONING),
            # Langfuse's own buckets never overlap; those of OpenAI's names do.
            excludes_cached=True if "input" in details else None,
        )


def _read_content(attributes: dict[str, Any], draft: Draft) -> None:
    sent = take(attributes, _OBSERVATION + "input", "langfuse.trace.input")
    answered = take(attributes, _OBSERVATION + "output", "langfuse.trace.output")
    if draft.kind == "llm":
        draft.input = draft.input or chat.messages(_conversation(sent), role="user")
        draft.output = draft.output or chat.messages(parsed(answered), role="assistant")
    draft.raw_input = draft.raw_input or text(sent)
    draft.raw_output = draft.raw_output or text(answered)


def _conversation(value: Any) -> Any:
    value = parsed(value)
    return value["messages"] if isinstance(value, dict) and "messages" in value else value


def _any_of(details: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((details[name] for name in names if name in details), None)
