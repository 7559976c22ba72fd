"""What OpenLLMetry adds to the GenAI conventions: `traceloop.*` and the rest of its `llm.*`."""

from typing import Any

from ingest.formats.draft import Draft
from ingest.formats.values import take, take_numbered, text
from ingest.records import SpanKind

ROOTS = frozenset({"traceloop", "mcp"})
SIGNS = frozenset({"llm.request.type", "llm.is_streaming", "llm.headers"})
"""Keys that tell its `llm.*` from OpenInference's."""
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
_TEXTS = {
    "traceloop.association.properties.session_id": "session_id",
    "traceloop.association.properties.chat_id": "session_id",
    "traceloop.association.properties.thread_id": "session_id",
    "traceloop.association.properties.user_id": "user_id",
    "llm.user": "user_id",
    "traceloop.association.properties.feature": "feature",
    "traceloop.prompt.key": "prompt_name",
    "traceloop.prompt.version": "prompt_version",
    "traceloop.prompt.version_name": "prompt_version",
    "traceloop.entity.input": "raw_input",
    "mcp.request.argument": "raw_input",
    "traceloop.entity.output": "raw_output",
    "mcp.response.value": "raw_output",
}
_PARAMETERS = {
    "llm.temperature": "temperature",
    "llm.top_p": "top_p",
    "llm.chat.stop_sequences": "stop",
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
}


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from OpenLLMetry's own attributes and take out what was understood."""
    kind = KINDS.get(text(take(attributes, "traceloop.span.kind")))
    draft.kind = draft.kind or REQUEST_TYPES.get(text(take(attributes, "llm.request.type"))) or kind
    draft.take_texts(attributes, _TEXTS)
    draft.is_streamed = draft.is_streamed or take(attributes, "llm.is_streaming") is True
    draft.ask({name: attributes.pop(key) for key, name in _PARAMETERS.items() if key in attributes})
    listed = take_numbered(_functions(attributes), "llm.functions")
    functions = [{"type": "function", "function": each} for each in listed.get("llm.functions", ())]
    draft.ask({"tools": functions or None})
    # Sent by the SDK from HTTP requests; it may hold credentials.
    take(attributes, "llm.headers")


def _functions(attributes: dict[str, Any]) -> dict[str, Any]:
    """Take `llm.request.functions.N.…` out, under a prefix of two words."""
    keys = [key for key in attributes if key.startswith("llm.request.functions.")]
    return {key.replace("llm.request.", "llm.", 1): attributes.pop(key) for key in keys}
