"""OpenInference's conventions, as Phoenix and its many instrumentations write them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingest.formats import chat
from ingest.formats.draft import Draft
from ingest.formats.usage import usage_from
from ingest.formats.values import mapping, parsed, take, take_numbered, text, usd, within
from ingest.formats.wire import WireEvent
from ingest.records import Message, SpanKind

ROOTS = frozenset({"openinference", "llm", "retrieval", "reranker", "embedding"})
KINDS: dict[str, SpanKind] = {
    "LLM": "llm",
    "EMBEDDING": "embedding",
    "CHAIN": "chain",
    "RETRIEVER": "retriever",
    "RERANKER": "reranker",
    "TOOL": "tool",
    "AGENT": "agent",
    "GUARDRAIL": "guardrail",
    "EVALUATOR": "evaluator",
    "PROMPT": "span",
}


_TEXTS = {
    "llm.response.model_name": "model",
    "llm.response.model": "model",
    "llm.model_name": "model",
    "embedding.model_name": "model",
    "reranker.model_name": "model",
    "llm.request.model_name": "model_requested",
    "llm.provider": "provider",
    "llm.system": "provider",
    "llm.finish_reason": "finish_reason",
    "prompt.name": "prompt_name",
    "prompt.id": "prompt_name",
    "llm.prompt_template.version": "prompt_version",
    "prompt.version": "prompt_version",
}
_NUMBERED = (
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.choices",
    "llm.tools",
    "embedding.embeddings",
    "retrieval.documents",
    "reranker.input_documents",
    "reranker.output_documents",
)
Numbered = Mapping[str, Sequence[dict[str, Any]]]


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from OpenInference's attributes and take out what was understood."""
    kind = text(take(attributes, "openinference.span.kind")).upper()
    draft.kind = draft.kind or KINDS.get(kind)
    draft.take_texts(attributes, _TEXTS)
    if "llm.cost.total" in attributes:
        draft.reported_cost_usd = draft.reported_cost_usd or usd(attributes.pop("llm.cost.total"))
    numbered = take_numbered(attributes, *_NUMBERED)
    _read_parameters(attributes, numbered, draft)
    _read_usage(attributes, draft)
    _read_content(attributes, numbered, draft)


def read_events(events: Iterable[WireEvent], draft: Draft, *, start_ns: int) -> list[WireEvent]:
    """Note when a stream's first token came and return the other events."""
    others = []
    for event in events:
        if event.name == "First Token Stream Event":
            draft.is_streamed = True
            if draft.ttft_us is None and event.time_ns >= start_ns:
                draft.ttft_us = (event.time_ns - start_ns) // 1_000
        else:
            others.append(event)
    return others


def _read_parameters(attributes: dict[str, Any], numbered: Numbered, draft: Draft) -> None:
    parameters = mapping(take(attributes, "llm.invocation_parameters", "embedding.invocation_parameters"))
    requested = parameters.pop("model", None)
    if isinstance(requested, str):
        draft.model_requested = draft.model_requested or requested
    draft.is_streamed = draft.is_streamed or parameters.get("stream") is True
    parameters.pop("messages", None)
    draft.ask(parameters)
    tools = [_tool(item) for item in numbered.get("llm.tools", ())]
    draft.ask({"tools": tools or None, "top_k": take(attributes, "reranker.top_k")})


def _tool(item: dict[str, Any]) -> Any:
    tool = item.get("tool", item)
    return parsed(tool.get("json_schema", tool)) if isinstance(tool, dict) else tool


def _read_usage(attributes: dict[str, Any], draft: Draft) -> None:
    raw = {key: value for key, value in attributes.items() if key.startswith("llm.token_count.")}
    if not raw:
        return
    for key in raw:
        del attributes[key]
    if draft.usage.source != "unknown":
        return
    count = {key.removeprefix("llm.token_count."): value for key, value in raw.items()}
    draft.usage = usage_from(
        raw,
        input_tokens=count.get("prompt"),
        output_tokens=count.get("completion"),
        total_tokens=count.get("total"),
        cache_read_tokens=count.get("prompt_details.cache_read", count.get("prompt_details.cache_input")),
        cache_write_tokens=count.get("prompt_details.cache_write"),
        reasoning_tokens=count.get("completion_details.reasoning"),
    )


def _read_content(attributes: dict[str, Any], numbered: Numbered, draft: Draft) -> None:
    query = chat.said("input", take(attributes, "reranker.query"))
    if not numbered:
        draft.input = draft.input or query
        return
    sent = _messages(numbered.get("llm.input_messages", ()), role="user")
    answered = _messages(numbered.get("llm.output_messages", ()), role="assistant")
    draft.input = draft.input or sent or _completion_prompts(numbered)
    draft.output = draft.output or answered or _completion_answers(numbered)
    if not draft.input:
        draft.input = _embedded(numbered) or query + _documents(numbered.get("reranker.input_documents", ()))
    if not draft.output:
        draft.output = _documents(
            numbered.get("retrieval.documents") or numbered.get("reranker.output_documents") or ()
        )


def _completion_prompts(numbered: Numbered) -> list[Message]:
    return [
        message
        for item in numbered.get("llm.prompts", ())
        for message in chat.said("user", within(item, "prompt", "text") or item.get("value"))
    ]


def _completion_answers(numbered: Numbered) -> list[Message]:
    return [
        message
        for item in numbered.get("llm.choices", ())
        for message in chat.said("assistant", within(item, "completion", "text") or item.get("value"))
    ]


def _embedded(numbered: Numbered) -> list[Message]:
    """Return what was embedded. Vectors are of no use to a reader, and large."""
    return [
        message
        for item in numbered.get("embedding.embeddings", ())
        for message in chat.said("input", within(item, "embedding", "text"))
    ]


def _messages(listed: Sequence[dict[str, Any]], *, role: str) -> list[Message]:
    found: list[Message] = []
    for item in listed:
        message = item.get("message", item)
        if isinstance(message, dict):
            found += chat.messages([_message(message)], role=role)
    return found


def _message(message: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {
        key: message[key] for key in ("role", "content", "name", "tool_call_id") if key in message
    }
    parts = [_part(item.get("message_content", item)) for item in _listed(message.get("contents"))]
    if parts:
        plain["parts"] = parts
    calls = [_call(item.get("tool_call", item)) for item in _listed(message.get("tool_calls"))]
    if message.get("function_call_name"):
        calls.append(
            chat.tool_call(
                name=message["function_call_name"], arguments=message.get("function_call_arguments_json")
            )
        )
    if calls:
        plain["tool_calls"] = calls
    return plain


def _part(part: Any) -> dict[str, Any]:
    if not isinstance(part, dict):
        return {"type": "text", "text": text(part)}
    if "image" in part:
        url = within(part, "image", "image", "url") or within(part, "image", "url") or part["image"]
        return {"type": "image_url", "image_url": {"url": text(url)}}
    return part


def _call(call: Any) -> dict[str, Any]:
    return chat.tool_call(
        id=within(call, "id"),
        name=within(call, "function", "name"),
        arguments=within(call, "function", "arguments"),
    )


def _documents(listed: Sequence[dict[str, Any]]) -> list[Message]:
    found = []
    for item in listed:
        document = item.get("document", item)
        if isinstance(document, dict):
            found.append(
                chat.document(
                    content=document.get("content"),
                    id=document.get("id"),
                    score=document.get("score"),
                    metadata=document.get("metadata"),
                )
            )
    return found


def _listed(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
