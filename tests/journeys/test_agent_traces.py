"""An agent instrumented with OpenTelemetry, from its official SDK to a tree of spans."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.fakes.upstream import FakeUpstream, as_json, completion
from tests.journeys.instance import Instance
from tests.journeys.test_first_call import USAGE, places_that_hold, trace_of


@pytest.fixture
def tracing(instance: Instance) -> Iterator[TracerProvider]:
    exporter = OTLPSpanExporter(
        endpoint=f"{instance.credentials.otlp_url}/v1/traces",
        headers={"authorization": f"Bearer {instance.credentials.api_key}"},
    )
    provider = TracerProvider(resource=Resource.create({"service.name": "travel-agent"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


def test_an_agent_with_genai_attributes_is_a_tree(instance: Instance, tracing: TracerProvider) -> None:
    tracer = tracing.get_tracer("agent")
    said = [{"role": "user", "parts": [{"type": "text", "content": "Ask otto@example.net about Rome"}]}]
    with tracer.start_as_current_span("invoke_agent planner") as agent:
        agent.set_attributes({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"})
        with tracer.start_as_current_span("chat gpt-4o-mini") as call:
            call.set_attributes(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-4o-mini",
                    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
                    "gen_ai.usage.input_tokens": 100,
                    "gen_ai.usage.output_tokens": 20,
                    "gen_ai.input.messages": json.dumps(said),
                }
            )
        with tracer.start_as_current_span("execute_tool search") as tool:
            tool.set_attributes({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"})
    trace_id = f"{agent.get_span_context().trace_id:032x}"

    spans = {span["name"]: span for span in whole_trace(instance, trace_id, spans=3)["spans"]}

    root = spans["invoke_agent planner"]
    assert (root["kind"], root["parent_span_id"]) == ("agent", "")
    assert {spans[name]["parent_span_id"] for name in spans if spans[name] is not root} == {root["span_id"]}
    assert (spans["chat gpt-4o-mini"]["kind"], spans["execute_tool search"]["kind"]) == ("llm", "tool")
    assert float(spans["chat gpt-4o-mini"]["cost_usd"]) == pytest.approx(100 * 0.15e-6 + 20 * 0.6e-6)
    assert "otto@example.net" not in json.dumps(spans)
    assert places_that_hold(instance, "otto@example.net") == []


def test_an_openinference_instrumentation_shows_its_calls_under_their_agent(
    instance: Instance, tracing: TracerProvider, upstream: FakeUpstream
) -> None:
    upstream.then(as_json(completion("Rome is warm.", model="gpt-4o-mini-2024-07-18", usage=USAGE)))
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=tracing)
    try:
        with (
            tracing.get_tracer("agent").start_as_current_span("plan a trip") as agent,
            OpenAI(base_url=upstream.url, api_key="direct") as client,
        ):
            agent.set_attribute("openinference.span.kind", "AGENT")
            client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": "Is Rome warm?"}]
            )
    finally:
        instrumentor.uninstrument()
    trace_id = f"{agent.get_span_context().trace_id:032x}"

    spans = {span["kind"]: span for span in whole_trace(instance, trace_id, spans=2)["spans"]}

    assert spans["llm"]["parent_span_id"] == spans["agent"]["span_id"]
    assert (spans["llm"]["input_tokens"], spans["llm"]["cache_read_tokens"]) == (1_200, 1_000)
    assert [message["content"] for message in spans["llm"]["output_messages"]] == ["Rome is warm."]


def whole_trace(instance: Instance, trace_id: str, *, spans: int) -> Any:
    """Wait until every span of a trace has arrived; an agent's come one by one."""
    trace = trace_of(instance, trace_id)
    for _ in range(20):
        if len(trace["spans"]) >= spans:
            return trace
        trace = trace_of(instance, trace_id)
    raise AssertionError(f"{len(trace['spans'])} of {spans} spans arrived")
