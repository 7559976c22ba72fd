"""Simulated traces as OTLP requests: some services speak the GenAI conventions, the others OpenInference."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from console.demo.steps import Message, Step, Trace

SPEAKS_OPENINFERENCE = frozenset({"garden", "travel", "insurance", "kitchen"})
_OPERATIONS = {
    "agent": "invoke_agent",
    "chain": "invoke_workflow",
    "llm": "chat",
    "tool": "execute_tool",
    "retriever": "retrieval",
    "embedding": "embeddings",
}
_ERROR = 2
_CLIENT, _INTERNAL = 3, 1


def request_of(traces: Iterable[Trace], *, run: str) -> ExportTraceServiceRequest:
    """Return one request with these traces. `run` sets ids apart from those of other runs."""
    request = ExportTraceServiceRequest()
    for trace in traces:
        _add(request, trace, run)
    return request


def _add(request: ExportTraceServiceRequest, trace: Trace, run: str) -> None:
    spans = request.resource_spans.add()
    resource = {
        "service.name": trace.service,
        "service.version": trace.release,
        "deployment.environment.name": trace.environment,
    }
    for key, value in resource.items():
        _put(spans.resource.attributes.add(), key, value)
    scope = spans.scope_spans.add()
    scope.scope.name = "parapet.demo"
    trace_id = _id(run, trace.session_id, str(trace.start_us), size=16)
    for number, (step, start_us, parent) in enumerate(_walk(trace.root, trace.start_us, -1, [0])):
        span = scope.spans.add()
        span.trace_id = trace_id
        span.span_id = _id(trace_id.hex(), str(number), size=8)
        if parent >= 0:
            span.parent_span_id = _id(trace_id.hex(), str(parent), size=8)
        span.name = step.name
        span.kind = _CLIENT if step.kind in ("llm", "embedding", "reranker") else _INTERNAL
        span.start_time_unix_nano = start_us * 1_000
        span.end_time_unix_nano = (start_us + step.duration_us) * 1_000
        speak = _openinference if trace.domain in SPEAKS_OPENINFERENCE else _genai
        for key, value in (speak(step) | _context(trace) | _failure(step)).items():
            _put(span.attributes.add(), key, value)
        _add_outcome(span, step, start_us)


def _walk(step: Step, start_us: int, parent: int, counter: list[int]) -> Iterator[tuple[Step, int, int]]:
    """Yield each step with its start and the number of its parent; steps follow one another."""
    number = counter[0]
    counter[0] += 1
    yield step, start_us, parent
    at_us = start_us
    for inner in step.steps:
        at_us += inner.lead_us
        yield from _walk(inner, at_us, number, counter)
        at_us += inner.duration_us


def _add_outcome(span: Any, step: Step, start_us: int) -> None:
    if step.failure is not None:
        span.status.code = _ERROR
        span.status.message = step.failure.message
        event = span.events.add()
        event.name = "exception"
        event.time_unix_nano = (start_us + step.duration_us) * 1_000
        _put(event.attributes.add(), "exception.type", step.failure.type)
        _put(event.attributes.add(), "exception.message", step.failure.message)
    if step.ttft_us is not None:
        event = span.events.add()
        event.name = "First Token Stream Event"
        event.time_unix_nano = (start_us + step.ttft_us) * 1_000


def _context(trace: Trace) -> dict[str, Any]:
    return {
        "session.id": trace.session_id,
        "user.id": trace.user_id,
        "tag.tags": list(trace.tags),
        "parapet.feature": trace.feature,
        "parapet.prompt": trace.prompt,
    }


def _failure(step: Step) -> dict[str, Any]:
    if step.failure is None:
        return {}
    return {"error.type": step.failure.type, "http.response.status_code": step.failure.http_status}


def _genai(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {
        "gen_ai.operation.name": _OPERATIONS.get(step.kind, step.kind),
        "gen_ai.provider.name": step.provider,
        "gen_ai.request.model": step.model,
        "gen_ai.response.model": step.served if step.failure is None else "",
        "gen_ai.usage.input_tokens": step.input_tokens,
        "gen_ai.usage.output_tokens": step.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": step.cache_read_tokens,
        "gen_ai.usage.cache_creation.input_tokens": step.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": step.reasoning_tokens,
        "gen_ai.response.finish_reasons": [step.finish_reason] if step.finish_reason else [],
        "gen_ai.tool.definitions": json.dumps(step.tools) if step.tools else "",
    }
    said |= {f"gen_ai.request.{name}": value for name, value in step.parameters.items()}
    match step.kind:
        case "tool":
            said["gen_ai.tool.name"] = step.name
            said["gen_ai.tool.call.id"] = step.tool_call_id
            said["gen_ai.tool.call.arguments"] = _text(step.input)
            said["gen_ai.tool.call.result"] = _text(step.output)
        case "retriever":
            said["gen_ai.retrieval.query.text"] = _text(step.input)
            said["gen_ai.retrieval.documents"] = json.dumps(
                [{key: value for key, value in document.items() if key != "role"} for document in step.output]
            )
        case "llm":
            said["gen_ai.input.messages"] = json.dumps([_parts(message) for message in step.input])
            said["gen_ai.output.messages"] = json.dumps([_parts(message) for message in step.output])
        case "reranker":
            said = {"gen_ai.operation.name": "rerank", "gen_ai.provider.name": step.provider}
            said |= {"gen_ai.request.model": step.model, "gen_ai.retrieval.query.text": _text(step.input[:1])}
        case "embedding":
            said["gen_ai.input.messages"] = json.dumps([{"role": "input", "content": _text(step.input)}])
        case _:
            said["gen_ai.agent.name"] = step.name
            said["input.value"] = _text(step.input)
            said["output.value"] = _text(step.output)
    return _meaningful(said)


def _parts(message: Message) -> Message:
    """Return a message in the form of the GenAI conventions."""
    if message["role"] == "tool":
        part = {"type": "tool_call_response", "id": message["tool_call_id"], "response": message["content"]}
        return {"role": "tool", "parts": [part]}
    parts: list[Message] = []
    if message.get("content"):
        parts.append({"type": "text", "content": message["content"]})
    for call in message.get("tool_calls", ()):
        function = call["function"]
        parts.append(
            {
                "type": "tool_call",
                "id": call["id"],
                "name": function["name"],
                "arguments": json.loads(function["arguments"]),
            }
        )
    return {"role": message["role"], "parts": parts}


def _openinference(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {
        "openinference.span.kind": step.kind.upper(),
        "llm.token_count.prompt": step.input_tokens,
        "llm.token_count.completion": step.output_tokens,
        "llm.token_count.prompt_details.cache_read": step.cache_read_tokens,
        "llm.token_count.prompt_details.cache_write": step.cache_write_tokens,
        "llm.token_count.completion_details.reasoning": step.reasoning_tokens,
        "llm.finish_reason": step.finish_reason,
    }
    match step.kind:
        case "llm":
            said["llm.model_name"] = step.served
            said["llm.provider"] = step.provider
            said["llm.invocation_parameters"] = json.dumps({"model": step.model} | step.parameters)
            said |= _numbered("llm.input_messages", step.input) | _numbered(
                "llm.output_messages", step.output
            )
            said |= {
                f"llm.tools.{number}.tool.json_schema": json.dumps(tool)
                for number, tool in enumerate(step.tools)
            }
        case "embedding":
            said["embedding.model_name"] = step.served
            said["llm.provider"] = step.provider
            said["embedding.embeddings.0.embedding.text"] = _text(step.input)
        case "retriever":
            said["input.value"] = _text(step.input)
            said |= _documents("retrieval.documents", step.output)
        case "reranker":
            said["reranker.model_name"] = step.served
            said["llm.provider"] = step.provider
            said["reranker.query"] = _text(step.input[:1])
            said |= _documents("reranker.input_documents", step.input[1:])
            said |= _documents("reranker.output_documents", step.output)
        case _:
            said["input.value"] = _text(step.input)
            said["output.value"] = _text(step.output)
            said["tool.name"] = step.name if step.kind == "tool" else ""
    return _meaningful(said)


def _numbered(prefix: str, messages: list[Message]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for number, message in enumerate(messages):
        at = f"{prefix}.{number}.message"
        flat[f"{at}.role"] = message["role"]
        flat[f"{at}.content"] = message.get("content")
        flat[f"{at}.tool_call_id"] = message.get("tool_call_id")
        for place, call in enumerate(message.get("tool_calls", ())):
            flat[f"{at}.tool_calls.{place}.tool_call.id"] = call["id"]
            flat[f"{at}.tool_calls.{place}.tool_call.function.name"] = call["function"]["name"]
            flat[f"{at}.tool_calls.{place}.tool_call.function.arguments"] = call["function"]["arguments"]
    return flat


def _documents(prefix: str, documents: list[Message]) -> dict[str, Any]:
    return {
        f"{prefix}.{number}.document.{key}": document.get(key)
        for number, document in enumerate(documents)
        for key in ("id", "content", "score")
    }


def _text(messages: list[Message]) -> str:
    return "\n".join(str(message.get("content") or "") for message in messages)


def _meaningful(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value not in (None, "", 0, [])}


def _put(pair: Any, key: str, value: Any) -> None:
    pair.key = key
    if isinstance(value, str):
        pair.value.string_value = value
    elif isinstance(value, int):
        pair.value.int_value = value
    elif isinstance(value, float):
        pair.value.double_value = value
    else:
        for item in value:
            pair.value.array_value.values.add().string_value = item


def _id(*parts: str, size: int) -> bytes:
    return hashlib.blake2b("/".join(parts).encode(), digest_size=size).digest()
