"""The attributes of Vercel's AI SDK."""

from typing import Any

from ingest.formats import chat
from ingest.formats.draft import Draft
from ingest.formats.usage import usage_from
from ingest.formats.values import items, mapping, milliseconds_as_us, parsed, tags, take, text
from ingest.records import Message, SpanKind

ROOTS = frozenset({"ai", "operation"})
_USAGE = "ai.usage."
_METADATA = "ai.telemetry.metadata."
_TEXTS = {
    "ai.response.model": "model",
    "ai.model.id": "model_requested",
    "ai.model.provider": "provider",
    "ai.response.finishReason": "finish_reason",
    "ai.finishReason": "finish_reason",
    "ai.telemetry.metadata.sessionId": "session_id",
    "ai.telemetry.metadata.userId": "user_id",
    "ai.telemetry.functionId": "feature",
}


def kind_of(operation: str) -> SpanKind | None:
    """Return the kind of `ai.operationId`: the inner call to a model, a tool, or the loop around them."""
    if operation == "ai.toolCall":
        return "tool"
    if operation.endswith((".doGenerate", ".doStream")):
        return "llm"
    if operation.endswith(".doEmbed"):
        return "embedding"
    return "chain" if operation.startswith("ai.") else None


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from `ai.*` and take out what was understood."""
    operation = text(attributes.get("ai.operationId") or attributes.get("operation.name")).partition(" ")[0]
    draft.kind = draft.kind or kind_of(operation)
    draft.take_texts(attributes, _TEXTS)
    ttft = milliseconds_as_us(take(attributes, "ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"))
    draft.ttft_us = draft.ttft_us if draft.ttft_us is not None else ttft
    draft.is_streamed = draft.is_streamed or operation.endswith(".doStream")
    draft.tags = draft.tags or tags(take(attributes, _METADATA + "tags"))
    draft.ask(
        {
            "tools": [parsed(tool) for tool in items(take(attributes, "ai.prompt.tools"))] or None,
            "temperature": take(attributes, "ai.settings.temperature"),
            "max_tokens": take(attributes, "ai.settings.maxOutputTokens", "ai.settings.maxTokens"),
        }
    )
    # An outer span repeats the tokens of the calls inside it; counting both would double the cost.
    if draft.kind in ("llm", "embedding"):
        _read_usage(attributes, draft)
    _read_content(attributes, draft)


def _read_usage(attributes: dict[str, Any], draft: Draft) -> None:
    raw = {key: attributes.pop(key) for key in list(attributes) if key.startswith(_USAGE)}
    if not raw or draft.usage.source != "unknown":
        return
    count = {key.removeprefix(_USAGE): value for key, value in raw.items()}
    draft.usage = usage_from(
        raw,
        input_tokens=count.get("inputTokens", count.get("promptTokens", count.get("tokens"))),
        output_tokens=count.get("outputTokens", count.get("completionTokens")),
        total_tokens=count.get("totalTokens"),
        cache_read_tokens=count.get("cachedInputTokens", count.get("inputTokenDetails.cacheReadTokens")),
        cache_write_tokens=count.get("inputTokenDetails.cacheWriteTokens"),
        reasoning_tokens=count.get("reasoningTokens", count.get("outputTokenDetails.reasoningTokens")),
    )


def _read_content(attributes: dict[str, Any], draft: Draft) -> None:
    prompt = mapping(take(attributes, "ai.prompt"))
    sent = chat.messages(
        take(attributes, "ai.prompt.messages") or prompt.get("messages") or prompt.get("prompt"), role="user"
    )
    system = chat.said("system", prompt.get("system"))
    draft.input = draft.input or (system + sent if sent else [])
    draft.input = draft.input or chat.said(
        "input", take(attributes, "ai.toolCall.args", "ai.value", "ai.values")
    )
    draft.output = draft.output or _answer(attributes)
    draft.output = draft.output or chat.said("output", take(attributes, "ai.toolCall.result"))


def _answer(attributes: dict[str, Any]) -> list[Message]:
    content = text(
        take(attributes, "ai.response.text", "ai.response.object", "ai.result.text", "ai.result.object")
    )
    calls = items(take(attributes, "ai.response.toolCalls", "ai.result.toolCalls"))
    if not content and not calls:
        return []
    message: dict[str, Any] = {"role": "assistant", "content": content or None}
    return chat.messages([message | {"tool_calls": calls} if calls else message], role="assistant")
