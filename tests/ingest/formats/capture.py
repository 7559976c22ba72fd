"""Make the golden payloads again: `python -m tests.ingest.formats.capture`.

Spans are recorded by the official SDK; those of `openinference_openai` by the OpenInference
instrumentation around the official OpenAI client, whose HTTP requests are answered here.
The other dialects' attributes are written by hand after their specifications.
"""

import base64
import contextlib
import json
import random
from pathlib import Path
from typing import Any

import httpx2 as httpx
from google.protobuf.json_format import MessageToDict
from openai import OpenAI, OpenAIError
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Status, StatusCode, Tracer

HERE = Path(__file__).parent / "golden"
START_NS = 1_790_000_000_000_000_000


class _CountingIds(IdGenerator):
    def __init__(self) -> None:
        self._random = random.Random(7)

    def generate_span_id(self) -> int:
        return self._random.getrandbits(64)

    def generate_trace_id(self) -> int:
        return self._random.getrandbits(128)


def main() -> None:
    """Write every payload."""
    for scenario in (
        openinference_openai,
        openinference_rag,
        genai_agent,
        genai_legacy_events,
        openllmetry_chat,
        langfuse_generation,
        vercel_stream,
    ):
        memory = InMemorySpanExporter()
        resource = Resource(
            {"service.name": "shop", "service.version": "2.4.1", "deployment.environment.name": "staging"}
        )
        provider = TracerProvider(resource=resource, id_generator=_CountingIds())
        provider.add_span_processor(SimpleSpanProcessor(memory))
        scenario(provider.get_tracer("capture"), provider)
        payload = otlp_json(memory.get_finished_spans())
        (HERE / f"{scenario.__name__}.otlp.json").write_text(json.dumps(payload, indent=1) + "\n")


def otlp_json(spans: Any) -> dict[str, Any]:
    """Return spans as OTLP/JSON with the times replaced by steady ones."""
    payload: dict[str, Any] = MessageToDict(encode_spans(spans))
    step = 0
    for resource_spans in payload["resourceSpans"]:
        resource_spans["resource"]["attributes"] = [
            pair
            for pair in resource_spans["resource"]["attributes"]
            if not pair["key"].startswith("telemetry.")
        ]
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = base64.b64decode(span[key]).hex()
                span["startTimeUnixNano"] = str(START_NS + step * 1_000_000_000)
                span["endTimeUnixNano"] = str(START_NS + step * 1_000_000_000 + 250_000_000)
                for event in span.get("events", ()):
                    event["timeUnixNano"] = span["endTimeUnixNano"]
                    event["attributes"] = [
                        pair for pair in event.get("attributes", ()) if pair["key"] != "exception.stacktrace"
                    ]
                step += 1
    return payload


