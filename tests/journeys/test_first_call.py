"""A program with the official client, from its first call to the Traces page."""

import json
import re
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from ingest.clickhouse.client import connect
from tests.fakes.upstream import (
    FakeUpstream,
    Received,
    Reply,
    as_json,
    as_stream,
    chunk,
    completion,
    delta,
    event,
    spoken,
)
from tests.journeys.instance import Instance

USAGE = {
    "prompt_tokens": 1_200,
    "completion_tokens": 300,
    "total_tokens": 1_500,
    "prompt_tokens_details": {"cached_tokens": 1_000},
    "completion_tokens_details": {"reasoning_tokens": 100},
}
# gpt-4o-mini: $0.15 per million input tokens, $0.075 of them cached, $0.60 per million output tokens.
COST_USD = 200 * 0.15e-6 + 1_000 * 0.075e-6 + 300 * 0.60e-6
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
def client(instance: Instance) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=instance.credentials.proxy_url, api_key=instance.credentials.api_key, max_retries=0
    ) as client:
        yield client


def api(instance: Instance, path: str) -> Any:
    request = urllib.request.Request(
        instance.credentials.console_url + path,
        headers={"authorization": f"Bearer {instance.credentials.api_key}"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def trace_of(instance: Instance, trace_id: str, *, within_s: float = 5.0) -> Any:
    """Wait for a trace as the API shows it; a call has to be there five seconds after its answer."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        listed = api(instance, "/api/v1/traces")["data"]
        if any(trace["trace_id"] == trace_id for trace in listed):
            trace = api(instance, f"/api/v1/traces/{trace_id}")
            address = f"/api/v1/traces/{trace_id}/spans/"
            return trace | {"spans": [api(instance, address + span["span_id"]) for span in trace["spans"]]}
        time.sleep(0.2)
    raise AssertionError(f"trace {trace_id} did not appear within {within_s} s:\n{instance.output[-3000:]}")


def test_an_answer_is_traced_with_its_tokens_cost_and_messages(
    instance: Instance, client: OpenAI, upstream: FakeUpstream
) -> None:
    upstream.then(as_json(completion("Paris.", model="gpt-4o-mini-2024-07-18", usage=USAGE)))

    answer = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "What is the capital of France?"}]
    )
    (span,) = trace_of(instance, answer.headers["x-parapet-trace-id"])["spans"]

    assert answer.parse().choices[0].message.content == "Paris."
    assert (span["input_tokens"], span["output_tokens"]) == (1_200, 300)
    assert (span["cache_read_tokens"], span["reasoning_tokens"]) == (1_000, 100)
    assert float(span["cost_usd"]) == pytest.approx(COST_USD, abs=1e-9)
    assert [message["content"] for message in span["input_messages"]] == ["What is the capital of France?"]
    assert [message["content"] for message in span["output_messages"]] == ["Paris."]


def test_a_streamed_answer_is_traced_as_exactly(
    instance: Instance, client: OpenAI, upstream: FakeUpstream
) -> None:
    upstream.then(
        as_stream(spoken("Par", "is", ".", model="gpt-4o-mini-2024-07-18", usage=USAGE), gap_s=0.02)
    )

    stream = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "What is the capital of France?"}],
        stream=True,
    )
    chunks = list(stream.parse())
    (span,) = trace_of(instance, stream.headers["x-parapet-trace-id"])["spans"]

    assert "".join(one.choices[0].delta.content or "" for one in chunks) == "Paris."
    assert (span["input_tokens"], span["output_tokens"]) == (1_200, 300)
    assert float(span["cost_usd"]) == pytest.approx(COST_USD, abs=1e-9)
    assert 0 < span["ttft_us"] <= span["duration_us"]
    assert [message["content"] for message in span["output_messages"]] == ["Paris."]


def test_a_streamed_tool_call_arrives_whole_and_is_traced_whole(
    instance: Instance, client: OpenAI, upstream: FakeUpstream
) -> None:
    upstream.then(as_stream(tool_call("call_1", "weather", '{"ci', 'ty": "Ber', 'lin"}')))

    stream = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Is it raining in Berlin?"}],
        tools=[WEATHER],  # type: ignore[list-item]
        stream=True,
    )
    chunks: list[Any] = list(stream.parse())
    arguments = "".join(
        call.function.arguments or ""
        for one in chunks
        for choice in one.choices
        for call in choice.delta.tool_calls or []
        if call.function
    )
    (span,) = trace_of(instance, stream.headers["x-parapet-trace-id"])["spans"]

    (call,) = span["output_messages"][0]["tool_calls"]
    assert json.loads(arguments) == {"city": "Berlin"}
    assert (call["id"], call["function"]["name"]) == ("call_1", "weather")
    assert json.loads(call["function"]["arguments"]) == {"city": "Berlin"}
    assert span["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("streamed", [False, True])
def test_an_address_in_a_prompt_is_seen_by_nobody_but_its_sender(
    instance: Instance, client: OpenAI, upstream: FakeUpstream, streamed: bool
) -> None:
    address = f"canary-{uuid.uuid4().hex[:12]}@example.org"
    upstream.then(say_back)

    answer = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": f"You write for {address}."},
            {"role": "user", "content": f"Tell {address} that the wall is built."},
        ],
        stream=streamed,
    )
    said = text_of(answer.parse())
    trace = trace_of(instance, answer.headers["x-parapet-trace-id"])

    assert f"Tell {address} that" in said
    assert upstream.requests
    assert all(address not in request.text for request in upstream.requests)
    assert address not in json.dumps(trace)
    assert places_that_hold(instance, address) == []


def test_the_demo_model_answers_without_any_provider(instance: Instance, client: OpenAI) -> None:
    answer = client.chat.completions.with_raw_response.create(
        model="parapet/demo", messages=[{"role": "user", "content": "Are you real?"}]
    )
    (span,) = trace_of(instance, answer.headers["x-parapet-trace-id"])["spans"]

    assert "demo" in (answer.parse().choices[0].message.content or "").lower()
    assert span["model"] == "parapet/demo"


def say_back(request: Received) -> Reply:
    """Answer with the last message, a few characters at a time when a stream is asked for."""
    body = request.json
    text = body["messages"][-1]["content"]
    if not body.get("stream"):
        return as_json(completion(text, model="gpt-4o-mini-2024-07-18"))
    return as_stream(spoken(*re.findall("(?s).{1,3}", text), model="gpt-4o-mini-2024-07-18"))


def tool_call(call_id: str, name: str, *pieces: str) -> list[bytes]:
    model = "gpt-4o-mini-2024-07-18"
    head = {"index": 0, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    events = [event(chunk(model, choices=[delta(role="assistant", content=None, tool_calls=[head])]))]
    events += [
        event(chunk(model, choices=[delta(tool_calls=[{"index": 0, "function": {"arguments": piece}}])]))
        for piece in pieces
    ]
    events.append(event(chunk(model, choices=[delta(finish_reason="tool_calls")])))
    events.append(event(chunk(model, choices=[], usage=USAGE)))
    return [*events, b"data: [DONE]\n\n"]


def text_of(answer: Any) -> str:
    if hasattr(answer, "choices"):
        return str(answer.choices[0].message.content)
    return "".join(choice.delta.content or "" for one in answer for choice in one.choices)


def places_that_hold(instance: Instance, text: str) -> list[str]:
    """Look for a text in everything the installation keeps or prints."""
    needle = text.encode()
    files = [file for file in sorted(instance.home.rglob("*")) if file.is_file()]
    held = [str(file.relative_to(instance.home)) for file in files if needle in _bytes_of(file)]
    if text in instance.output:
        held.append("the log")
    store = connect(instance.told["PARAPET_CLICKHOUSE_URL"])
    for (table,) in store.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase()"
    ).result_rows:
        rows = store.query(f"SELECT toString(tuple(*)) FROM {table}")
        held += [f"table {table}" for (row,) in rows.result_rows if text in row]
    return held


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
