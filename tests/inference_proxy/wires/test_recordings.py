"""Streams as providers send them: every event of its official type, before the guards and after them."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from guardrails.outcome import Blocked, PlacedText
from guardrails.policy import Policy
from guardrails.session import GuardSession
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.relay import split_events
from inference_proxy.wires.chat import ChatWire
from inference_proxy.wires.events import Wire
from inference_proxy.wires.messages import MessagesWire
from inference_proxy.wires.responses import ResponsesWire
from tests.guardrails.makers import guard, policy
from tests.inference_proxy.wires.speaking import Body, events_of

RECORDINGS = Path(__file__).parent / "recordings"
WIRES: dict[str, type[Any]] = {
    "chat_completions": ChatWire,
    "responses": ResponsesWire,
    "messages": MessagesWire,
}
TYPES: dict[str, Any] = {
    "chat_completions": ChatCompletionChunk,
    "responses": ResponseStreamEvent,
    "messages": RawMessageStreamEvent,
}
PERSONAL = (b"bob.smith@", b"jane.roe@", b"jane\\u002eroe", b"jane\\\\u002eroe", b"7946", b"desk@")
MASK = policy(guard(parameters={"patterns": ["email", "phone"]}))
HARMLESS = policy(
    guard("words", "flag", parameters={"words": ["reached"]}, places=frozenset({"answer", "reasoning"}))
)
SIZES = (1, 64, 1_000, 1_000_000)


def recording(name: str) -> bytes:
    return (RECORDINGS / f"{name}.sse").read_bytes()


async def through(stream: GuardedStream, recorded: bytes, size: int) -> bytes:
    """Send whole events through, so many at a time; end as the proxy does when a guard stops it."""
    events = split_events(recorded)
    out = b""
    try:
        for at in range(0, len(events), size):
            out += await stream.push(b"".join(events[at : at + size]))
        return out + await stream.finish()
    except Blocked:
        return out + stream.ending()


async def guarded(name: str, rules: Policy, size: int = 1, sent: Sequence[str] = ()) -> bytes:
    wire: Wire = WIRES[name]()
    stream = GuardedStream(GuardSession(rules), wire, sent=frozenset(sent))
    out = await through(stream, recording(name), size)
    stream.close()
    return out


@functools.lru_cache
def type_of(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(TYPES[name])


def parsed(name: str, stream: bytes) -> list[BaseModel]:
    """Read every event as the official client does, which has no type for a ping; unknown fields are not allowed."""
    read: list[BaseModel] = []
    for each in events_of(stream):
        if each.get("type") != "ping":
            event = type_of(name).validate_python(each)
            assert set(each) - {"obfuscation"} <= set(type(event).model_fields)
            read.append(event)
    return read


@pytest.mark.parametrize("name", WIRES)
def test_a_recording_is_what_the_official_types_say(name: str) -> None:
    assert len(parsed(name, recording(name))) > 30


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("size", SIZES)
async def test_a_recording_that_no_guard_changes_passes_as_the_bytes_it_was(name: str, size: int) -> None:
    assert await guarded(name, HARMLESS, size) == recording(name)


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("size", SIZES)
async def test_nothing_personal_is_left_in_a_recording_that_was_masked(name: str, size: int) -> None:
    out = await guarded(name, MASK, size)

    assert [word for word in PERSONAL if word in out] == []
    assert b"<EMAIL_ADDRESS_1>" in out
    assert parsed(name, out)


@pytest.mark.parametrize("name", WIRES)
async def test_official_clients_read_the_same_however_events_arrive(name: str) -> None:
    outs = [await guarded(name, MASK, size) for size in SIZES]

    assert len({str(_said(name, list(events_of(out)))) for out in outs}) == 1


async def test_every_copy_in_a_response_says_what_went_out() -> None:
    out = await guarded("responses", MASK)
    events = list(events_of(out))

    (text,) = [each["text"] for each in events if each["type"] == "response.output_text.done"]
    assert text == "The desk is reached at <EMAIL_ADDRESS_3> or <PHONE_NUMBER_1>."
    deltas = [each["delta"] for each in events if each["type"] == "response.output_text.delta"]
    assert "".join(deltas) == text
    (part,) = [each["part"] for each in events if each["type"] == "response.content_part.done"]
    assert part["text"] == text
    assert part["logprobs"] == []
    assert part["annotations"][0]["title"] == "Contact <EMAIL_ADDRESS_3>"
    output = events[-1]["response"]["output"]
    done = [each["item"] for each in events if each["type"] == "response.output_item.done"]
    assert output == done
    assert output[2]["content"] == [part]
    assert output[1]["action"]["query"] == "parapet desk <EMAIL_ADDRESS_3>"
    assert (
        output[3]["arguments"]
        == '{"to":"<EMAIL_ADDRESS_2>","body":"Call <PHONE_NUMBER_1>\\nor <EMAIL_ADDRESS_3>"}'
    )
    assert [each["sequence_number"] for each in events] == list(range(len(events)))


async def test_a_response_repeats_the_request_as_the_caller_wrote_it() -> None:
    session = GuardSession(MASK)
    said = "Answer briefly. Write to desk@example.org when unsure."
    sent = await session.check_input([PlacedText("system", said)])
    stream = GuardedStream(session, ResponsesWire(), sent=frozenset(sent.texts))
    came = recording("responses").replace(b"desk@example.org", b"<EMAIL_ADDRESS_1>")

    events = list(events_of(await through(stream, came, 1)))

    assert sent.texts == ("Answer briefly. Write to <EMAIL_ADDRESS_1> when unsure.",)
    assert [each["response"]["instructions"] for each in events if "response" in each] == [said] * 3


@pytest.mark.parametrize("name", WIRES)
async def test_what_is_kept_of_a_recording_is_what_was_said_with_placeholders(name: str) -> None:
    wire: Wire = WIRES[name]()
    stream = GuardedStream(GuardSession(MASK), wire)
    await through(stream, recording(name), 1)

    (message,) = stream.hearing.messages(stream.stored)[-1:]

    assert message["content"].startswith("The desk is reached at <EMAIL_ADDRESS_")
    assert message["tool_calls"][-1]["function"]["name"] == "send_mail"
    assert not any(word in str(stream.hearing.messages(stream.stored)).encode() for word in PERSONAL)
    assert wire.hearing.is_finished
    assert stream.hearing.usage is not None
    assert stream.hearing.finish_reason in ("tool_calls", "completed", "tool_use")


@pytest.mark.parametrize("name", WIRES)
async def test_an_unguarded_recording_is_heard_word_for_word(name: str) -> None:
    wire: Wire = WIRES[name]()
    wire.hearing.hear(recording(name))
    wire.hearing.catch_up()

    (message,) = wire.hearing.messages()[-1:]

    assert message["content"] == "The desk is reached at jane.roe@example.net or +44 20 7946 0958."
    assert "bob.smith@example.com" in message["tool_calls"][-1]["function"]["arguments"]
    assert wire.hearing.characters > 100


@pytest.mark.parametrize(
    ("name", "end", "words"),
    [
        ("chat_completions", {"finish_reason": "content_filter"}, ("reached", "Call")),
        (
            "responses",
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            ("wants", "parapet", "reached", "Contact", "Call"),
        ),
        (
            "messages",
            {"stop_reason": "refusal", "stop_sequence": None},
            ("wants", "parapet", "reached", "Contact", "Call"),
        ),
    ],
)
async def test_a_blocked_recording_ends_as_its_protocol_ends_a_refused_answer(
    name: str, end: Body, words: Sequence[str]
) -> None:
    for word in words:
        out = await guarded(name, policy(guard("words", "block", parameters={"words": [word]})))

        events = list(events_of(out))
        assert end.items() <= _ending(events).items()
        assert word not in "".join(_said(name, events))
        assert parsed(name, out)


async def test_a_blocked_response_shows_its_items_as_far_as_they_went_out() -> None:
    rules = policy(guard("words", "block", parameters={"words": ["7946"]}))

    events = list(events_of(await guarded("responses", rules)))

    output = events[-1]["response"]["output"]
    said = "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")
    assert said.startswith("The desk is reached at jane.roe@example.net or")
    assert output[2]["content"][0]["text"] == said
    assert [item.get("status") for item in output] == [None, "completed", "incomplete"]
    assert [each["sequence_number"] for each in events] == list(range(len(events)))


def _said(name: str, events: list[Body]) -> list[str]:
    """Return the growing texts of a stream, put together."""
    texts: dict[str, str] = {}
    for each in events:
        for choice in each.get("choices", ()):
            delta = choice["delta"]
            texts["content"] = texts.get("content", "") + (delta.get("content") or "")
            for call in delta.get("tool_calls", ()):
                texts["arguments"] = texts.get("arguments", "") + call["function"]["arguments"]
        if str(each.get("type")).endswith("delta"):
            delta = each["delta"]
            said = delta if isinstance(delta, str) else "".join(map(str, list(delta.values())[1:2]))
            where = f"{each.get('output_index')} {each.get('index')}"
            texts[where] = texts.get(where, "") + said
    return [name, *(text for _, text in sorted(texts.items()))]


def _ending(events: list[Body]) -> Body:
    ended: Body = {}
    for each in events:
        for choice in each.get("choices", ()):
            ended["finish_reason"] = choice["finish_reason"]
        ended |= each["delta"] if each.get("type") == "message_delta" else {}
        ended |= each.get("response", {})
    return ended
