"""What an answer notes by places in its text is at those places in the text that the caller reads, and in the one that is kept."""

import random
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from guardrails.session import GuardSession
from inference_proxy.endpoints.base import Endpoint
from inference_proxy.endpoints.chat import Chat
from inference_proxy.endpoints.messages import Messages
from inference_proxy.endpoints.responses import Responses
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.guarding import Guarding
from tests.guardrails.makers import guard, policy
from tests.inference_proxy.wires.speaking import Body, events_of

SENT = "bob.smith@example.com"
NEW = "ann@corp.example"
MASK = policy(guard(parameters={"patterns": ["email"]}))
ASKED = f"Who is {SENT}?"
ANSWER = f"<EMAIL_ADDRESS_1> leads the parapet guild, says {NEW}. The guild is old."
READ = f"{SENT} leads the parapet guild, says <EMAIL_ADDRESS_2>. The guild is old."
KEPT = "<EMAIL_ADDRESS_1> leads the parapet guild, says <EMAIL_ADDRESS_2>. The guild is old."
CITED = ("parapet guild", "guild is old", "says")


def noted(text: str, words: str) -> dict[str, int]:
    return {"start_index": text.rindex(words), "end_index": text.rindex(words) + len(words)}


def url(words: str) -> Body:
    return {
        "type": "url_citation",
        "title": "About <EMAIL_ADDRESS_1>",
        "url": "https://a.example/",
        **noted(ANSWER, words),
    }


def in_chat(words: str) -> Body:
    kind, *_ = (note := url(words)).values()
    return {"type": kind, "url_citation": {key: value for key, value in note.items() if key != "type"}}


def words_at(notes: Sequence[Body], text: str) -> tuple[str, ...]:
    """What notes say they are about."""
    places = [each.get("url_citation") or each for each in notes]
    return tuple(text[each["start_index"] : each["end_index"]] for each in places)


CHAT_REQUEST = {"model": "m", "messages": [{"role": "user", "content": ASKED}]}
CHAT_ANSWER = {
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": ANSWER, "annotations": [*map(in_chat, CITED)]},
        }
    ]
}
RESPONSES_REQUEST = {"model": "m", "input": ASKED}
PART = {"type": "output_text", "text": ANSWER, "annotations": [*map(url, CITED)]}
ITEM = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [PART]}


async def guarding(endpoint: Endpoint, request: Body, rules: Any = MASK) -> Guarding:
    """A call whose request the guards have seen."""
    call = Guarding(rules, None, alias=str)
    raw = orjson.dumps(request)
    await call.check_request(endpoint, raw, orjson.loads(raw), {})
    return call


async def whole(endpoint: Endpoint, request: Body, answer: Body) -> tuple[Body, Any]:
    """What the caller gets of a whole answer, and what is kept of it."""
    call = await guarding(endpoint, request)
    content = orjson.dumps(answer)
    checked = await call.check_answer(endpoint, orjson.loads(content), content)
    return orjson.loads(checked.content), checked.messages


async def streamed(
    endpoint: Endpoint, request: Body, events: Sequence[bytes], rules: Any = MASK
) -> tuple[list[Body], Any]:
    """The events that a caller gets, and the messages that are kept."""
    call = await guarding(endpoint, request, rules)
    body: Body = {"model": "m", "messages": [], "input": ""}
    stream: GuardedStream = call.open_stream(endpoint, body, hides_usage=False)
    out = b"".join([await stream.push(each) for each in events]) + await stream.finish()
    return list(events_of(out)), stream.hearing.messages(stream.stored, stream.stored_moves)


async def test_in_a_whole_chat() -> None:
    answer, (kept,) = await whole(Chat(), CHAT_REQUEST, CHAT_ANSWER)

    message = answer["choices"][0]["message"]
    assert (message["content"], kept["content"]) == (READ, KEPT)
    assert words_at(message["annotations"], READ) == CITED
    assert words_at(kept["annotations"], KEPT) == CITED
    assert [each["url_citation"]["title"] for each in message["annotations"]] == [f"About {SENT}"] * 3


