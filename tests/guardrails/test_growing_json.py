"""JSON that streams is read with its escapes decoded: nothing hides behind a backslash, and what comes out is JSON."""

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrails.growing_json import GrowingJson
from guardrails.json_text import JsonText, Replacement
from guardrails.session import GuardSession
from tests.guardrails.makers import SECRETS, at, cut, guard, policy, run, streamed, whole

MASK = policy(guard(), guard("words", parameters={"words": ["sesame", "größe"]}))
BLOCK = policy(guard(action="block"))
PIECES = (*SECRETS, "sesame", "größe", "hello", 'a"b', "\\", "😀", "x\ty", "{", "]", "12", "", "\u2028", "/")


def disguised(value: Any, seed: int) -> str:
    """Write JSON with some of the characters of its strings as escapes that need not be."""
    chance = random.Random(seed)
    rate = chance.choice((0.0, 0.1, 1.0))
    plain = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, 2)))
    out, is_inside, at = [], False, 0
    while at < len(plain):
        character = plain[at]
        width = (6 if plain[at + 1] == "u" else 2) if character == "\\" else 1
        is_inside ^= character == '"'
        can_hide = is_inside and width == 1 and character not in '"' and ord(character) < 0x10000
        hidden = f"\\u{ord(character):04X}" if can_hide and chance.random() < rate else plain[at : at + width]
        out.append(hidden)
        at += width
    return "".join(out)


DOCUMENTS = st.recursive(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=3).map(" ".join),
        st.integers(0, 99),
        st.just(4111111111111111),
        st.none(),
        st.booleans(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(PIECES), inner, max_size=3)
    ),
    max_leaves=6,
).map(lambda value: [value])


def fed(text: str, chunks: list[str]) -> str:
    growing = GrowingJson()
    shown = [growing.feed(chunk, is_final=False) for chunk in chunks]
    return "".join([*shown, growing.feed("", is_final=True)])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=DOCUMENTS, seed=st.integers(0, 2**32))
def test_it_reads_the_same_growing_and_whole(value: Any, seed: int) -> None:
    text = disguised(value, seed)

    assert json.loads(text) == value
    assert fed(text, cut(text, seed)) == GrowingJson(text).view == JsonText(text).view
    assert GrowingJson(text).with_replaced([]) == text


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=DOCUMENTS, seed=st.integers(0, 2**32), is_declared=st.booleans())
def test_a_masked_stream_of_json_is_the_masked_whole_and_json(
    value: Any, seed: int, is_declared: bool
) -> None:
    text = disguised(value, seed)
    session = GuardSession(MASK)
    stream = session.open_stream("answer", is_json=is_declared)

    out = "".join([run(stream.push(chunk)) for chunk in cut(text, seed)]) + run(stream.finish())

    expected, stored, _ = whole(MASK, text)
    assert json.loads(out) == json.loads(expected)
    assert json.loads(stream.stored) == json.loads(stored)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=DOCUMENTS, seed=st.integers(0, 2**32))
def test_a_stream_of_json_is_blocked_when_the_whole_would_be(value: Any, seed: int) -> None:
    text = disguised(value, seed)

    out, _, blocked_by = run(streamed(GuardSession(BLOCK), cut(text, seed)))

    assert blocked_by == whole(BLOCK, text)[2]
    assert text.startswith(out)


@pytest.mark.parametrize(
    "answer",
    [
        '{"to": "bob\\u0040example.com"}',
        '{"to": "\\u0062\\u006f\\u0062@example.com"}',
        ' [ "bob@example\\u002ecom" ]',
        '{"to": "bob\\u0040example.com", oops',
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_is_written_with_escapes_does_not_slip_through(answer: str, size: int) -> None:
    rules = policy(guard(parameters={"patterns": ["email"]}))
    chunks = [answer[at : at + size] for at in range(0, len(answer), size)]

    out, stored, _ = run(streamed(GuardSession(rules), chunks))

    assert "<EMAIL_ADDRESS_1>" in out
    assert (out, stored) == whole(rules, answer)[:2]


def test_originals_come_back_escaped() -> None:
    session = GuardSession(policy(guard(parameters={"custom": [{"name": "motto", "regex": 'say "[a-z]+"'}]})))
    run(session.check_input(at("user", 'say "hi"')))

    out, _, _ = run(streamed(session, list('{"a": "\\u003cMOTTO_1>"}')))

    assert json.loads(out) == {"a": 'say "hi"'}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d',
        '{"a": "\\ud83d x"}',
        '{"a": "\\x \\u12',
        '["\\',
        '{"a": "\\ud83d\\u0041"}',
        "{{{",
        '["',
    ],
)
def test_what_is_no_json_passes_as_it_came(text: str) -> None:
    for place in ("answer", "tool_arguments"):
        out, stored, _ = run(streamed(GuardSession(MASK), list(text), place=place))

        assert (out, stored) == (text, text)


def test_a_number_that_is_masked_becomes_a_text_and_structure_stays() -> None:
    text = '[4111, "a", 5]'
    growing = GrowingJson(text)

    assert growing.with_replaced([Replacement(1, 5, "<N>")]) == '["<N>", "a", 5]'
    assert growing.with_replaced([Replacement(8, 13, "<N>")]) == '[4111, "<N>", ""]'
    assert GrowingJson("[call 41 11 now").with_replaced([Replacement(6, 11, "<N>")]) == "[call <N> now"
