"""What OpenLLMetry adds to the GenAI conventions: `traceloop.*` and the rest of its `llm.*`."""

from typing import Any

from ingest.formats.draft import Draft
from ingest.formats.values import take, take_numbered, text
from ingest.records import SpanKind

KINDS: dict[str, SpanKind] = {
    "workflow": "chain",
    "task": "chain",
    "agent": "agent",
    "tool": "tool",
}
REQUEST_TYPES: dict[str, SpanKind] = {
    "chat": "llm",
    "completion": "llm",
    "embedding": "embedding",
    "rerank": "reranker",
}
_PROPERTY = "traceloop.association.properties."


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from OpenLLMetry's own attributes and take out what was understood."""
    kind = KINDS.get(text(take(attributes, "traceloop.span.kind")))
    draft.kind = draft.kind or REQUEST_TYPES.get(text(take(attributes, "llm.request.type"))) or kind
    draft.session_id = draft.session_id or text(
        take(attributes, _PROPERTY + "session_id", _PROPERTY + "chat_id", _PROPERTY + "thread_id")
    )
    draft.user_id = draft.user_id or text(take(attributes, _PROPERTY + "user_id", "llm.user"))
    draft.feature = draft.feature or text(take(attributes, _PROPERTY + "feature"))
    draft.prompt_name = draft.prompt_name or text(take(attributes, "traceloop.prompt.key"))
    draft.prompt_version = draft.prompt_version or text(
        take(attributes, "traceloop.prompt.version", "traceloop.prompt.version_name")
    )
    draft.is_streamed = draft.is_streamed or take(attributes, "llm.is_streaming") is True
    draft.ask(
        temperature=take(attributes, "llm.temperature"),
        top_p=take(attributes, "llm.top_p"),
        stop=take(attributes, "llm.chat.stop_sequences"),
        frequency_penalty=take(attributes, "llm.frequency_penalty"),
        presence_penalty=take(attributes, "llm.presence_penalty"),
    )
    listed = take_numbered(_functions(attributes), "llm.functions")
    functions = [{"type": "function", "function": each} for each in listed.get("llm.functions", ())]
    draft.ask(tools=functions or None)
    draft.raw_input = draft.raw_input or text(
        take(attributes, "traceloop.entity.input", "mcp.request.argument")
    )
    draft.raw_output = draft.raw_output or text(
        take(attributes, "traceloop.entity.output", "mcp.response.value")
    )
    # Sent by the SDK from HTTP requests; it may hold credentials.
    take(attributes, "llm.headers")


def _functions(attributes: dict[str, Any]) -> dict[str, Any]:
    """Take `llm.request.functions.N.…` out, under a prefix of two words."""
    keys = [key for key in attributes if key.startswith("llm.request.functions.")]
    return {key.replace("llm.request.", "llm.", 1): attributes.pop(key) for key in keys}