def with_base64_ids(payload: dict[str, Any]) -> dict[str, Any]:
    """Return OTLP/JSON in the form of protobuf's own JSON mapping, whose ids are in base64."""
    for resource_spans in payload["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    return payload


def record(tracer: Tracer, name: str, attributes: dict[str, Any]) -> ReadableSpan:
    """Record one span with these attributes."""
    with tracer.start_as_current_span(name, attributes=attributes) as span:
        pass
    assert isinstance(span, ReadableSpan)
    return span


def openinference_openai(tracer: Tracer, provider: TracerProvider) -> None:
    """Calls of the OpenAI client: tools, a stream, an embedding and a failure, under one agent."""
    client = OpenAI(
        api_key="unused",
        base_url="http://upstream.test/v1",
        max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(_answer)),
    )
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    tool: Any = {
        "type": "function",
        "function": {
            "name": "order_status",
            "description": "Look up an order",
            "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
        },
    }
    messages: list[Any] = [
        {"role": "system", "content": "You help customers of a garden shop."},
        {"role": "user", "content": "Where is order 1882?"},
    ]
    with tracer.start_as_current_span(
        "support agent",
        attributes={
            "openinference.span.kind": "AGENT",
            "input.value": "Where is order 1882?",
            "output.value": "It leaves our warehouse today.",
            "session.id": "session-9",
            "user.id": "customer-4",
            "tag.tags": ["support", "orders"],
        },
    ):
        client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[tool], temperature=0.2)
        record(
            tracer,
            "order_status",
            {
                "openinference.span.kind": "TOOL",
                "tool.name": "order_status",
                "input.value": '{"order": "1882"}',
                "input.mime_type": "application/json",
                "output.value": '{"state": "packed"}',
            },
        )
        messages += [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "order_status", "arguments": '{"order": "1882"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": '{"state": "packed"}'},
        ]
        stream = client.chat.completions.create(
            model="gpt-4o-mini", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        list(stream)
        client.embeddings.create(model="text-embedding-3-small", input=["order 1882"])
        with contextlib.suppress(OpenAIError):
            client.chat.completions.create(model="busy", messages=messages[:2])
    instrumentor.uninstrument()


def _answer(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    if request.url.path.endswith("/embeddings"):
        vector = {"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125]}
        embedded = {"prompt_tokens": 4, "total_tokens": 4}
        return httpx.Response(
            200, json={"object": "list", "model": body["model"], "data": [vector], "usage": embedded}
        )
    if body["model"] == "busy":
        return httpx.Response(429, json={"error": {"message": "slow down", "type": "rate_limit_exceeded"}})
    usage: dict[str, Any] = {
        "prompt_tokens": 120,
        "completion_tokens": 18,
        "total_tokens": 138,
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 6},
    }
    answer: dict[str, Any] = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-mini-2024-07-18"}
    if body.get("stream"):
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "It leaves our "}}]},
            {"choices": [{"index": 0, "delta": {"content": "warehouse today."}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": usage},
        ]
        lines = [
            f"data: {json.dumps(answer | {'object': 'chat.completion.chunk'} | chunk)}\n\n"
            for chunk in chunks
        ]
        return httpx.Response(
            200, headers={"content-type": "text/event-stream"}, text="".join([*lines, "data: [DONE]\n\n"])
        )
    function = {"name": "order_status", "arguments": '{"order": "1882"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return httpx.Response(
        200, json=answer | {"object": "chat.completion", "choices": [choice], "usage": usage}
    )


def openinference_rag(tracer: Tracer, provider: TracerProvider) -> None:
    """Retrieval, reranking and an answer that was priced by its sender."""
    record(
        tracer,
        "retrieve",
        {
            "openinference.span.kind": "RETRIEVER",
            "input.value": "How often do ferns need water?",
            "retrieval.documents.0.document.id": "ferns-3",
            "retrieval.documents.0.document.content": "Ferns like moist soil.",
            "retrieval.documents.0.document.score": 0.91,
            "retrieval.documents.0.document.metadata": '{"page": 3}',
            "retrieval.documents.1.document.content": "Water ferns twice a week.",
        },
    )
    record(
        tracer,
        "rerank",
        {
            "openinference.span.kind": "RERANKER",
            "reranker.query": "How often do ferns need water?",
            "reranker.model_name": "rerank-v3.5",
            "reranker.top_k": 1,
            "reranker.input_documents.0.document.content": "Ferns like moist soil.",
            "reranker.input_documents.1.document.content": "Water ferns twice a week.",
            "reranker.output_documents.0.document.content": "Water ferns twice a week.",
            "reranker.output_documents.0.document.score": 0.97,
        },
    )
    record(
        tracer,
        "answer",
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "claude-sonnet-4-5",
            "llm.provider": "anthropic",
            "llm.system": "anthropic",
            "llm.invocation_parameters": '{"model": "claude-sonnet-4-5", "max_tokens": 300}',
            "llm.prompt_template.version": "7",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "What is on this picture?",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.input_messages.0.message.contents.1.message_content.image.image.url": "https://example.com/fern.png",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "A fern.",
            "llm.token_count.prompt": 40,
            "llm.token_count.completion": 5,
            "llm.token_count.total": 145,
            "llm.token_count.prompt_details.cache_read": 80,
            "llm.token_count.prompt_details.cache_write": 20,
            "llm.cost.total": 0.00125,
            "metadata": '{"shelf": "B"}',
        },
    )


def genai_agent(tracer: Tracer, provider: TracerProvider) -> None:
    """An agent with a tool under the present GenAI conventions."""
    with tracer.start_as_current_span(
        "invoke_agent planner",
        attributes={
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "planner",
            "gen_ai.conversation.id": "conversation-5",
        },
    ):
        record(
            tracer,
            "chat gpt-5",
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "azure.ai.openai",
                "gen_ai.request.model": "gpt-5",
                "gen_ai.response.model": "gpt-5-2025-08-07",
                "gen_ai.request.temperature": 0.5,
                "gen_ai.request.max_tokens": 500,
                "gen_ai.request.stop_sequences": ["END"],
                "gen_ai.response.finish_reasons": ["tool_call"],
                "gen_ai.response.time_to_first_chunk": 0.125,
                "gen_ai.usage.input_tokens": 900,
                "gen_ai.usage.output_tokens": 60,
                "gen_ai.usage.cache_read.input_tokens": 512,
                "gen_ai.usage.reasoning.output_tokens": 20,
                "gen_ai.prompt.name": "planner",
                "gen_ai.system_instructions": '[{"type": "text", "content": "Plan trips."}]',
                "gen_ai.input.messages": json.dumps(
                    [{"role": "user", "parts": [{"type": "text", "content": "Rain in Bergen?"}]}]
                ),
                "gen_ai.output.messages": json.dumps(
                    [
                        {
                            "role": "assistant",
                            "parts": [
                                {"type": "reasoning", "content": "I need the weather."},
                                {
                                    "type": "tool_call",
                                    "id": "call_7",
                                    "name": "weather",
                                    "arguments": {"city": "Bergen"},
                                },
                            ],
                            "finish_reason": "tool_call",
                        }
                    ]
                ),
                "gen_ai.tool.definitions": json.dumps(
                    [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]
                ),
            },
        )
        record(
            tracer,
            "execute_tool weather",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "weather",
                "gen_ai.tool.call.id": "call_7",
                "gen_ai.tool.call.arguments": '{"city": "Bergen"}',
                "gen_ai.tool.call.result": '{"rain": true}',
            },
        )
        with tracer.start_as_current_span(
            "chat gpt-5",
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "azure.ai.openai",
                "gen_ai.request.model": "gpt-5",
                "error.type": "timeout",
                "http.response.status_code": 504,
            },
        ) as span:
            span.record_exception(TimeoutError("no answer within 30 s"))
            span.set_status(Status(StatusCode.ERROR, "no answer within 30 s"))
        record(
            tracer,
            "retrieval guides",
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.data_source.id": "guides",
                "gen_ai.retrieval.query.text": "umbrella",
                "gen_ai.retrieval.documents": json.dumps(
                    [{"id": "g1", "content": "It rains 231 days a year.", "score": 0.8}]
                ),
            },
        )


