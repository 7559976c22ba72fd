"""The demo model, through the official client."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.fakes.proxy import RunningProxy

TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                    "days": {"type": "integer"},
                },
                "required": ["city", "unit", "days"],
            },
        },
    }
]
JUDGE = "Question: Is it right?\n\nOptions:\nA: yes\nB: no\n\nAnswer with exactly one of: A, B. Write nothing else."


@pytest.fixture
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """A proxy with no provider at all."""
    with RunningProxy(tmp_path_factory.mktemp("demo")) as running:
        yield running


def ask(proxy: RunningProxy, content: str, **options: Any) -> Any:
    with proxy.client() as client:
        return client.chat.completions.create(
            model="parapet/demo", messages=[{"role": "user", "content": content}], **options
        )


def test_it_says_what_it_is_and_is_labelled_in_the_record(offline: RunningProxy) -> None:
    answer = ask(offline, "Hello!")

    assert "demo model" in answer.choices[0].message.content
    assert answer.usage.total_tokens > 0
    span = offline.span()
    assert (span.provider, span.model) == ("parapet", "parapet/demo")
    assert span.attributes["parapet.demo"] == "true"


def test_it_streams_the_same_answer(offline: RunningProxy) -> None:
    with offline.client() as client:
        chunks = list(
            client.chat.completions.create(
                model="parapet/demo", messages=[{"role": "user", "content": "Hello!"}], stream=True
            )
        )

    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == ask(offline, "Hello!").choices[0].message.content
    assert offline.spans(2)[0].usage.source == "reported"


def test_it_calls_a_tool_when_asked_to_and_reads_its_result(offline: RunningProxy) -> None:
    message = ask(offline, "What is the weather in Bonn?", tools=TOOLS).choices[0].message
    (call,) = message.tool_calls

    assert call.function.name == "get_weather"
    assert orjson.loads(call.function.arguments)["unit"] == "celsius"
    with offline.client() as client:
        after = client.chat.completions.create(
            model="parapet/demo",
            messages=[
                {"role": "user", "content": "What is the weather in Bonn?"},
                message.model_dump(exclude_none=True),
                {"role": "tool", "tool_call_id": call.id, "content": "17 degrees"},
            ],
            tools=TOOLS,
        )
    assert "17 degrees" in (after.choices[0].message.content or "")


def test_it_leaves_tools_alone_when_the_prompt_does(offline: RunningProxy) -> None:
    assert ask(offline, "Tell me a story.", tools=TOOLS).choices[0].message.tool_calls is None


def test_its_tool_calls_stream(offline: RunningProxy) -> None:
    with (
        offline.client() as client,
        client.chat.completions.stream(
            model="parapet/demo", messages=[{"role": "user", "content": "weather?"}], tools=TOOLS
        ) as stream,
    ):
        (call,) = stream.get_final_completion().choices[0].message.tool_calls or []

    assert orjson.loads(call.function.arguments)["days"] == 1


def test_it_judges_with_one_option_and_probabilities(offline: RunningProxy) -> None:
    answer = ask(offline, JUDGE, logprobs=True, top_logprobs=5, max_tokens=1)
    (choice,) = answer.choices

    assert choice.message.content in ("A", "B")
    assert {each.token for each in choice.logprobs.content[0].top_logprobs} == {"A", "B"}
    assert ask(offline, JUDGE).choices[0].message.content == choice.message.content


def test_it_answers_in_json_when_told_to(offline: RunningProxy) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    assert orjson.loads(ask(offline, "hi", response_format=form).choices[0].message.content) == {"ok": True}


def test_texts_that_share_words_have_nearby_vectors(offline: RunningProxy) -> None:
    with offline.client() as client:
        data = client.embeddings.create(
            model="parapet/demo", input=["the cat sat", "the cat ran", "quarterly revenue"]
        ).data
    near = sum(a * b for a, b in zip(data[0].embedding, data[1].embedding, strict=True))
    far = sum(a * b for a, b in zip(data[0].embedding, data[2].embedding, strict=True))

    assert len(data[0].embedding) == 256
    assert near > 0.5 > far