async def test_in_a_whole_response() -> None:
    answer, (kept,) = await whole(Responses(), RESPONSES_REQUEST, {"output": [ITEM]})

    part = answer["output"][0]["content"][0]
    assert part["text"] == READ
    assert words_at(part["annotations"], READ) == CITED
    assert words_at(kept["annotations"], KEPT) == CITED


async def test_a_note_with_one_place_moves_with_it() -> None:
    place = ANSWER.index("The guild")
    notes = [{"type": "file_citation", "file_id": "file-1", "index": place}]
    item = ITEM | {"content": [PART | {"annotations": notes}]}

    answer, _ = await whole(Responses(), RESPONSES_REQUEST, {"output": [item]})

    (note,) = answer["output"][0]["content"][0]["annotations"]
    assert note == {"type": "file_citation", "file_id": "file-1", "index": READ.index("The guild")}


async def test_in_json_that_was_changed_a_note_is_left_out() -> None:
    message = {"role": "assistant", "content": f'{{"to": "{NEW}", "guild": "old"}}'}
    notes = [{"type": "url_citation", "start_index": 30, "end_index": 33}, {"type": "unheard of"}]
    choice = {"index": 0, "finish_reason": "stop", "message": message | {"annotations": notes}}

    answer, _ = await whole(Chat(), CHAT_REQUEST, {"choices": [choice]})

    assert answer["choices"][0]["message"]["annotations"] == [{"type": "unheard of"}]


def chat_events(seed: int) -> list[bytes]:
    """A streamed chat, cut at random; each note comes at random, right after its words or later."""
    dice = random.Random(seed)
    deltas: list[Body] = []
    waiting = sorted(CITED, key=lambda words: noted(ANSWER, words)["end_index"])
    at = 0
    while at < len(ANSWER):
        size = dice.randint(1, 9)
        deltas.append({"content": ANSWER[at : at + size]})
        at += size
        while waiting and noted(ANSWER, waiting[0])["end_index"] <= at and dice.random() < 0.7:
            deltas.append({"annotations": [in_chat(waiting.pop(0))]})
    deltas += [{"annotations": [in_chat(words)]} for words in waiting]
    choices: list[Body] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices[-1]["finish_reason"] = dice.choice([None, "stop"])
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    return [b"data: " + orjson.dumps({"id": "c", "choices": [each]}) + b"\n\n" for each in choices]


@pytest.mark.parametrize("seed", range(30))
async def test_in_a_streamed_chat_a_note_comes_after_its_words(seed: int) -> None:
    events, (kept,) = await streamed(Chat(), CHAT_REQUEST, chat_events(seed))

    said, notes, came_late = "", list[Body](), True
    for event in events:
        delta = event["choices"][0]["delta"]
        said += delta.get("content") or ""
        notes += (new := delta.get("annotations") or [])
        came_late = came_late and all(each["url_citation"]["end_index"] <= len(said) for each in new)
    assert said == READ
    assert sorted(words_at(notes, READ)) == sorted(CITED)
    assert came_late
    assert sorted(words_at(kept["annotations"], KEPT)) == sorted(CITED)
    assert [each["url_citation"]["title"] for each in notes] == [f"About {SENT}"] * 3
    assert SENT not in str(kept)


