"""One call after the other through the whole proxy, with the official client and a provider over HTTP."""

from typing import Any

import orjson

from tests.fakes.proxy import API_KEY, GRANT, PROJECT, PROVIDER_KEY, RunningProxy
from tests.fakes.upstream import FakeUpstream, as_json, as_stream, completion, spoken

HELLO: Any = [{"role": "user", "content": "Say hello."}]


def test_a_call_goes_through_and_is_recorded_whole(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    with proxy.client() as client:
        answer = client.chat.completions.create(model="fake-model", messages=HELLO, temperature=0.2)

    assert answer.choices[0].message.content == "Hello from the fake."
    span = proxy.span()
    assert (span.project_id, span.api_key_id) == (PROJECT, GRANT)
    assert (span.kind, span.source, span.status, span.http_status) == ("llm", "proxy", "ok", 200)
    assert (span.provider, span.route, span.model, span.model_requested) == (
        "openai",
        "fake-model",
        "fake-model",
        "fake-model",
    )
    assert span.input_messages == HELLO
    assert [message["content"] for message in span.output_messages] == ["Hello from the fake."]
    assert span.request == {"temperature": 0.2}
    assert span.finish_reason == "stop"
    assert (span.usage.input_tokens, span.usage.output_tokens) == (21, 7)
    assert (span.usage.cache_read_tokens, span.usage.reasoning_tokens) == (8, 2)
    assert span.usage.source == "reported"
    assert span.ttft_us is None
    assert span.duration_us > 0
    assert 0 < (span.overhead_us or 0) <= span.duration_us


def test_a_streamed_call_goes_through_and_is_recorded_whole(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    with proxy.client() as client:
        chunks = list(client.chat.completions.create(model="fake-model", messages=HELLO, stream=True))

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello from the fake."
    span = proxy.span()
    assert span.is_streamed
    assert 0 < (span.ttft_us or 0) <= span.duration_us
    assert span.output_messages == [{"role": "assistant", "content": "Hello from the fake."}]
    assert (span.usage.input_tokens, span.usage.output_tokens, span.usage.cache_read_tokens) == (21, 7, 8)
    assert span.finish_reason == "stop"


def test_usage_is_asked_for_and_hidden_from_a_client_that_did_not(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    with proxy.client() as client:
        chunks = list(client.chat.completions.create(model="fake-model", messages=HELLO, stream=True))

    assert upstream.requests[0].json["stream_options"] == {"include_usage": True}
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_reaches_a_client_that_asked_for_it(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    with proxy.client() as client:
        chunks = list(
            client.chat.completions.create(
                model="fake-model", messages=HELLO, stream=True, stream_options={"include_usage": True}
            )
        )

    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 28


def test_the_request_travels_as_the_bytes_it_was(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    body = b'{ "model":"fake-model",  "messages":[{"role":"user","content":"h\\u00ef"}], "seed":1e2, "new":{"x":[1.0]}}'

    proxy.request("POST", "/v1/chat/completions", body)

    assert upstream.requests[0].body == body


def test_only_the_request_for_usage_is_added_to_a_stream(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    body = b'{"model":"fake-model","messages":[{"role":"user","content":"hi"}],"stream":true,"unknown":1.50}'

    proxy.request("POST", "/v1/chat/completions", body)

    assert upstream.requests[0].body == b'{"stream_options":{"include_usage":true},' + body[1:]


def test_a_body_that_names_two_models_is_sent_as_it_was_understood(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    body = b'{"model":"secret-model","messages":[{"role":"user","content":"hi"}],"model":"fake-model"}'

    status, _, _ = proxy.request("POST", "/v1/chat/completions", body)

    assert status == 200
    assert b"secret-model" not in upstream.requests[0].body


def test_a_route_may_give_the_model_another_name(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    with proxy.client() as client:
        client.chat.completions.create(
            model="renamed", messages=HELLO, extra_body={"odd": {"deep": [1, None]}}
        )

    assert upstream.requests[0].json["model"] == "gpt-5-2026-01-01"
    assert upstream.requests[0].json["odd"] == {"deep": [1, None]}
    span = proxy.span()
    assert (span.model_requested, span.model) == ("renamed", "gpt-5-2026-01-01")


def test_a_prefix_routes_every_model_that_begins_with_it(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    with proxy.client() as client:
        client.chat.completions.create(model="gpt-7-nano", messages=HELLO)

    assert upstream.requests[0].json["model"] == "gpt-7-nano"
    assert proxy.span().route == "gpt-*"


def test_keys_stay_on_their_side(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    smuggled = {
        "openai-note": f"Bearer {API_KEY}",
        "cookie": "a=b",
        "x-forwarded-for": "1.2.3.4",
        "te": "trailers",
    }

    _, headers, body = proxy.request(
        "POST",
        "/v1/chat/completions",
        orjson.dumps({"model": "fake-model", "messages": HELLO}),
        {"openai-beta": "assistants=v2", "x-parapet-user": "u1", **smuggled},
    )

    received = upstream.requests[0]
    assert received.headers["authorization"] == f"Bearer {PROVIDER_KEY}"
    assert received.headers["openai-beta"] == "assistants=v2"
    assert API_KEY not in received.text
    assert not {"cookie", "x-forwarded-for", "te", "x-parapet-user", "openai-note"} & set(received.headers)
    assert PROVIDER_KEY not in str(headers) + body.decode()
    assert all(API_KEY.encode() not in payload for payload in proxy.payloads())


def test_ids_and_routing_come_back_in_headers(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    trace_id, parent = "ab" * 16, "cd" * 8

    _, headers, _ = proxy.post(
        "/v1/chat/completions",
        {"model": "fake-model", "messages": HELLO},
        traceparent=f"00-{trace_id}-{parent}-01",
        x_parapet_session="s-1",
        x_parapet_user="u-1",
        x_parapet_feature="search",
        x_parapet_prompt="greeting@7",
        x_parapet_environment="staging",
        x_parapet_tags="a, b",
    )

    span = proxy.span()
    assert headers["x-parapet-trace-id"] == span.trace_id == trace_id
    assert headers["x-parapet-span-id"] == span.span_id
    assert span.parent_span_id == parent
    assert upstream.requests[0].headers["traceparent"] == f"00-{trace_id}-{span.span_id}-01"
    assert headers["x-parapet-model"] == "fake-model"
    assert headers["x-parapet-provider"] == "openai"
    assert headers["x-parapet-attempts"] == "1"
    assert float(headers["x-parapet-overhead-ms"]) > 0
    assert headers["x-request-id"]
    assert headers["cache-control"] == "private, no-store"
    assert (span.session_id, span.user_id, span.feature) == ("s-1", "u-1", "search")
    assert (span.prompt_name, span.prompt_version) == ("greeting", "7")
    assert (span.environment, span.tags) == ("staging", ("a", "b"))


def test_provider_headers_come_back_but_nothing_else(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.then(
        as_json(
            completion("hi"),
            headers=[
                ("openai-processing-ms", "12"),
                ("x-ratelimit-remaining-tokens", "99"),
                ("openai-organization", "org-of-the-installation"),
                ("set-cookie", "a=b"),
                ("server", "nginx"),
            ],
        )
    )

    _, headers, _ = proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": HELLO})

    assert headers["openai-processing-ms"] == "12"
    assert headers["x-ratelimit-remaining-tokens"] == "99"
    assert not {"openai-organization", "set-cookie", "server"} & set(headers)


def test_tool_calls_go_there_and_back_streamed(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    heads = [
        {"index": 0, "id": "call_a", "type": "function", "function": {"name": "weather", "arguments": ""}},
        {"index": 1, "id": "call_b", "type": "function", "function": {"name": "weather", "arguments": ""}},
    ]
    parts = [(0, '{"city"'), (1, '{"city":'), (0, ': "Bonn"}'), (1, ' "Köln"}')]
    deltas: list[dict[str, Any]] = [{"tool_calls": [head]} for head in heads]
    deltas += [{"tool_calls": [{"index": index, "function": {"arguments": part}}]} for index, part in parts]
    upstream.then(as_stream(streamed(*deltas, finish_reason="tool_calls")))

    with (
        proxy.client() as client,
        client.chat.completions.stream(model="fake-model", messages=HELLO, tools=tools) as stream,
    ):
        calls = stream.get_final_completion().choices[0].message.tool_calls or []

    assert [call.function.arguments for call in calls] == ['{"city": "Bonn"}', '{"city": "Köln"}']
    span = proxy.span()
    assert [call["function"]["arguments"] for call in span.output_messages[0]["tool_calls"]] == [
        '{"city": "Bonn"}',
        '{"city": "Köln"}',
    ]
    assert [call["id"] for call in span.output_messages[0]["tool_calls"]] == ["call_a", "call_b"]
    assert span.finish_reason == "tool_calls"
    assert span.request["tools"] == tools


def test_every_choice_of_several_is_recorded(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.then(as_json(completion("one", "two")))

    with proxy.client() as client:
        answer = client.chat.completions.create(model="fake-model", messages=HELLO, n=2)

    assert [choice.message.content for choice in answer.choices] == ["one", "two"]
    assert [message["content"] for message in proxy.span().output_messages] == ["one", "two"]


def test_reasoning_and_refusals_are_recorded_from_a_stream(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    upstream.then(
        as_stream(streamed({"reasoning_content": "hm"}, {"reasoning_content": "m"}, {"refusal": "No."}))
    )

    with proxy.client() as client:
        list(client.chat.completions.create(model="fake-model", messages=HELLO, stream=True))

    assert proxy.span().output_messages == [
        {"role": "assistant", "content": None, "refusal": "No.", "reasoning_content": "hmm"}
    ]


def test_embeddings_go_through(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    with proxy.client() as client:
        answer = client.embeddings.create(model="fake-model", input=["a", "b"])

    assert [item.embedding for item in answer.data] == [[0.25, -0.5], [0.25, -0.5]]
    span = proxy.span()
    assert span.kind == "embedding"
    assert [message["content"] for message in span.input_messages] == ["a", "b"]
    assert (span.usage.input_tokens, span.usage.output_tokens) == (5, None)


def test_text_completions_go_through_streamed_and_not(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    pieces = [{"index": 0, "text": text, "finish_reason": None} for text in ("on", "ce")]
    last = {"index": 0, "text": "", "finish_reason": "length"}
    events = [{"object": "text_completion", "choices": [piece]} for piece in (*pieces, last)]
    upstream.then(
        as_json({"choices": [{"index": 0, "text": "once", "finish_reason": "length"}]}),
        as_stream([b"data: " + orjson.dumps(event) + b"\n\n" for event in events] + [b"data: [DONE]\n\n"]),
    )

    with proxy.client() as client:
        whole = client.completions.create(model="fake-model", prompt="Upon a time")
        parts = list(client.completions.create(model="fake-model", prompt="Upon a time", stream=True))

    assert whole.choices[0].text == "once"
    assert "".join(part.choices[0].text for part in parts) == "once"
    assert [span.output_messages[0]["content"] for span in proxy.spans(2)] == ["once", "once"]


def test_models_lists_what_the_key_may_call(proxy: RunningProxy) -> None:
    with proxy.client() as client:
        assert [model.id for model in client.models.list()] == ["fake-model", "parapet/demo", "renamed"]
        assert client.models.retrieve("gpt-anything").owned_by == "openai"

    proxy.publish(models=frozenset({"parapet/demo", "gpt-5"}))
    with proxy.client() as client:
        assert [model.id for model in client.models.list()] == ["gpt-5", "parapet/demo"]


def test_messages_are_not_kept_where_the_project_says_so(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(stores_messages=False)

    proxy.post(
        "/v1/chat/completions", {"model": "fake-model", "messages": HELLO, "temperature": 1, "user": "u"}
    )

    span = proxy.span()
    assert (span.input_messages, span.output_messages) == ([], [])
    assert span.request == {"temperature": 1}
    assert span.usage.input_tokens == 21


def test_health_names_the_snapshot_and_metrics_count(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": HELLO})
    status, _, body = proxy.request("GET", "/health", key=None)

    assert status == 200
    assert orjson.loads(body)["snapshot"] == "1"
    metrics = proxy.metrics()
    assert metrics['parapet_proxy_requests_total{endpoint="chat",status="200"}'] == 1
    assert metrics['parapet_proxy_calls_total{status="ok"}'] == 1
    assert metrics["parapet_proxy_overhead_seconds_count"] == 1
    assert metrics["parapet_proxy_spool_dropped_total"] == 0
    assert 0 <= metrics["parapet_proxy_snapshot_age_seconds"] < 5


def test_an_answer_streamed_with_an_error_in_it_is_recorded_as_one(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    error = {"error": {"message": "overloaded", "type": "server_error"}}
    events = [*spoken("Hel")[:2], b"data: " + orjson.dumps(error) + b"\n\n"]
    upstream.then(as_stream(events))

    _, _, body = proxy.post(
        "/v1/chat/completions", {"model": "fake-model", "messages": HELLO, "stream": True}
    )

    assert body == b"".join(events)
    span = proxy.span()
    assert (span.status, span.error_type, span.status_message) == ("error", "server_error", "overloaded")


def streamed(*deltas: dict[str, Any], finish_reason: str = "stop") -> list[bytes]:
    """Return the events of an answer made of these deltas."""
    begin, *_, end, usage, done = spoken()
    chunks = []
    for delta in deltas:
        chunk = orjson.loads(begin.removeprefix(b"data: "))
        chunk["choices"][0]["delta"] = delta
        chunks.append(b"data: " + orjson.dumps(chunk) + b"\n\n")
    return [begin, *chunks, end.replace(b'"stop"', f'"{finish_reason}"'.encode()), usage, done]
