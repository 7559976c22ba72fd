"""What providers may send besides what they document, and what callers may put into requests: nothing passes unseen."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from guardrails.outcome import Blocked
from guardrails.session import GuardSession
from inference_proxy.endpoints.base import Endpoint
from inference_proxy.endpoints.messages import Messages
from inference_proxy.endpoints.responses import Responses
from inference_proxy.errors import RequestError
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.guarding import Guarding
from inference_proxy.wires.chat import ChatWire
from inference_proxy.wires.events import Channel, Wire, as_event, as_named_event
from inference_proxy.wires.kept import CUT_SHORT, KeptTexts
from inference_proxy.wires.messages import MessagesWire
from inference_proxy.wires.responses import ResponsesWire
from tests.guardrails.makers import guard, policy
from tests.inference_proxy.wires.speaking import Body, events_of

EMAIL = "bob.smith@example.com"
MASK = policy(guard(parameters={"patterns": ["email", "credit_card"]}))
SAID = f"It is {EMAIL}, I say"


async def through(wire: Wire, events: Sequence[Body], *, is_named: bool = True) -> tuple[list[Body], bytes]:
    """Send events through a masking policy; return what came out and what may be kept."""
    stream = GuardedStream(GuardSession(MASK), wire)
    write = as_named_event if is_named else as_event
    out = b""
    for each in events:
        out += await stream.push(write(each))
    out += await stream.finish()
    kept = orjson.dumps([stream.hearing.messages(stream.stored), stream.hearing.error])
    return list(events_of(out)), out + kept


RESPONSES: list[Body] = [
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": SAID},
    {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": SAID},
    {"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": SAID},
    {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": SAID},
    {"type": "response.custom_tool_call_input.delta", "output_index": 1, "delta": SAID},
    {"type": "response.code_interpreter_call_code.delta", "output_index": 1, "delta": SAID},
    {"type": "response.audio.transcript.delta", "delta": SAID},
    {"type": "response.shell_call_command.added", "output_index": 1, "command_index": 0, "command": SAID},
    {
        "type": "response.shell_call_output_content.delta",
        "output_index": 1,
        "delta": {"stdout": SAID, "stderr": SAID},
    },
    {"type": "response.thinking_of_tomorrow.delta", "output_index": 0, "delta": SAID},
    {"type": "response.thinking_of_tomorrow.done", "output_index": 0, "thought": [{"a": SAID}]},
    {"type": "response.something.new", "note": SAID},
    {"type": "response.content_part.added", "output_index": 0, "part": {"type": "output_text", "text": SAID}},
    {"type": "response.content_part.added", "output_index": 0, "part": {"type": "unheard_of", "text": SAID}},
    {"type": "response.content_part.done", "output_index": 0, "part": {"type": "refusal", "refusal": SAID}},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {"type": "function_call", "arguments": SAID},
    },
    {"type": "response.output_item.done", "output_index": 0, "item": {"type": "mcp_call", "output": SAID}},
    {
        "type": "response.output_item.done",
        "output_index": 0,
        "item": {"type": "unheard_of", "note": {"x": [SAID]}},
    },
    {
        "type": "response.output_text.annotation.added",
        "annotation": {"type": "url_citation", "title": SAID, "url": "https://a.example/"},
    },
    {
        "type": "response.completed",
        "response": {"output": [{"type": "message", "content": [{"text": SAID}]}]},
    },
    {"type": "response.completed", "response": {"output": [], "instructions": SAID}},
    {"type": "response.failed", "response": {"output": [], "error": {"code": "x", "message": SAID}}},
    {"type": "error", "code": "x", "message": SAID},
]


@pytest.mark.parametrize("event", RESPONSES, ids=lambda event: str(event["type"]))
async def test_no_event_of_a_response_lets_a_masked_text_pass(event: Body) -> None:
    events, seen = await through(ResponsesWire(), [event])

    assert EMAIL.encode() not in seen
    assert events != []


MESSAGES: list[Body] = [
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAID}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": SAID}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": SAID}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "dream_delta", "dream": SAID}},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "citations_delta", "citation": {"cited_text": SAID}},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": SAID}},
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "input": {"to": EMAIL}},
    },
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "web_search_tool_result", "content": [{"title": SAID}]},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "unheard_of", "note": [SAID]}},
    {"type": "message_start", "message": {"role": "assistant", "content": [{"type": "text", "text": SAID}]}},
    {"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": {"explanation": SAID}}},
    {"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": EMAIL}},
    {"type": "error", "error": {"type": "overloaded_error", "message": SAID}},
    {"type": "unheard_of", "note": SAID},
]


@pytest.mark.parametrize("event", MESSAGES, ids=lambda event: str(event["type"]))
async def test_no_event_of_a_message_lets_a_masked_text_pass(event: Body) -> None:
    events, seen = await through(MessagesWire(), [event])

    assert EMAIL.encode() not in seen
    assert events != []


async def test_a_chat_that_says_its_last_words_in_parts_says_them_together() -> None:
    last: Body = {
        "index": 0,
        "finish_reason": "stop",
        "delta": {"content": [{"text": "bob.smith@exa"}, {"text": "mple.com"}]},
    }

    _, seen = await through(ChatWire(), [{"choices": [last]}], is_named=False)

    assert b"bob.smith" not in seen


async def test_an_error_in_a_chat_is_passed_on_without_what_it_quotes() -> None:
    (event,), seen = await through(
        ChatWire(), [{"error": {"message": SAID, "type": "server_error", "code": "x"}}], is_named=False
    )

    assert event["error"]["type"] == "server_error"
    assert EMAIL.encode() not in seen


async def test_a_copy_that_says_something_else_is_guarded_for_itself() -> None:
    at = {"output_index": 0, "content_index": 0}
    events, seen = await through(
        ResponsesWire(),
        [
            {"type": "response.output_text.delta", "delta": "All is well"} | at,
            {"type": "response.output_text.done", "text": SAID} | at,
            {
                "type": "response.completed",
                "response": {"output": [{"type": "message", "content": [{"text": SAID}]}]},
            },
        ],
    )

    assert EMAIL.encode() not in seen
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == "It is <EMAIL_ADDRESS_1>, I say"


async def test_events_without_numbers_get_none() -> None:
    event = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": SAID}

    events, _ = await through(ResponsesWire(), [event])

    assert all("sequence_number" not in each for each in events)


async def test_a_signature_and_packed_thoughts_pass_as_they_are() -> None:
    signature = {"type": "signature_delta", "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3h" * 9}
    packed = {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix" * 9}
    events: list[Body] = [
        {"type": "content_block_start", "index": 0, "content_block": packed},
        {"type": "content_block_delta", "index": 1, "delta": signature},
        {"type": "ping"},
    ]

    assert (await through(MessagesWire(), events))[0] == events


@pytest.mark.parametrize("wire", [ResponsesWire, MessagesWire, ChatWire])
@pytest.mark.parametrize(
    "odd",
    [
        b"data: {not json\n\n",
        b"data: [1]\n\n",
        b'data: {"type":"response.completed","response":{"output":[3, {"content": 3}]}}\n\n',
        b'data: {"type":"content_block_delta","delta":3}\n\n',
        b'data: {"type":"content_block_delta","index":"one","delta":{"type":"text_delta","text":"x"}}\n\n',
        b'data: {"type":"message_start","message":null}\n\n',
        b'data: {"type":"response.output_text.delta","output_index":{},"delta":"x"}\n\n',
        b'data: {"type":"response.content_part.added","part":{"type":["x"],"text":3}}\n\n',
        b'data: {"choices":[3]}\n\n',
        b"data: {}\n\n",
        b": a comment\n\n",
        b"event: ping\n\n",
    ],
)
async def test_what_nobody_promised_breaks_no_stream(wire: Any, odd: bytes) -> None:
    stream = GuardedStream(GuardSession(MASK), wire())

    await stream.push(odd)
    await stream.finish()

    assert stream.ending()


@pytest.mark.parametrize(("endpoint", "wire"), [(Responses(), ResponsesWire), (Messages(), MessagesWire)])
async def test_a_stream_that_is_blocked_before_it_began_still_ends(endpoint: Endpoint, wire: Any) -> None:
    rules = policy(guard("words", "block", parameters={"words": ["sesame"]}))
    stream = GuardedStream(GuardSession(rules), wire())
    with pytest.raises(Blocked):
        await stream.push(as_named_event({"type": "something", "note": "open sesame"}))

    events = list(events_of(stream.ending()))

    assert events[-1]["type"] in ("response.incomplete", "message_stop")
    assert b"sesame" not in stream.ending()


REQUESTS: list[tuple[Endpoint, Body]] = [
    (Responses(), {"input": SAID}),
    (Responses(), {"input": [{"role": "user", "content": SAID}]}),
    (Responses(), {"input": [{"role": "user", "content": [{"type": "input_text", "text": SAID}]}]}),
    (Responses(), {"input": [{"role": "user", "content": [{"type": "input_file", "filename": SAID}]}]}),
    (Responses(), {"input": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": SAID}]}]}),
    (Responses(), {"input": [{"type": "function_call", "name": "f", "call_id": "c", "arguments": f'["{EMAIL}"]'}]}),
    (Responses(), {"input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": SAID}]}]}),
    (Responses(), {"input": [{"type": "local_shell_call_output", "id": "c", "output": SAID}]}),
    (Responses(), {"input": [{"type": "unheard_of", "note": SAID}]}),
    (Responses(), {"input": "hi", "instructions": SAID}),
    (Responses(), {"input": "hi", "metadata": {"who": EMAIL}}),
    (Responses(), {"input": "hi", "user": EMAIL}),
    (Responses(), {"input": "hi", "prompt": {"id": "p", "variables": {"who": EMAIL}}}),
    (Responses(), {"input": "hi", "tools": [{"type": "function", "name": "f", "description": SAID}]}),
    (Responses(), {"input": "hi", "text": {"format": {"type": "json_schema", "name": "x", "description": SAID}}}),
    (Messages(), {"messages": [{"role": "user", "content": SAID}]}),
    (Messages(), {"messages": [{"role": "user", "content": [{"type": "text", "text": SAID}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": "hi"}], "system": SAID}),
    (Messages(), {"messages": [{"role": "user", "content": "hi"}], "system": [{"type": "text", "text": SAID}]}),
    (Messages(), {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {EMAIL: 1}}]}]}),
    (Messages(), {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"n": [4111111111111111]}}]}]}),
    (Messages(), {"messages": [{"role": "assistant", "content": [{"type": "thinking", "thinking": SAID, "signature": "x"}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": SAID}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": SAID}]}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": [{"type": "document", "title": SAID, "source": {"type": "base64", "data": "AAAA"}}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "text", "data": "4111111111111111"}}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": [{"type": "search_result", "source": "s", "content": [{"type": "text", "text": SAID}]}]}]}),
    (Messages(), {"messages": [{"role": "user", "content": "hi"}], "metadata": {"user_id": EMAIL}}),
    (Messages(), {"messages": [{"role": "user", "content": "hi"}], "stop_sequences": [EMAIL]}),
    (Messages(), {"messages": [{"role": "user", "content": "hi"}], "tools": [{"name": "f", "description": SAID}]}),
    (Messages(), {"messages": [{"role": "user", "content": "hi"}], "tomorrow": [{"x": SAID}]}),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "body"), REQUESTS)
async def test_no_part_of_a_request_lets_a_masked_text_pass(endpoint: Endpoint, body: Body) -> None:
    endpoint.check(body)
    guarding = Guarding(MASK, None, alias=str)
    raw = orjson.dumps(body)

    await guarding.check_request(endpoint, raw, body, {})

    kept = guarding.kept or {}
    for each in (body, kept, endpoint.input_messages(kept)):
        assert EMAIL.encode() not in orjson.dumps(each)
        assert b"4111111111111111" not in orjson.dumps(each)


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        (Responses(), {}),
        (Responses(), {"input": 3}),
        (Responses(), {"input": [3]}),
        (Responses(), {"input": "x", "instructions": 3}),
        (Messages(), {}),
        (Messages(), {"messages": []}),
        (Messages(), {"messages": {}}),
        (Messages(), {"messages": [3]}),
        (Messages(), {"messages": [{"role": 3, "content": "x"}]}),
        (Messages(), {"messages": [{"role": "user", "content": 3}]}),
        (Messages(), {"messages": [{"role": "user", "content": "x"}], "system": 3}),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused_with_its_parameter(endpoint: Endpoint, body: Body) -> None:
    with pytest.raises(RequestError) as refusal:
        endpoint.check(body)

    assert refusal.value.status == 400
    assert refusal.value.param


def test_of_an_answer_without_end_only_a_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_proxy.wires.kept.LONGEST_KEPT", 10)
    kept = KeptTexts()

    for word in ("one two ", "three four ", "five"):
        kept.say(Channel(0, "content"), word)

    assert kept.texts() == {Channel(0, "content"): f"one two th{CUT_SHORT}"}
    assert kept.characters == 23
