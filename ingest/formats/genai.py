"""OpenTelemetry's GenAI conventions, the present ones and those of earlier years."""

from collections.abc import Iterable, Sequence
from typing import Any

from ingest.formats import chat
from ingest.formats.draft import Draft
from ingest.formats.usage import usage_from
from ingest.formats.values import items, mapping, parsed, seconds_as_us, take, take_numbered, text, usd
from ingest.formats.wire import WireEvent
from ingest.records import Message, SpanKind

ROOTS = frozenset({"gen_ai", "openai"})
KINDS: dict[str, SpanKind] = {
    "chat": "llm",
    "generate_content": "llm",
    "text_completion": "llm",
    "completion": "llm",
    "embeddings": "embedding",
    "embedding": "embedding",
    "retrieval": "retriever",
    "search_memory": "retriever",
    "rerank": "reranker",
    "create_agent": "agent",
    "invoke_agent": "agent",
    "execute_tool": "tool",
    "invoke_workflow": "chain",
    "plan": "chain",
    "create_memory": "tool",
    "update_memory": "tool",
    "upsert_memory": "tool",
    "delete_memory": "tool",
    "create_memory_store": "tool",
    "delete_memory_store": "tool",
    "run_guardrail": "guardrail",
    "apply_guardrail": "guardrail",
    "evaluate": "evaluator",
}
_TEXTS = {
    "gen_ai.provider.name": "provider",
    "gen_ai.system": "provider",
    "gen_ai.request.model": "model_requested",
    "gen_ai.response.model": "model",
    "gen_ai.conversation.id": "session_id",
    "gen_ai.prompt.name": "prompt_name",
    "gen_ai.prompt.version": "prompt_version",
    "openai.response.service_tier": "service_tier",
    "gen_ai.openai.response.service_tier": "service_tier",
    "openai.request.service_tier": "service_tier",
    "gen_ai.openai.request.service_tier": "service_tier",
}
_PARAMETERS = {
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.top_k": "top_k",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.seed": "seed",
    "gen_ai.request.choice.count": "n",
    "gen_ai.request.stop_sequences": "stop",
    "gen_ai.request.encoding_formats": "encoding_format",
    "gen_ai.embeddings.dimension.count": "dimensions",
    "gen_ai.output.type": "output_type",
}
_EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


def read(attributes: dict[str, Any], draft: Draft) -> None:
    """Fill the draft from `gen_ai.*` and take out what was understood."""
    draft.kind = draft.kind or KINDS.get(text(attributes.get("gen_ai.operation.name")))
    draft.take_texts(attributes, _TEXTS)
    if "gen_ai.response.finish_reasons" in attributes:
        reasons = items(attributes.pop("gen_ai.response.finish_reasons"))
        draft.finish_reason = draft.finish_reason or (text(reasons[0]) if reasons else "")
    if "gen_ai.response.time_to_first_chunk" in attributes:
        ttft = seconds_as_us(attributes.pop("gen_ai.response.time_to_first_chunk"))
        draft.ttft_us = draft.ttft_us if draft.ttft_us is not None else ttft
        draft.is_streamed = draft.is_streamed or ttft is not None
    if take(attributes, "gen_ai.request.stream", "gen_ai.request.is_stream") is True:
        draft.is_streamed = True
    draft.ask({name: attributes.pop(key) for key, name in _PARAMETERS.items() if key in attributes})
    if "gen_ai.tool.definitions" in attributes:
        draft.ask({"tools": _tools(attributes.pop("gen_ai.tool.definitions"))})
    _read_usage(attributes, draft)
    _read_content(attributes, draft)


def read_events(events: Iterable[WireEvent], draft: Draft) -> list[WireEvent]:
    """Fill the draft from message events and return the events that are about something else."""
    sent: list[Message] = []
    answered: list[Message] = []
    others: list[WireEvent] = []
    for event in events:
        if event.name in _EVENT_ROLES:
            sent += _event_message(event, _EVENT_ROLES[event.name])
        elif event.name == "gen_ai.choice":
            answered += _event_message(event, "assistant")
        elif event.name == "gen_ai.content.prompt":
            sent += chat.messages(event.attributes.get("gen_ai.prompt"), role="user")
        elif event.name == "gen_ai.content.completion":
            answered += chat.messages(event.attributes.get("gen_ai.completion"), role="assistant")
        elif event.name == "gen_ai.client.inference.operation.details":
            read(dict(event.attributes), draft)
        else:
            others.append(event)
    draft.input = draft.input or sent
    _take_answer(draft, answered)
    return others


