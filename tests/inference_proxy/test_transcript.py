import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_proxy.relay import EventCutter, split_events
from inference_proxy.transcript import Transcript
from tests.fakes.upstream import DONE, chunk, delta, event


def heard(*events: bytes) -> Transcript:
    transcript = Transcript()
    for each in events:
        transcript.hear(each)
    transcript.catch_up()
    return transcript


def one_by_one(*events: bytes) -> Transcript:
    """A transcript that parses every chunk by itself."""
    transcript = Transcript()
    for each in events:
        transcript.add(orjson.loads(each.removeprefix(b"data: ")))
    return transcript


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)


@given(parts=st.lists(st.tuples(st.integers(0, 1), texts), max_size=30))
def test_quick_reading_hears_the_same_as_reading_each_chunk(parts: list[tuple[int, str]]) -> None:
    events = [event(chunk(choices=[delta(index, content=text)])) for index, text in parts]

    assert heard(*events, DONE).messages() == one_by_one(*events).messages()


@pytest.mark.parametrize(
    "odd",
    [
        b'"a","refusal":"b"',
        b"1",
        b"null",
        b'["x"]',
        b'"a',
        b'"a"},"finish_reason":"stop","delta":{"content":"b"',
    ],
)
def test_a_chunk_that_only_looks_alike_is_read_by_itself(odd: bytes) -> None:
    plain = event(chunk(choices=[delta(content="x")]))
    alike = plain.replace(b'"content":"x"', b'"content":' + odd)

    transcript = heard(plain, plain, alike, plain)

    expected = one_by_one(plain, plain)
    with contextlib.suppress(orjson.JSONDecodeError):
        expected.add(orjson.loads(alike.removeprefix(b"data: ")))
    expected.add(orjson.loads(plain.removeprefix(b"data: ")))
    assert transcript.messages() == expected.messages()


def test_contents_written_differently_are_understood() -> None:
    first = b'data: {"choices": [{"index": 0, "delta": {"content": "caf\\u00e9"}}]}\n\n'
    second = b'data: {"choices": [{"index": 0, "delta": {"content": "\\n\\"q\\" \xc3\xa9"}}]}\n\n'

    assert heard(first, second).messages() == [{"role": "assistant", "content": 'café\n"q" é'}]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        {"choices": 3},
        {"choices": [3]},
        {"choices": [{"delta": 3}]},
        {"choices": [{"index": "one", "delta": {"content": "x"}}]},
        {"choices": [{"delta": {"tool_calls": [None]}}]},
        {"choices": [{"delta": {"tool_calls": 7, "audio": 3, "function_call": "x"}}]},
    ],
)
def test_nothing_an_upstream_sends_makes_it_fail(value: Any) -> None:
    transcript = heard(event(value), event(chunk(choices=[delta(content="still here")])))

    assert transcript.messages()[-1]["content"] == "still here"


def test_tool_calls_and_custom_tools_are_put_together() -> None:
    head = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sql", "input": "SELECT"}}
    more = {"index": 0, "custom": {"input": " 1"}}

    transcript = heard(*(event(chunk(choices=[delta(tool_calls=[call])])) for call in (head, more)))

    assert transcript.messages()[0]["tool_calls"] == [
        {"id": "a", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}
    ]


@given(
    data=st.lists(st.sampled_from([b"data: a", b"data:b", b": c", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"])).map(
        b"".join
    ),
    cuts=st.lists(st.integers(1, 9), max_size=40),
)
def test_cutting_a_stream_loses_and_changes_nothing(data: bytes, cuts: list[int]) -> None:
    cutter, out, at = EventCutter(), b"", 0
    for size in [*cuts, len(data)]:
        out += cutter.push(data[at : at + size])
        at += size

    assert out + cutter.finish() == data


def test_events_are_told_apart_by_any_line_ending() -> None:
    assert split_events(b"data: a\r\n\r\ndata: b\n\ndata: c\r\r") == [
        b"data: a\r\n\r\n",
        b"data: b\n\n",
        b"data: c\r\r",
    ]
