"""Messages are known by what they say, and come back as they were."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.messages import SeenMessages, preview, restored, stored, text_of

CALL = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}


def test_equal_messages_have_one_hash_whatever_the_order_of_their_keys() -> None:
    assert stored({"role": "user", "content": "hi"}).hash == stored({"content": "hi", "role": "user"}).hash


def test_who_said_it_is_part_of_what_was_said() -> None:
    assert (
        stored({"role": "user", "content": "hi"}).hash != stored({"role": "assistant", "content": "hi"}).hash
    )


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "plain"},
        {"role": "user", "content": ""},
        {"role": "user", "content": None},
        {"role": "user", "content": "with a name", "name": "ann"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"content": "nobody said it"},
        {},
        {"role": 7, "content": "odd"},
    ],
)
def test_a_message_comes_back_as_it_was(message: dict[str, Any]) -> None:
    kept = stored(message)

    assert restored(kept.role, kept.text, kept.body) == message


def test_only_a_plain_message_needs_no_body() -> None:
    assert stored({"role": "user", "content": "plain"}).body == ""
    assert stored({"role": "user", "content": "named", "name": "ann"}).body != ""


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}, "one\ntwo"),
        ({"content": None, "tool_calls": [CALL]}, 'weather\n{"city": "Bern"}'),
        ({"content": "said", "reasoning_content": "thought"}, "thought\nsaid"),
        ({"content": None, "refusal": "I can't."}, "I can't."),
        ({"content": [{"type": "tool_result", "content": [{"type": "text", "text": "rain"}]}]}, "rain"),
        ({"content": [{"type": "tool_use", "name": "x", "input": {"city": "Bern"}}]}, '{"city":"Bern"}'),
        ({"content": 7, "tool_calls": "none"}, ""),
    ],
)
def test_everything_said_in_words_can_be_searched(message: dict[str, Any], text: str) -> None:
    assert text_of(message) == text


def test_a_preview_is_one_short_line() -> None:
    assert preview("  a\n\n b ") == "a b"
    assert preview("x" * 500) == "x" * 119 + "…"


def test_seen_messages_forgets_the_oldest_and_keeps_what_is_used() -> None:
    seen = SeenMessages(capacity=4)
    seen.add([("p", "t", 1), ("p", "t", 2)])
    assert ("p", "t", 1) in seen
    seen.add([("p", "t", 3), ("p", "t", 4)])

    assert ("p", "t", 2) not in seen
    assert ("p", "t", 1) in seen
    assert ("p", "t", 4) in seen


@given(st.text(alphabet="ab \n", max_size=600))
def test_a_preview_is_the_beginning_of_the_text_on_one_line(text: str) -> None:
    shown = preview(text)

    assert len(shown) <= 120
    assert " ".join(text.split()).startswith(shown.removesuffix("…").rstrip())
    assert shown.endswith("…") or len(text) > 480 or shown == " ".join(text.split())