def genai_legacy_events(tracer: Tracer, provider: TracerProvider) -> None:
    """Messages as span events, and usage under its former names."""
    with tracer.start_as_current_span(
        "chat",
        attributes={
            "gen_ai.system": "mistral_ai",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "mistral-small-latest",
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 3,
        },
    ) as span:
        span.add_event("gen_ai.system.message", {"content": "Be brief."})
        span.add_event("gen_ai.user.message", {"content": "Capital of Peru?"})
        span.add_event(
            "gen_ai.choice",
            {"index": 0, "finish_reason": "stop", "message": '{"role": "assistant", "content": "Lima."}'},
        )
        span.add_event("cache.miss", {"layer": "semantic"})


def openllmetry_chat(tracer: Tracer, provider: TracerProvider) -> None:
    """Numbered prompts and completions in a workflow of OpenLLMetry."""
    with tracer.start_as_current_span(
        "triage.workflow",
        attributes={
            "traceloop.span.kind": "workflow",
            "traceloop.entity.name": "triage",
            "traceloop.entity.input": '{"ticket": 12}',
            "traceloop.entity.output": '{"queue": "billing"}',
            "traceloop.association.properties.user_id": "agent-2",
            "traceloop.association.properties.session_id": "shift-3",
        },
    ):
        record(
            tracer,
            "openai.chat",
            {
                "llm.request.type": "chat",
                "gen_ai.system": "OpenAI",
                "gen_ai.request.model": "gpt-4.1-mini",
                "gen_ai.response.model": "gpt-4.1-mini-2025-04-14",
                "gen_ai.prompt.0.role": "system",
                "gen_ai.prompt.0.content": "Sort tickets.",
                "gen_ai.prompt.1.role": "user",
                "gen_ai.prompt.1.content": "I was charged twice.",
                "gen_ai.completion.0.role": "assistant",
                "gen_ai.completion.0.finish_reason": "tool_calls",
                "gen_ai.completion.0.tool_calls.0.id": "call_2",
                "gen_ai.completion.0.tool_calls.0.name": "assign",
                "gen_ai.completion.0.tool_calls.0.arguments": '{"queue": "billing"}',
                "llm.request.functions.0.name": "assign",
                "llm.request.functions.0.description": "Assign a ticket",
                "llm.is_streaming": False,
                "llm.headers": "authorization: Bearer secret",
                "llm.usage.total_tokens": 70,
                "gen_ai.usage.input_tokens": 60,
                "gen_ai.usage.output_tokens": 10,
                "gen_ai.usage.cache_read_input_tokens": 0,
                "traceloop.prompt.key": "triage",
                "traceloop.prompt.version": 4,
            },
        )