def _read_usage(attributes: dict[str, Any], draft: Draft) -> None:
    raw = {key: value for key, value in attributes.items() if key.startswith("gen_ai.usage.")}
    if not raw:
        return
    for key in raw:
        del attributes[key]
    reported = dict(raw)
    draft.reported_cost_usd = draft.reported_cost_usd or usd(
        take(reported, "gen_ai.usage.cost", "gen_ai.usage.total_cost")
    )
    if draft.usage.source == "unknown":
        draft.usage = usage_from(
            raw,
            input_tokens=take(reported, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
            output_tokens=take(reported, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
            total_tokens=take(reported, "gen_ai.usage.total_tokens"),
            cache_read_tokens=take(
                reported,
                "gen_ai.usage.cache_read.input_tokens",
                "gen_ai.usage.cache_read_input_tokens",
                "gen_ai.usage.details.cache_read_tokens",
                "gen_ai.usage.details.cache_read_input_tokens",
                "gen_ai.usage.cache_read_tokens",
                "gen_ai.usage.input_tokens.cached",
            ),
            cache_write_tokens=take(
                reported,
                "gen_ai.usage.cache_creation.input_tokens",
                "gen_ai.usage.cache_creation_input_tokens",
                "gen_ai.usage.details.cache_write_tokens",
                "gen_ai.usage.details.cache_creation_input_tokens",
                "gen_ai.usage.cache_write_tokens",
            ),
            reasoning_tokens=take(
                reported,
                "gen_ai.usage.reasoning.output_tokens",
                "gen_ai.usage.reasoning_tokens",
                "gen_ai.usage.details.reasoning_tokens",
                "gen_ai.usage.output_tokens.reasoning",
            ),
        )


def _read_content(attributes: dict[str, Any], draft: Draft) -> None:
    system = _instructions(take(attributes, "gen_ai.system_instructions"))
    sent = chat.messages(take(attributes, "gen_ai.input.messages", "gen_ai.prompt"), role="user")
    answered = chat.messages(
        take(attributes, "gen_ai.output.messages", "gen_ai.completion"), role="assistant"
    )
    numbered = take_numbered(attributes, "gen_ai.prompt", "gen_ai.completion")
    if not sent:
        sent = _messages(numbered.get("gen_ai.prompt", ()), role="user")
    if not answered:
        answered = _messages(numbered.get("gen_ai.completion", ()), role="assistant")
    sent = sent or chat.said(
        "input", take(attributes, "gen_ai.retrieval.query.text", "gen_ai.memory.query.text")
    )
    sent = sent or chat.said("input", take(attributes, "gen_ai.tool.call.arguments"))
    answered = answered or chat.documents(
        take(attributes, "gen_ai.retrieval.documents", "gen_ai.memory.records")
    )
    answered = answered or chat.said("output", take(attributes, "gen_ai.tool.call.result"))
    draft.input = draft.input or system + sent
    _take_answer(draft, answered)


def _take_answer(draft: Draft, answered: list[Message]) -> None:
    """Keep the answer. Its finish reason is the call's: in a later call's history it would be gone."""
    for message in answered:
        reason = message.pop("finish_reason", "")
        draft.finish_reason = draft.finish_reason or reason
    draft.output = draft.output or answered


def _messages(listed: Sequence[dict[str, Any]], *, role: str) -> list[Message]:
    """Read what `gen_ai.prompt.0.role`, `gen_ai.prompt.0.content` and so on were gathered into."""
    return chat.messages(
        [item for item in listed if item.keys() & {"role", "content", "tool_calls"}], role=role
    )


def _instructions(value: Any) -> list[Message]:
    value = parsed(value)
    if isinstance(value, list):
        return chat.messages([{"role": "system", "parts": value}], role="system")
    return chat.said("system", value)


def _event_message(event: WireEvent, role: str) -> list[Message]:
    body = mapping(event.attributes.get("message")) or dict(event.attributes)
    if event.attributes.get("finish_reason"):
        body = body | {"finish_reason": event.attributes["finish_reason"]}
    if role == "tool" and "id" in body:
        body = body | {"tool_call_id": body["id"]}
    return chat.messages([{"role": role} | body], role=role)


def _tools(value: Any) -> list[dict[str, Any]] | None:
    """Return tool definitions in OpenAI's shape, whichever of the two usual ones they came in."""
    tools = []
    for tool in items(value):
        if isinstance(tool, dict):
            plain = {key: part for key, part in tool.items() if key != "type"}
            tools.append(tool if "function" in tool else {"type": "function", "function": plain})
    return tools or None
