"""Messages of every dialect become blocks of plain text; nothing in them is fetched or run."""

from typing import Any

import pytest

from console.traces.messages import FOLD_AT, Block, readable


def blocks(message: dict[str, Any]) -> list[tuple[str, str, str]]:
    [read] = readable([message])
    return [(block.kind, block.title, block.text) for block in read.blocks]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "user", "content": "hello"}, [("text", "", "hello")]),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}]}, [("text", "", "a"), ("text", "", "b")]),
        ({"role": "tool", "tool_call_id": "c1", "content": '{"b": 1}'}, [("json", "", '{\n  "b": 1\n}')]),
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": '{"q": "ü"}'}}]}, [("tool_call", "look", '{\n  "q": "ü"\n}')]),
        ({"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "look", "arguments": "{broken"}}]}, [("tool_call", "look", "{broken")]),
        ({"role": "assistant", "content": "b", "reasoning_content": "a"}, [("reasoning", "Reasoning", "a"), ("text", "", "b")]),
        ({"role": "assistant", "content": None, "refusal": "I must not."}, [("refusal", "Refusal", "I must not.")]),
        ({"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "look", "input": {"q": 1}}]}, [("tool_call", "look", '{\n  "q": 1\n}')]),
        ({"role": "user", "content": "x", "audio": {"id": 7}}, [("text", "", "x"), ("json", "Other fields", '{\n  "audio": {\n    "id": 7\n  }\n}')]),
        ({"role": "user", "content": [{"type": "hologram", "beam": 3}]}, [("json", "hologram", '{\n  "type": "hologram",\n  "beam": 3\n}')]),
        ({"role": "user", "content": 42}, [("json", "", "42")]),
        ({"role": "assistant", "content": "", "tool_calls": "nonsense"}, []),
        ({"role": "assistant", "content": "", "tool_calls": ["nonsense"]}, [("json", "Tool call", "nonsense")]),
    ],
)  # fmt: skip
def test_a_message_becomes_blocks(message: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert blocks(message) == expected


def test_pictures_are_named_and_never_loaded() -> None:
    [read] = readable([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "https://tracker.example/pixel.png?who=you"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4096}},
        {"type": "image_url", "image_url": {"url": "https://[broken"}},
    ]}])  # fmt: skip

    assert [block.kind for block in read.blocks] == ["media"] * 3
    assert read.blocks[0].note == "at tracker.example, not loaded"
    assert (read.blocks[1].text, read.blocks[1].note) == ("", "3 KB inline, not shown")


def test_a_message_that_is_no_longer_stored_says_so() -> None:
    gone, asks_a_tool = readable(
        [{"role": "user", "content": None}, {"role": "assistant", "content": None, "tool_calls": []}]
    )

    assert gone.is_missing
    assert not asks_a_tool.is_missing


def test_long_text_is_folded_and_kept_whole() -> None:
    long, tall, short = (Block(kind="text", text=text) for text in ("word " * 1000, "line\n" * 40, "short"))

    assert 0 < len(long.head) < FOLD_AT
    assert long.text.startswith(long.head)
    assert tall.head.count("\n") < 24
    assert short.head == ""
