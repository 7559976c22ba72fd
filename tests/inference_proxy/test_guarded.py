"""Calls under a policy: what reaches the provider, what comes back, and what is kept."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from guardrails.policy import GuardConfig
from tests.fakes.proxy import RunningProxy, policy_of
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

EMAIL = "ada.lovelace@example.com"
MASK_EMAILS = GuardConfig(name="addresses", kind="pattern", action="mask", parameters={"patterns": ["email"]})
BLOCK_CODES = GuardConfig(name="codes", kind="words", action="block", parameters={"words": ["launch code"]})


def chat(content: str, **fields: Any) -> dict[str, Any]:
    return {"model": "fake-model", "messages": [{"role": "user", "content": content}]} | fields


def repeating(request: Received) -> Reply:
    """Answer with the last message, in pieces of three characters when it is streamed."""
    text = request.json["messages"][-1]["content"]
    if request.json.get("stream"):
        return as_stream(spoken(*(text[at : at + 3] for at in range(0, len(text), 3))))
    return as_json(completion(text))


def everything_kept(proxy: RunningProxy) -> bytes:
    proxy.spans(1)
    return b"\n".join(proxy.payloads())


def contents(body: bytes) -> str:
    """Return the content a client reads from a stream."""
    events = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    chunks = [orjson.loads(each) for each in events if each != b"[DONE]"]
    return "".join(c["delta"].get("content") or "" for each in chunks for c in each["choices"])


def test_a_masked_text_never_reaches_the_upstream_and_comes_back_whole(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    upstream.always(repeating)

    _, headers, body = proxy.post("/v1/chat/completions", chat(f"Write to {EMAIL}, please."))

    assert EMAIL not in upstream.requests[0].text
    assert orjson.loads(body)["choices"][0]["message"]["content"] == f"Write to {EMAIL}, please."
    assert headers["x-parapet-guards"] == "addresses=mask"
    assert EMAIL.encode() not in everything_kept(proxy)
    span = proxy.span()
    assert span.guard_action == "mask"
    assert span.input_messages == [{"role": "user", "content": "Write to <EMAIL_ADDRESS_1>, please."}]
    assert span.output_messages[0]["content"] == "Write to <EMAIL_ADDRESS_1>, please."


def test_a_masked_text_comes_back_in_a_stream_however_it_is_cut(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    upstream.always(repeating)

    with proxy.client() as client:
        messages: Any = chat(f"Write to {EMAIL}, please.")["messages"]
        chunks = list(client.chat.completions.create(model="fake-model", messages=messages, stream=True))

    assert "".join(each.choices[0].delta.content or "" for each in chunks) == f"Write to {EMAIL}, please."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert EMAIL not in upstream.requests[0].text
    assert EMAIL.encode() not in everything_kept(proxy)
    assert proxy.span().output_messages[0]["content"] == "Write to <EMAIL_ADDRESS_1>, please."
    assert proxy.span().usage.input_tokens == 21


@pytest.mark.parametrize(
    "place",
    [
        lambda: {"messages": [{"role": "system", "content": EMAIL}, {"role": "user", "content": "hi"}]},
        lambda: {"messages": [{"role": "user", "content": [{"type": "text", "text": EMAIL}]}]},
        lambda: {"messages": [{"role": "user", "content": "hi", "name": EMAIL}]},
        lambda: {"messages": [{"role": "tool", "tool_call_id": "a", "content": f'{{"to":"{EMAIL}"}}'}]},
        lambda: {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "a",
                            "type": "function",
                            "function": {"name": "f", "arguments": f'["{EMAIL}"]'},
                        }
                    ],
                }
            ]
        },
        lambda: {"messages": [{"role": "assistant", "reasoning_content": EMAIL, "content": ""}]},
        lambda: {"tools": [{"type": "function", "function": {"name": "f", "description": f"Mail {EMAIL}"}}]},
        lambda: {"user": EMAIL},
        lambda: {"metadata": {"who": EMAIL}},
        lambda: {"documents": [{"passages": [{"body": EMAIL}]}]},
        lambda: {"prediction": {"type": "content", "content": EMAIL}},
    ],
)
def test_nothing_personal_leaves_or_is_kept_wherever_it_stands(
    proxy: RunningProxy, upstream: FakeUpstream, place: Callable[[], dict[str, Any]]
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    status, _, _ = proxy.post("/v1/chat/completions", chat("hi") | place())

    assert status == 200
    assert EMAIL not in upstream.requests[0].text
    assert EMAIL.encode() not in everything_kept(proxy)


def test_a_blocked_prompt_never_reaches_the_upstream(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS, BLOCK_CODES))

    status, headers, body = proxy.post(
        "/v1/chat/completions", chat(f"The launch code is for {EMAIL}.", stream=True)
    )

    assert status == 400
    error = orjson.loads(body)["error"]
    assert error["code"] == "blocked_by_policy"
    assert "codes" in error["message"]
    assert upstream.requests == []
    assert "codes=block" in headers["x-parapet-guards"]
    span = proxy.span()
    assert (span.status, span.error_type, span.guard_action) == ("blocked", "blocked_by_policy", "block")
    assert EMAIL.encode() not in everything_kept(proxy)
    blocks = [each for each in proxy.guard_events(2) if each.action == "block"]
    assert [(each.guard, each.guard_kind, each.place) for each in blocks] == [("codes", "words", "user")]
    assert blocks[0].span_id == span.span_id
    assert blocks[0].policy_name == "tests"


def test_a_blocked_answer_is_not_handed_over(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(policy=policy_of(BLOCK_CODES))
    upstream.then(as_json(completion("The launch code is 1234.")))

    status, _, body = proxy.post("/v1/chat/completions", chat("hi"))

    assert status == 400
    assert orjson.loads(body)["error"]["code"] == "blocked_by_policy"
    assert b"1234" not in body
    assert proxy.span().status == "blocked"
    assert proxy.span().usage.input_tokens == 21


def test_a_blocked_stream_ends_as_a_filtered_one_and_stops_the_upstream(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(BLOCK_CODES))
    words = ["Well, ", "the ", "launch", " code ", "is ", "1234"] + [" and on"] * 500
    upstream.then(as_stream(spoken(*words), gap_s=0.002))

    with proxy.client() as client:
        messages: Any = [{"role": "user", "content": "hi"}]
        chunks = list(client.chat.completions.create(model="fake-model", messages=messages, stream=True))

    said = "".join(each.choices[0].delta.content or "" for each in chunks)
    assert "launch code" not in said
    assert "1234" not in said
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    span = proxy.span()
    assert (span.status, span.finish_reason) == ("blocked", "content_filter")
    assert span.usage.source == "estimated"
    assert upstream.interrupted == 1


def test_tool_arguments_come_back_whole_and_still_are_json(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    def call_tool(request: Received) -> Reply:
        address = request.json["messages"][-1]["content"].split()[-1]
        arguments = orjson.dumps({"to": address}).decode()
        head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "mail", "arguments": ""}}
        deltas: list[dict[str, Any]] = [{"tool_calls": [head]}]
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in arguments]
        events = [event(chunk(choices=[delta(**each)])) for each in deltas]
        return as_stream([*events, *spoken(finish_reason="tool_calls")[1:]])

    upstream.always(call_tool)
    with (
        proxy.client() as client,
        client.chat.completions.stream(
            model="fake-model", messages=[{"role": "user", "content": f"Mail to {EMAIL}"}]
        ) as stream,
    ):
        (call,) = stream.get_final_completion().choices[0].message.tool_calls or []

    assert orjson.loads(call.function.arguments) == {"to": EMAIL}
    assert call.function.name == "mail"
    assert EMAIL not in upstream.requests[0].text
    kept = proxy.span().output_messages[0]["tool_calls"][0]["function"]["arguments"]
    assert orjson.loads(kept) == {"to": "<EMAIL_ADDRESS_1>"}


def test_every_choice_and_channel_of_a_stream_is_guarded(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    deltas = [
        delta(0, content="I am bob@"),
        delta(1, content="carol@example"),
        delta(0, content="example.com."),
        delta(1, content=".com here."),
        delta(0, reasoning_content="dave@example.com thinks"),
        delta(1, refusal="erin@example.com refuses"),
    ]
    ends = [event(chunk(choices=[delta(index, "stop")])) for index in (0, 1)]
    upstream.then(as_stream([event(chunk(choices=[each])) for each in deltas] + ends + [b"data: [DONE]\n\n"]))

    _, _, body = proxy.post("/v1/chat/completions", chat("hi", n=2, stream=True))

    for name in (b"bob", b"carol", b"dave", b"erin"):
        assert name not in body
    assert all(b"example.com" not in payload for payload in [*proxy.payloads(), body])
    first, second = proxy.span().output_messages
    assert first["content"].startswith("I am <EMAIL_ADDRESS_")
    assert second["content"].endswith("here.")
    assert second["refusal"].endswith("refuses")


def test_a_stream_no_guard_changes_passes_as_the_bytes_it_was(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(BLOCK_CODES))
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    events = [event(chunk(choices=[delta(content="...")])) for _ in range(3)] + spoken()[1:]
    upstream.then(as_stream([b": OPENROUTER PROCESSING\n\n", *events]))

    _, _, body = proxy.post("/v1/chat/completions", chat("hi", **asked))

    assert body == b": OPENROUTER PROCESSING\n\n" + b"".join(events)


def test_what_is_only_watched_passes_and_is_counted(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    watching = GuardConfig(
        name="watch", kind="words", action="block", is_shadow=True, parameters={"words": ["hello"]}
    )
    proxy.publish(policy=policy_of(watching))

    status, headers, _ = proxy.post("/v1/chat/completions", chat("hello"))

    assert status == 200
    assert "x-parapet-guards" not in headers
    assert any(each.is_shadow and each.action == "block" for each in proxy.guard_events(1))


def test_a_guard_whose_server_is_missing_follows_its_policy(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    pii = GuardConfig(name="people", kind="pii", action="mask", places=frozenset({"user"}))
    proxy.publish(policy=policy_of(pii))
    status, _, body = proxy.post("/v1/chat/completions", chat("I am Ada Lovelace, ada@example.com"))
    assert (status, orjson.loads(body)["error"]["code"]) == (400, "blocked_by_policy")
    assert upstream.requests == []

    lenient = GuardConfig(
        name="people", kind="pii", action="mask", places=frozenset({"user"}), on_error="allow"
    )
    proxy.publish(policy=policy_of(lenient))
    status, headers, _ = proxy.post("/v1/chat/completions", chat("I am Ada Lovelace, ada@example.com"))

    assert status == 200
    assert headers["x-parapet-guards"] == "people=bypassed"
    assert proxy.metrics()["parapet_proxy_guard_bypasses_total"] == 1
    assert all(b"ada@example.com" not in payload for payload in proxy.payloads())


def test_embeddings_are_masked_and_token_numbers_refused(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    status, _, _ = proxy.post("/v1/embeddings", {"model": "fake-model", "input": ["a", EMAIL]})
    refused, _, body = proxy.post("/v1/embeddings", {"model": "fake-model", "input": [1, 2, 3]})

    assert status == 200
    assert EMAIL not in upstream.requests[0].text
    assert refused == 400
    assert orjson.loads(body)["error"]["code"] == "not_guardable"


def test_log_probabilities_do_not_spell_out_what_was_masked(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    answer = completion("It is bob@example.com.")
    answer["choices"][0]["logprobs"] = {"content": [{"token": "bob@example.com", "logprob": -0.1}]}
    pieces = [delta(content="bob@exam"), delta(content="ple.com ok")]
    for piece, token in zip(pieces, ("bob@exam", "ple.com ok"), strict=True):
        piece["logprobs"] = {"content": [{"token": token, "logprob": -0.1}]}
    events = [event(chunk(choices=[piece])) for piece in pieces]
    upstream.then(as_json(answer), as_stream([*events, *spoken()[1:]]))

    _, _, whole = proxy.post("/v1/chat/completions", chat("hi", logprobs=True))
    _, _, parts = proxy.post("/v1/chat/completions", chat("hi", logprobs=True, stream=True))

    assert b"bob" not in whole
    assert b"bob" not in parts
    assert contents(parts).endswith(" ok")


LEAKS: list[Callable[[str], dict[str, Any]]] = [
    lambda said: {"delta": {"content": said}},
    lambda said: {"delta": {"refusal": said}},
    lambda said: {"delta": {"reasoning": said}},
    lambda said: {"delta": {"thinking_of_tomorrow": said}},
    lambda said: {"delta": {"annotations": [{"type": "url_citation", "url_citation": {"title": said}}]}},
    lambda said: {"delta": {"audio": {"id": "a", "transcript": said}}},
    lambda said: {"delta": {"function_call": {"name": "f", "arguments": said}}},
    lambda said: {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": said}}]}},
    lambda said: {"delta": {"tool_calls": [{"index": 3, "custom": {"input": said}}]}},
    lambda said: {"delta": {"reasoning_details": [{"type": "reasoning.text", "text": said}]}},
    lambda said: {"message": {"role": "assistant", "content": said}},
    lambda said: {"delta": {}, "note": said},
]


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("finish_reason", [None, "stop"])
def test_no_part_of_a_chunk_lets_a_masked_text_pass(
    proxy: RunningProxy,
    upstream: FakeUpstream,
    leak: Callable[[str], dict[str, Any]],
    finish_reason: str | None,
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    said = {"index": 0, "finish_reason": finish_reason} | leak("It is bob@example.com, I say.")
    upstream.then(as_stream([event(chunk(choices=[said], citations=["carol@example.com"])), *spoken()[1:]]))

    _, _, body = proxy.post("/v1/chat/completions", chat("hi", stream=True))

    assert b"bob" not in body
    assert b"carol" not in body
    assert body.endswith(b"data: [DONE]\n\n")
    proxy.spans(1)
    assert all(b"bob" not in payload for payload in proxy.payloads())


def test_no_part_of_an_answer_lets_a_masked_text_pass(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    for leak in LEAKS:
        choice = leak("It is bob@example.com, I say.")
        message = choice.pop("message", None) or {"role": "assistant", **choice.pop("delta")}
        answer = completion("") | {"choices": [{"index": 0, "message": message} | choice]}
        upstream.then(as_json(answer | {"citations": [{"title": "carol@example.com"}]}))

        status, _, body = proxy.post("/v1/chat/completions", chat("hi"))

        assert status == 200
        assert b"bob" not in body
        assert b"carol" not in body
    proxy.spans(len(LEAKS))
    assert all(b"bob" not in payload for payload in proxy.payloads())


def test_what_the_last_chunk_says_stays_in_order(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    pieces = [delta(content="One two "), delta(0, "stop", content="three bob@")]
    upstream.then(as_stream([event(chunk(choices=[piece])) for piece in pieces] + [b"data: [DONE]\n\n"]))

    _, _, body = proxy.post("/v1/chat/completions", chat("hi", stream=True))

    assert contents(body) == "One two three bob@"
    assert proxy.span().output_messages[0]["content"] == "One two three bob@"


def test_a_choice_that_speaks_after_its_end_is_still_guarded(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    pieces = [delta(0, "stop", content="Done."), delta(content=" Or ask bob@"), delta(content="example.com!")]
    upstream.then(as_stream([event(chunk(choices=[piece])) for piece in pieces] + [b"data: [DONE]\n\n"]))

    _, _, body = proxy.post("/v1/chat/completions", chat("hi", stream=True))

    assert b"bob" not in body
    assert contents(body) == "Done. Or ask <EMAIL_ADDRESS_1>!"
    assert proxy.span().output_messages[0]["content"] == "Done. Or ask <EMAIL_ADDRESS_1>!"


def test_an_address_still_leads_where_it_led_but_is_masked_where_it_is_kept(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    picture = {"type": "image_url", "image_url": {"url": f"https://cdn.example.org/of/{EMAIL}/face.png"}}
    body = chat("hi") | {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "who?"}, picture]}]
    }

    proxy.post("/v1/chat/completions", body)

    assert upstream.requests[0].json["messages"][0]["content"][1] == picture
    assert EMAIL.encode() not in everything_kept(proxy)


def test_a_caller_hears_that_a_stream_is_alive_while_all_of_it_is_held(
    proxy: RunningProxy, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference_proxy.keep_alive.EVERY_S", 0.02)
    proxy.publish(policy=policy_of(GuardConfig(name="code", kind="code", action="block")))
    upstream.then(as_stream(spoken("All", " is", " well"), gap_s=0.1))

    with proxy.client() as client:
        messages: Any = [{"role": "user", "content": "hi"}]
        chunks = list(client.chat.completions.create(model="fake-model", messages=messages, stream=True))
    upstream.then(as_stream(spoken("All", " is", " well"), gap_s=0.1))
    _, _, body = proxy.post("/v1/chat/completions", chat("hi", stream=True))

    assert "".join(each.choices[0].delta.content or "" for each in chunks) == "All is well"
    assert b": keep-alive\n\n" in body
    assert contents(b"\n\n".join(each for each in body.split(b"\n\n") if each[:1] != b":")) == "All is well"


def test_a_span_says_what_a_guard_added_to_the_first_token(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    proxy.post("/v1/chat/completions", chat("hi", stream=True))

    assert int(proxy.span().attributes["parapet.first_held_us.addresses"]) >= 0
    held = {each.place: each.held_us is not None for each in proxy.guard_events(2)}
    assert held == {"user": False, "answer": True}


def test_a_call_that_no_guard_looks_at_says_so(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    _, headers, _ = proxy.post("/v1/chat/completions", chat("hi"))

    proxy.span()
    assert headers["x-parapet-guards"] == "none"
    assert proxy.metrics()["parapet_proxy_unguarded_calls_total"] == 1


def test_a_guard_that_fails_open_on_a_stream_is_counted_and_on_record(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    lenient = GuardConfig(
        name="people", kind="pii", action="flag", places=frozenset({"answer"}), on_error="allow"
    )
    proxy.publish(policy=policy_of(lenient))
    upstream.then(as_stream(spoken("Call 212-555-0123", " now.")))

    _, _, body = proxy.post("/v1/chat/completions", chat("hi", stream=True))

    assert contents(body) == "Call 212-555-0123 now."
    (event,) = proxy.guard_events(1)
    assert (event.error, event.action, event.is_streamed) == ("misconfigured", "allow", True)
    assert proxy.metrics()["parapet_proxy_guard_bypasses_total"] == 1
