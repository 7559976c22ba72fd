"""The models that come with Parapet answer official clients through the proxy, guarded and traced like any other, at no price."""

import base64
import struct
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openai
import pytest
from openai.types import ModerationTextInputParam

from guardrails.policy import GuardConfig
from ingest.prices import price
from tests.fakes.guard_server import running_guard_server
from tests.fakes.proxy import RunningProxy, policy_of, upstream_config
from tests.fakes.upstream import FakeUpstream, as_error, as_json
from tests.guardrails.encoder.small import small_model

TEXT = "Mail bob@example.com, card 4111 1111 1111 1111, and AKIAIOSFODNN7EXAMPLE is a key."


@pytest.fixture(scope="module")
def guard_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    weights = small_model(tmp_path_factory.mktemp("weights"))
    with running_guard_server(weights=weights) as url:
        yield url


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeUpstream]:
    with FakeUpstream() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, guard_url: str, provider: FakeUpstream) -> Iterator[RunningProxy]:
    provider.reset()
    with RunningProxy(tmp_path, upstream_config(1, provider.url), guard_url=guard_url) as running:
        yield running


def ask(client: openai.OpenAI, content: str) -> str:
    answer = client.chat.completions.create(
        model="parapet/redactor", messages=[{"role": "user", "content": content}]
    )
    return answer.choices[0].message.content or ""


def test_the_redactor_answers_with_what_it_was_told_and_nobody_was(house: RunningProxy) -> None:
    with house.client(timeout=60.0) as client:
        said = ask(client, TEXT)

    span = house.span()
    assert "[EMAIL_ADDRESS_1]" in said
    assert "bob@example.com" not in said
    assert "4111" not in said
    assert "AKIA" not in said
    assert (span.provider, span.model, span.attributes["parapet.house"]) == (
        "parapet",
        "parapet/redactor",
        "true",
    )
    cost = price(span)
    assert cost is not None
    assert (cost.cost_usd, cost.source) == (Decimal(0), "none")


def test_the_redactor_streams(house: RunningProxy) -> None:
    with (
        house.client(timeout=60.0) as client,
        client.chat.completions.create(
            model="parapet/redactor",
            messages=[{"role": "user", "content": TEXT}],
            stream=True,
            stream_options={"include_usage": True},
        ) as stream,
    ):
        chunks = list(stream)

    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "bob@example.com" not in said
    assert "[EMAIL_ADDRESS_1]" in said
    assert chunks[-1].usage is not None
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_what_a_policy_masked_does_not_come_back_through_the_redactor(house: RunningProxy) -> None:
    house.publish(policy=policy_of(GuardConfig(name="pii", kind="pii", action="mask", deadline_ms=60_000)))

    with house.client(timeout=60.0) as client:
        said = ask(client, "I am bob@example.com")

    assert said == "I am [EMAIL_ADDRESS_1]"


def test_moderation_has_the_shape_that_clients_know(house: RunningProxy) -> None:
    with house.client(timeout=60.0) as client:
        one = client.moderations.create(model="parapet/moderation", input="a kind word")
        two = client.moderations.create(input=["first", "second"])
        part: ModerationTextInputParam = {"type": "text", "text": "first"}
        parts = client.moderations.create(model="omni-moderation-latest", input=[part])

    assert [one.model, two.model, parts.model] == ["parapet/moderation"] * 3
    assert [len(each.results) for each in (one, two, parts)] == [1, 2, 1]
    assert 0 < one.results[0].category_scores.harassment < 1
    assert one.results[0].category_scores.self_harm == 0
    assert one.results[0].category_applied_input_types.self_harm == []
    assert one.results[0].category_applied_input_types.hate == ["text"]


def test_moderation_answers_when_the_upstream_does_not(house: RunningProxy, provider: FakeUpstream) -> None:
    theirs = {"id": "modr-1", "model": "fake-model", "results": []}
    with house.client(timeout=60.0) as client:
        provider.always(as_json(theirs))
        asked = client.moderations.create(model="fake-model", input="hello")
        provider.always(as_error(503))
        fallen_back = client.moderations.create(model="fake-model", input="hello")

    assert (asked.model, fallen_back.model) == ("fake-model", "parapet/moderation")


def test_vectors_come_as_numbers_and_packed(house: RunningProxy) -> None:
    with house.client(timeout=60.0) as client:
        plain = client.embeddings.create(
            model="parapet/embedding", input=["one", "two"], encoding_format="float"
        )
        packed = client.embeddings.create(model="parapet/embedding", input="one", encoding_format="base64")

    first = plain.data[0].embedding
    raw = base64.b64decode(packed.data[0].embedding)  # type: ignore[arg-type]
    assert len(plain.data) == 2
    assert sum(value**2 for value in first) == pytest.approx(1.0, abs=1e-3)
    assert struct.unpack(f"<{len(first)}f", raw) == pytest.approx(first, abs=1e-3)


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/v1/embeddings", {"model": "parapet/redactor", "input": "x"}, "answers /v1/chat/completions"),
        (
            "/v1/embeddings",
            {"model": "parapet/embedding", "input": [1, 2]},
            "token numbers are those of another",
        ),
        (
            "/v1/embeddings",
            {"model": "parapet/embedding", "input": "x", "dimensions": 7},
            "'dimensions' must be 32",
        ),
        ("/v1/moderations", {}, "Missing required parameter: 'input'"),
        ("/v1/moderations", {"input": 1}, "Invalid type for 'input'"),
        ("/v1/moderations", {"input": [{"type": "image_url", "image_url": {"url": "x"}}]}, "no pictures"),
        ("/v1/moderations", {"input": [1]}, "'input' must be a text"),
        (
            "/v1/chat/completions",
            {"model": "parapet/redactor", "messages": [{"role": "system", "content": "x"}]},
            "must hold text",
        ),
        (
            "/v1/chat/completions",
            {"model": "parapet/redactor", "messages": [{"role": "user", "content": "x"}], "n": 2},
            "leave 'n' at 1",
        ),
        (
            "/v1/chat/completions",
            {"model": "parapet/redactor", "messages": [{"role": "user", "content": "x" * 100_001}]},
            "100000 characters",
        ),
    ],
)
def test_what_they_cannot_answer_is_refused_in_a_sentence(
    house: RunningProxy, path: str, body: dict[str, object], sentence: str
) -> None:
    status, _, content = house.post(path, body)

    assert 400 <= status < 500
    assert sentence in content.decode()


def test_they_are_listed_and_a_key_may_be_limited_to_them(house: RunningProxy) -> None:
    with house.client(timeout=60.0) as client:
        names = {model.id for model in client.models.list()}
        house.publish(models=frozenset({"parapet/redactor"}))
        with pytest.raises(openai.NotFoundError):
            client.moderations.create(model="parapet/moderation", input="x")

    assert {"parapet/redactor", "parapet/moderation", "parapet/embedding"} <= names


def test_a_guard_server_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with (
        RunningProxy(tmp_path, guard_url="http://127.0.0.1:9") as running,
        running.client() as client,
        pytest.raises(openai.InternalServerError, match="could not be reached"),
    ):
        client.moderations.create(model="parapet/moderation", input="x")