def langfuse_generation(tracer: Tracer, provider: TracerProvider) -> None:
    """A generation with Langfuse's own buckets of tokens and cost."""
    record(
        tracer,
        "summarise",
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "cut off",
            "langfuse.observation.model.name": "claude-haiku-4-5",
            "langfuse.observation.model.parameters": '{"temperature": 0.1, "max_tokens": 64}',
            "langfuse.observation.input": '[{"role": "user", "content": "Summarise the minutes."}]',
            "langfuse.observation.output": '{"role": "assistant", "content": "Three decisions were made."}',
            "langfuse.observation.usage_details": json.dumps(
                {"input": 100, "output": 20, "cache_read_input_tokens": 900, "total": 1020}
            ),
            "langfuse.observation.cost_details": '{"input": 0.0001, "output": 0.0002, "total": 0.0003}',
            "langfuse.observation.prompt.name": "minutes",
            "langfuse.observation.prompt.version": 12,
            "langfuse.trace.tags": ["board"],
            "langfuse.environment": "production",
            "langfuse.release": "r7",
            "user.id": "clerk",
            "session.id": "meeting-1",
            "langfuse.trace.metadata.room": "blue",
        },
    )


def vercel_stream(tracer: Tracer, provider: TracerProvider) -> None:
    """A streamed call of Vercel's AI SDK: the outer span repeats the usage of the inner one."""
    usage = {
        "ai.usage.inputTokens": 30,
        "ai.usage.outputTokens": 8,
        "ai.usage.totalTokens": 38,
        "ai.usage.cachedInputTokens": 10,
    }
    with tracer.start_as_current_span(
        "ai.streamText",
        attributes={
            "ai.operationId": "ai.streamText",
            "operation.name": "ai.streamText quiz",
            "ai.telemetry.functionId": "quiz",
            "ai.telemetry.metadata.userId": "pupil-1",
            "ai.telemetry.metadata.sessionId": "lesson-2",
            "ai.prompt": '{"system": "Ask easy questions.", "prompt": "Geography"}',
            "ai.response.text": "Which river crosses Cairo?",
            **usage,
        },
    ):
        record(
            tracer,
            "ai.streamText.doStream",
            {
                "ai.operationId": "ai.streamText.doStream",
                "ai.model.id": "gemini-2.5-flash",
                "ai.model.provider": "google.generative-ai",
                "ai.prompt.messages": json.dumps(
                    [
                        {"role": "system", "content": "Ask easy questions."},
                        {"role": "user", "content": [{"type": "text", "text": "Geography"}]},
                    ]
                ),
                "ai.response.text": "Which river crosses Cairo?",
                "ai.response.toolCalls": json.dumps(
                    [{"toolCallId": "t1", "toolName": "show_map", "input": {"city": "Cairo"}}]
                ),
                "ai.response.finishReason": "stop",
                "ai.response.msToFirstChunk": 210.5,
                **usage,
            },
        )
        record(
            tracer,
            "ai.toolCall",
            {
                "ai.operationId": "ai.toolCall",
                "ai.toolCall.name": "show_map",
                "ai.toolCall.id": "t1",
                "ai.toolCall.args": '{"city": "Cairo"}',
                "ai.toolCall.result": '{"shown": true}',
            },
        )


if __name__ == "__main__":
    main()
