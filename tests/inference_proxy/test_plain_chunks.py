"""Chunks that differ in their content alone: read quickly, and guarded no less."""

import re
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.policy import GuardConfig
from guardrails.session import Blocked, GuardSession
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.relay import payloads
from inference_proxy.wires.chat import ChatWire
from tests.fakes.proxy import policy_of
from tests.fakes.upstream import DONE, chunk, delta, event

MASKED = GuardConfig(name="mail", kind="pattern", action="mask", parameters={"patterns": ["email"]})
BLOCKED = GuardConfig(name="words", kind="words", action="block", parameters={"words": ["launch code"]})
FIRST = event(chunk(choices=[delta(content="one")]))


def padded(text: str, padding: str = "aB3") -> bytes:
    """Return a chunk as OpenAI pads it."""
    return event(chunk(choices=[delta(content=text)], obfuscation=padding))


@pytest.mark.parametrize("text", ["", " two", 'a "quote"', "\\", "line\nbreak", "ü 😀", '","evil":"'])
@pytest.mark.parametrize(
    ("learnt", "said"),
    [
        (FIRST, lambda text: event(chunk(choices=[delta(content=text)]))),
        (padded("one"), lambda text: padded(text, "Zz9" * 5)),
        (padded("one"), lambda text: padded(text, "")),
    ],
)
def test_a_chunk_of_the_kind_is_understood_and_can_be_made(text: str, learnt: bytes, said: Any) -> None:
    plain = PlainChunks()
    plain.learn(learnt)

    assert plain.said_by(said(text)) == text
    made = orjson.loads(next(payloads(plain.saying(text))))
    assert made == orjson.loads(next(payloads(event(chunk(choices=[delta(content=text)])))))


@pytest.mark.parametrize(
    "odd",
    [
        FIRST.replace(b'"one"', b'"one","refusal":"no"'),
        FIRST.replace(b'"one"', b'"a"},"message":{"content":"b"'),
        FIRST.replace(b'"one"', b"1"),
        FIRST.replace(b'"one"', b'["one"]'),
        FIRST.replace(b'"one"', b""),
        FIRST.replace(b'"finish_reason":null', b'"finish_reason":"stop"'),
        padded("one", "no padding at all"),
        padded("one").replace(b"}\n\n", b',"more":"text"}\n\n'),
        DONE,
        b"",
    ],
)
@pytest.mark.parametrize("learnt", [FIRST, padded("one")])
def test_a_chunk_that_says_more_is_not_of_the_kind(odd: bytes, learnt: bytes) -> None:
    plain = PlainChunks()
    plain.learn(learnt)

    assert plain.said_by(odd) is None


def test_a_chunk_that_says_its_content_twice_teaches_nothing() -> None:
    plain = PlainChunks()
    plain.learn(FIRST.replace(b'"delta":', b'"delta":{"content":"a"},"delta":'))

    assert plain.said_by(FIRST) is None


WORDS = st.sampled_from(
    [
        "bob",
        "@",
        "example",
        ".com",
        " launch",
        " code",
        " and",
        "ü",
        "",
        "\n",
        "<",
        "EMAIL_ADDRESS_1",
        ">",
        '"',
    ]
)
KINDS = st.sampled_from(
    ["plain", "plain", "plain", "padded", "second choice", "refusal", "field nobody knows"]
)


def written(kind: str, text: str) -> bytes:
    return {
        "plain": event(chunk(choices=[delta(content=text)])),
        "padded": padded(text),
        "second choice": event(chunk(choices=[delta(1, content=text)])),
        "refusal": event(chunk(choices=[delta(refusal=text)])),
        "field nobody knows": event(chunk(choices=[delta(content=text)], remark="by al@example.com")),
    }[kind]


async def heard(
    events: list[bytes], cuts: list[int]
) -> tuple[dict[Any, str], dict[Any, str], str, list[Any]]:
    """Return what a guarded stream lets through by field, what may be kept, who stopped it, and the decisions."""
    session = GuardSession(policy_of(MASKED, BLOCKED))
    stream = GuardedStream(session, ChatWire())
    out, at, stopped_by = b"", 0, ""
    try:
        for cut in [*sorted(cut % (len(events) + 1) for cut in cuts), len(events)]:
            out += await stream.push(b"".join(events[at:cut]))
            at = max(at, cut)
        out += await stream.finish()
    except Blocked as block:
        stopped_by = block.guard
    stream.close()
    texts: dict[Any, str] = {}
    for each in payloads(out):
        for choice in orjson.loads(each)["choices"]:
            for name, value in choice["delta"].items():
                texts[choice["index"], name] = texts.get((choice["index"], name), "") + value
    said = {(each.guard, each.place, each.action, tuple(each.entities.items())) for each in session.decisions}
    return {key: text for key, text in texts.items() if text}, stream.stored, stopped_by, sorted(said)


@settings(deadline=None)
@given(st.lists(st.tuples(KINDS, WORDS), min_size=1, max_size=25), st.lists(st.integers(0, 100), max_size=6))
async def test_quick_guarding_lets_through_what_careful_guarding_does(
    parts: list[tuple[str, str]], cuts: list[int]
) -> None:
    quick = await heard([written(kind, text) for kind, text in parts], cuts)
    # Written with other spaces every time, no chunk is like another.
    unlike = [
        written(kind, text).replace(b"data: {", b"data: {" + b" " * number)
        for number, (kind, text) in enumerate(parts)
    ]
    careful = await heard(unlike, list(range(len(parts))))

    assert quick[1:3] == careful[1:3]
    assert not any(re.search(r"[a-z]@example\.com", text) for text in quick[0].values())
    if_stopped = {key: careful[0].get(key, "")[: len(text)] for key, text in quick[0].items()}
    assert quick[0] == (if_stopped if quick[2] else careful[0])
