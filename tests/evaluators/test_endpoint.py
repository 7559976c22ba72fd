import math
from typing import Any

import pytest

from evaluators import CompletionError
from evaluators.endpoint import Endpoint, JudgeModel
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_error, as_json, completion

HELLO = {"model": "fake-model", "messages": [{"role": "user", "content": "a secret question"}]}
CHOICES = [{"token": "A", "logprob": math.log(0.75)}, {"token": "B", "logprob": math.log(0.25)}]


def judged(text: str = "A", **fields: Any) -> Reply:
    body = completion(
        text, model="gpt-4o-mini", usage={"prompt_tokens": 1000, "completion_tokens": 1} | fields
    )
    body["choices"][0]["logprobs"] = {"content": [{"token": text, "logprob": -0.3, "top_logprobs": CHOICES}]}
    return as_json(body)


async def test_an_answer_comes_with_its_figures() -> None:
    with FakeUpstream() as upstream:
        upstream.always(judged())
        async with Endpoint(upstream.url, "sk-test") as endpoint:
            answer = await endpoint.chat(HELLO)
        assert upstream.requests[0].headers["authorization"] == "Bearer sk-test"
    assert (answer.text, answer.input_tokens, answer.output_tokens) == ("A", 1000, 1)
    assert answer.cost_usd == pytest.approx(0.0001506)
    assert answer.latency_ms > 0


@pytest.mark.parametrize(
    ("model", "fields", "cost"), [("no-such-model", {}, None), ("no-such-model", {"cost": 0.02}, 0.02)]
)
async def test_an_unknown_price_is_unknown_and_a_reported_cost_wins(
    model: str, fields: dict[str, Any], cost: float | None
) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 1} | fields
    with FakeUpstream() as upstream:
        upstream.always(as_json(completion("hi", model=model, usage=usage)))
        async with Endpoint(upstream.url, None) as endpoint:
            assert (await endpoint.chat(HELLO)).cost_usd == cost


async def test_a_busy_endpoint_is_asked_again() -> None:
    with FakeUpstream() as upstream:
        upstream.then(as_error(503), as_error(429, headers=[("retry-after", "1")]))
        async with Endpoint(upstream.url, None) as endpoint:
            answer = await endpoint.chat(HELLO)
        assert answer.text == "Hello from the fake."
        assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (as_error(401, "wrong key for a secret question"), "answered 401, fake"),
        (as_error(400, "you said: a secret question"), "refused the request (400, fake)"),
        (as_json({"choices": []}), "not a chat completion"),
        (as_json([]), "not a chat completion"),
        (Reply(pieces=[b"[" * 50_000]), "not a chat completion"),
        (Reply(pieces=[b"\xff\xfe"]), "not a chat completion"),
    ],
)
async def test_a_failure_is_told_without_the_prompt(reply: Reply, words: str) -> None:
    with FakeUpstream() as upstream:
        upstream.always(reply)
        async with Endpoint(upstream.url, None) as endpoint:
            with pytest.raises(CompletionError) as caught:
                await endpoint.chat(HELLO)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_judge_asks_for_probabilities_and_hands_them_on() -> None:
    with FakeUpstream() as upstream:
        upstream.always(judged())
        async with Endpoint(upstream.url, None) as endpoint:
            answer = await JudgeModel(endpoint, "gpt-4o-mini")(HELLO["messages"], options=("A", "B"))  # type: ignore[arg-type]
        asked = upstream.requests[0].json
    assert asked["logprobs"] is True
    assert asked["temperature"] == 0
    assert answer.tokens is not None
    assert answer.tokens[0].logprobs["A"] == pytest.approx(math.log(0.75))


async def test_a_judge_does_without_what_its_model_refuses() -> None:
    def picky(request: Received) -> Reply:
        refused = {"logprobs", "temperature", "max_tokens"} & set(request.json)
        return as_error(400) if refused else as_json(completion("A"))

    with FakeUpstream() as upstream:
        upstream.always(picky)
        async with Endpoint(upstream.url, None) as endpoint:
            judge = JudgeModel(endpoint, "o-model")
            texts = [(await judge(HELLO["messages"], options=("A", "B"))).text for _ in range(2)]  # type: ignore[arg-type]
        assert texts == ["A", "A"]
        assert len(upstream.requests) == 4
