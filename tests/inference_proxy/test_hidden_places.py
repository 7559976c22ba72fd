"""Texts where one does not look first: schemas, settings, headers, odd shapes. A policy holds there too."""

from typing import Any

import orjson
import pytest

from guardrails.policy import GuardConfig
from tests.fakes.proxy import RunningProxy, policy_of
from tests.fakes.upstream import FakeUpstream, as_error, as_json, as_stream, chunk, completion, delta, event

EMAIL = "ada.lovelace@example.com"
MASK_EMAILS = GuardConfig(name="addresses", kind="pattern", action="mask", parameters={"patterns": ["email"]})
HI = {"role": "user", "content": "hi"}


def tool(**schema: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"to": {"type": "string"} | schema}, "required": ["to"]}
    return {"tools": [{"type": "function", "function": {"name": "send", "parameters": parameters}}]}


def said(**fields: Any) -> dict[str, Any]:
    return {"messages": [HI, {"role": "assistant"} | fields]}


def everything_kept(proxy: RunningProxy) -> bytes:
    proxy.spans(1)
    return b"\n".join(proxy.payloads())


@pytest.mark.parametrize(
    "fields",
    [
        tool(enum=["nobody", EMAIL]),
        tool(default=EMAIL),
        tool(examples=[EMAIL]),
        tool(const=EMAIL),
        tool(title=EMAIL),
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"enum": [EMAIL]}},
            }
        },
        {"stop": [EMAIL]},
        {"stop": EMAIL},
        {"prompt_cache_key": EMAIL},
        {"temperature": EMAIL},
        {"tool_choice": {"type": "function", "function": {"name": EMAIL}}},
        {"web_search_options": {"user_location": {"approximate": {"city": EMAIL}}}},
        {"metadata": {"id": EMAIL}},
        {"metadata": {"url": f"https://a.example/?who={EMAIL}"}},
        {"metadata": {"model": EMAIL, "status": EMAIL}},
        said(
            tool_calls=[
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": {"to": EMAIL}}}
            ]
        ),
        said(function_call={"name": "f", "arguments": {"to": EMAIL}}),
        {
            "messages": [
                HI,
                {"role": "tool", "tool_call_id": "a", "content": [{"type": "x", "data": {"id": EMAIL}}]},
            ]
        },
        {"messages": [HI, {"role": "tool", "tool_call_id": EMAIL, "content": "x"}]},
        {"messages": [HI, {"role": EMAIL, "content": "x"}]},
        said(tool_calls=[EMAIL]),
        said(tool_calls=[{"id": "a", "type": "search", "query": EMAIL}]),
        said(tool_calls=[{"id": "a", "type": "function", "function": {"name": EMAIL, "arguments": "{}"}}]),
        {"stream_options": {"note": EMAIL}},
        {"messages": [{"role": "user", "content": [{"type": "document", "data": EMAIL}]}]},
    ],
)
def test_no_parameter_of_a_chat_takes_an_address_along(
    proxy: RunningProxy, upstream: FakeUpstream, fields: dict[str, Any]
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    status, _, _ = proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI]} | fields)

    assert status == 200
    assert EMAIL not in upstream.requests[0].text
    assert EMAIL.encode() not in everything_kept(proxy)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/embeddings", {"input": "x", "instruction": EMAIL}),
        ("/v1/embeddings", {"input": "x", "messages": [{"role": "user", "content": EMAIL}]}),
        ("/v1/embeddings", {"input": "x", "metadata": {"owner": EMAIL}}),
        ("/v1/completions", {"prompt": "x", "stop": EMAIL}),
        ("/v1/completions", {"prompt": "x", "safety_identifier": EMAIL}),
        ("/v1/completions", {"prompt": "x", "metadata": {"owner": EMAIL}}),
    ],
)
def test_nor_does_one_of_the_other_endpoints(
    proxy: RunningProxy, upstream: FakeUpstream, path: str, fields: dict[str, Any]
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    status, _, _ = proxy.post(path, {"model": "fake-model"} | fields)

    assert status == 200
    assert EMAIL not in upstream.requests[0].text
    assert EMAIL.encode() not in everything_kept(proxy)


def test_what_a_protocol_says_in_words_of_its_own_travels_as_it_came(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}}
    body = {
        "model": "fake-model",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, image]}],
        "reasoning_effort": "low",
        "prompt_cache_key": "customer-17",
        "tool_choice": {"type": "function", "function": {"name": "send"}},
        **tool(enum=["one", "two"]),
    }

    proxy.post("/v1/chat/completions", body)

    assert upstream.requests[0].json == body


def test_an_address_of_an_image_travels_and_is_masked_where_it_is_kept(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    link = f"https://images.example/of?who={EMAIL}"
    image = {"type": "image_url", "image_url": {"url": link}}

    proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI | {"content": [image]}]})

    assert link in upstream.requests[0].text
    assert EMAIL.encode() not in everything_kept(proxy)


def test_a_mistake_of_ours_is_no_success_in_the_record(
    proxy: RunningProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(*_: object, **__: object) -> None:
        raise LookupError(EMAIL)

    monkeypatch.setattr(proxy.app._serving.dispatcher, "dispatch", mistaken)

    status, _, body = proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI]})

    assert (status, EMAIL.encode() in body) == (500, False)
    assert (proxy.span().status, proxy.span().error_type) == ("error", "internal_error")


@pytest.mark.parametrize("name", ["user", "session", "feature", "prompt", "tags", "environment"])
def test_what_a_caller_says_in_headers_is_masked_before_it_is_kept(
    proxy: RunningProxy, upstream: FakeUpstream, name: str
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))

    headers = {f"x_parapet_{name}": f"about {EMAIL}"}
    status, _, _ = proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI]}, **headers)

    assert status == 200
    assert EMAIL.encode() not in everything_kept(proxy)