def responses_events(seed: int) -> list[bytes]:
    """A streamed response that says everything, notes too, several times."""
    dice = random.Random(seed)
    where = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
    added = {"type": "response.output_text.annotation.added"} | where
    empty = {"type": "output_text", "text": "", "annotations": []}
    events: list[Body] = [
        {"type": "response.created", "response": {"id": "r", "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": ITEM | {"content": []}},
        {"type": "response.content_part.added", "part": empty} | where,
    ]
    at = 0
    waiting = list(enumerate(CITED))
    while at < len(ANSWER):
        size = dice.randint(1, 9)
        events.append({"type": "response.output_text.delta", "delta": ANSWER[at : at + size]} | where)
        at += size
        while waiting and noted(ANSWER, waiting[0][1])["end_index"] <= at:
            number, words = waiting.pop(0)
            events.append(added | {"annotation_index": number, "annotation": url(words)})
    events += [
        {"type": "response.output_text.done", "text": ANSWER} | where,
        {"type": "response.content_part.done", "part": PART} | where,
        {"type": "response.output_item.done", "output_index": 0, "item": ITEM},
        {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": [ITEM]}},
    ]
    numbered = [each | {"sequence_number": number} for number, each in enumerate(events)]
    return [b"event: %b\ndata: %b\n\n" % (each["type"].encode(), orjson.dumps(each)) for each in numbered]


@pytest.mark.parametrize("seed", range(10))
async def test_in_a_streamed_response_every_copy_is_noted_at_the_same_places(seed: int) -> None:
    events, (kept,) = await streamed(Responses(), RESPONSES_REQUEST, responses_events(seed))

    by_type = {each["type"]: each for each in events}
    added = [each["annotation"] for each in events if each["type"].endswith("annotation.added")]
    part = by_type["response.content_part.done"]["part"]
    item = by_type["response.output_item.done"]["item"]
    output = by_type["response.completed"]["response"]["output"]
    assert (part["text"], item["content"], output) == (READ, [part], [item])
    assert words_at(part["annotations"], READ) == CITED
    assert sorted(words_at(added, READ)) == sorted(CITED)
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert words_at(kept["annotations"], KEPT) == CITED


DOCUMENT = f"Written by {SENT} in 1904. The parapet guild has nine members."
MASKED_DOCUMENT = DOCUMENT.replace(SENT, "<EMAIL_ADDRESS_1>")
MESSAGES_REQUEST = {
    "model": "m",
    "max_tokens": 9,
    "messages": [
        {
            "role": "user",
            "content": [
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": "Nothing."},
                },
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": DOCUMENT},
                },
                {"type": "text", "text": "How many members are there?"},
            ],
        }
    ],
}


def char_location(words: str) -> Body:
    start = MASKED_DOCUMENT.index(words)
    return {
        "type": "char_location",
        "cited_text": words,
        "document_index": 1,
        "start_char_index": start,
        "end_char_index": start + len(words),
    }


def cited(citation: Body) -> str:
    return DOCUMENT[citation["start_char_index"] : citation["end_char_index"]]


async def test_a_message_cites_the_document_that_the_caller_sent() -> None:
    block = {"type": "text", "text": "Nine.", "citations": [char_location("nine members")]}
    answer = {"role": "assistant", "content": [block, {"type": "text", "text": "Yes.", "citations": None}]}

    read, _ = await whole(Messages(), MESSAGES_REQUEST, answer)

    assert cited(read["content"][0]["citations"][0]) == "nine members"
    assert read["content"][1] == answer["content"][1]


async def test_a_streamed_message_does_so_too() -> None:
    quoted = "<EMAIL_ADDRESS_1> in 1904"
    deltas: list[Body] = [
        {"type": "text_delta", "text": "Nine."},
        {"type": "citations_delta", "citation": char_location("nine members")},
        {"type": "citations_delta", "citation": char_location(quoted)},
    ]
    events = [
        b"event: content_block_delta\ndata: "
        + orjson.dumps({"type": "content_block_delta", "index": 0, "delta": delta})
        + b"\n\n"
        for delta in deltas
    ]

    read, (kept,) = await streamed(Messages(), MESSAGES_REQUEST, events)

    citations = [each["delta"]["citation"] for each in read if "citation" in each["delta"]]
    assert [cited(each) for each in citations] == ["nine members", f"{SENT} in 1904"]
    assert [each["cited_text"] for each in citations] == ["nine members", f"{SENT} in 1904"]
    assert SENT not in str(kept)


@pytest.mark.parametrize("endpoint_and_request", [(Chat(), CHAT_REQUEST), (Responses(), RESPONSES_REQUEST)])
async def test_where_nothing_is_masked_every_byte_passes_as_it_came(endpoint_and_request: Any) -> None:
    endpoint, request = endpoint_and_request
    events = chat_events(3) if isinstance(endpoint, Chat) else responses_events(3)
    stream = GuardedStream(
        GuardSession(policy(guard("pattern", "flag", parameters={"patterns": ["email"]}))),
        endpoint.wire(request, hides_usage=False),
    )

    out = b"".join([await stream.push(each) for each in events]) + await stream.finish()

    assert out == b"".join(events)