def test_a_name_that_only_looks_like_something_personal_is_kept(proxy: RunningProxy) -> None:
    address = {"name": "ip", "regex": r"\d+\.\d+\.\d+\.\d+"}
    numbers = GuardConfig(name="numbers", kind="pattern", action="mask", parameters={"custom": [address]})
    proxy.publish(policy=policy_of(numbers))
    headers = {"x_parapet_feature": "search-10.4.2.1", "x_parapet_prompt": "v10.4.2.1"}

    status, _, _ = proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI]}, **headers)

    assert status == 200
    assert (proxy.span().feature, proxy.span().prompt_name) == ("search-10.4.2.1", "v10.4.2.1")


def test_people_stay_apart_when_their_names_are_masked(proxy: RunningProxy) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    body = {"model": "fake-model", "messages": [HI]}
    for user in (EMAIL, "bob@example.com"):
        proxy.post("/v1/chat/completions", body, x_parapet_user=user)
    proxy.post("/v1/chat/completions", body | {"user": EMAIL})

    spans = proxy.spans(3)

    ada, bob, again = [each.user_id for each in spans]
    assert ada == again != bob
    assert ada.startswith("masked-")


def test_headers_are_read_as_their_senders_write_them_and_bounded(proxy: RunningProxy) -> None:
    headers = {"x_parapet_user": "Jürgen 東".encode().decode("latin-1"), "x_parapet_tags": "a, b," * 100}
    headers["x_parapet_feature"] = "f" * 9_000

    proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI]}, **headers)

    span = proxy.span()
    assert span.user_id == "Jürgen 東"
    assert len(span.feature) == 256
    assert span.tags[:2] == ("a", "b")
    assert len(span.tags) == 32


def test_a_prompt_in_the_place_of_a_models_name_is_not_kept(proxy: RunningProxy) -> None:
    status, _, _ = proxy.post("/v1/chat/completions", {"model": f"Write to {EMAIL}", "messages": [HI]})

    assert status == 404
    assert EMAIL.encode() not in everything_kept(proxy)
    assert proxy.span().error_type == "model_not_found"


@pytest.mark.parametrize(
    "fields",
    [
        {"content": [{"type": "text", "text": EMAIL}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": EMAIL}]}]},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": {"to": EMAIL}}}]},
        {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": {"input": EMAIL}}}]},
        {"tool_calls": [{"index": 0, "id": "a", "type": "search", "query": EMAIL}]},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": EMAIL}}]},
        {"function_call": {"name": "f", "arguments": {"to": EMAIL}}},
        {"annotations": [{"type": "url_citation", "url_citation": {"title": EMAIL}}]},
        {"thinking_blocks": [{"thinking": EMAIL}]},
    ],
)
def test_odd_shapes_of_an_answer_are_guarded_streamed_and_whole(
    proxy: RunningProxy, upstream: FakeUpstream, fields: dict[str, Any]
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    whole = completion("") | {"choices": [{"index": 0, "message": {"role": "assistant"} | fields}]}
    pieces = [delta(**fields), delta(0, "stop")]
    streamed = [event(chunk(choices=[piece])) for piece in pieces]
    upstream.then(as_stream([*streamed, b"data: [DONE]\n\n"]))
    upstream.then(as_json(whole))
    body = {"model": "fake-model", "messages": [HI]}

    _, _, in_pieces = proxy.post("/v1/chat/completions", body | {"stream": True})
    _, _, at_once = proxy.post("/v1/chat/completions", body)

    assert EMAIL.encode() not in in_pieces
    assert EMAIL.encode() not in at_once
    proxy.spans(2)
    assert EMAIL.encode() not in b"\n".join(proxy.payloads())


def test_what_comes_back_to_the_caller_in_an_odd_shape_is_not_kept(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(policy=policy_of(MASK_EMAILS))
    citation = [{"type": "url_citation", "url_citation": {"title": "of <EMAIL_ADDRESS_1>"}}]
    pieces = [delta(content="See.", annotations=citation), delta(0, "stop")]
    upstream.then(as_stream([*(event(chunk(choices=[piece])) for piece in pieces), b"data: [DONE]\n\n"]))
    body = {"model": "fake-model", "messages": [HI | {"content": f"I am {EMAIL}"}], "stream": True}

    _, _, answer = proxy.post("/v1/chat/completions", body)

    assert EMAIL.encode() in answer
    assert EMAIL.encode() not in everything_kept(proxy)


def test_an_error_that_quotes_a_prompt_is_not_kept_where_prompts_are_not(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(stores_messages=False)
    upstream.always(as_error(400, f"Invalid value: 'I am {EMAIL}'"))

    _, _, answer = proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI]})

    assert EMAIL.encode() in answer
    assert EMAIL.encode() not in everything_kept(proxy)
    assert proxy.span().error_type == "upstream_error"


def test_an_error_in_a_stream_that_quotes_a_prompt_is_not_kept_either(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(stores_messages=False)
    broken = {"error": {"message": f"cannot read 'I am {EMAIL}'", "type": "server_error"}}
    upstream.always(as_stream([event(broken), b"data: [DONE]\n\n"]))

    proxy.post("/v1/chat/completions", {"model": "fake-model", "messages": [HI], "stream": True})

    assert EMAIL.encode() not in everything_kept(proxy)
    assert orjson.loads(proxy.payloads()[0].partition(b" ")[2])["error_type"] == "server_error"
