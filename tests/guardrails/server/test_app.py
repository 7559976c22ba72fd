"""The guard server over HTTP: verdicts for good requests, sentences for bad ones, and a way back from death."""

import io
from typing import Any

import aiohttp
import orjson
import pytest

from guardrails.server.app import LONGEST_BODY, LONGEST_TEXT, GuardApp
from guardrails.server.pieces import Piece
from guardrails.server.settings import Settings

PII = {"kind": "pii", "parameters": {}}
TOKEN = "a token of this installation"
CHECK = {"guard": PII, "texts": ["write to bob@example.com", "nothing here"]}


async def post(url: str, body: Any, door: str = "/v1/guard") -> tuple[int, Any]:
    told = {"deadline_ms": 60_000} | body if isinstance(body, dict) else body
    data = io.BytesIO(told if isinstance(told, bytes) else orjson.dumps(told))
    async with aiohttp.ClientSession() as http, http.post(url + door, data=data) as response:
        return response.status, orjson.loads(await response.read())


async def test_verdicts_come_in_the_order_of_the_texts(guard_url: str) -> None:
    status, answer = await post(guard_url, {"checks": [CHECK, {"guard": PII, "texts": []}, CHECK]})

    found, nothing = ({"seen": Piece(text).mark} for text in CHECK["texts"])
    verdicts = [
        found | {"findings": [{"entity": "EMAIL_ADDRESS", "start": 9, "end": 24, "score": 1.0}]},
        nothing | {"findings": []},
    ]
    assert (status, answer) == (200, {"verdicts": [verdicts, [], verdicts]})


async def test_offsets_count_characters(guard_url: str) -> None:
    _, answer = await post(guard_url, {"checks": [{"guard": PII, "texts": ["😀é日 bob@example.com"]}]})

    assert answer["verdicts"][0][0]["findings"][0]["start"] == 4


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "the body is not JSON"),
        (b"\xff{", 400, "the body is not JSON"),
        ([], 400, "an object with a list 'checks'"),
        ({"checks": []}, 400, "an object with a list 'checks'"),
        ({"checks": [1]}, 400, "a check is an object"),
        ({"checks": [{"guard": PII, "texts": "x"}]}, 400, "a check is an object"),
        ({"checks": [{"guard": PII, "texts": [1]}]}, 400, "must hold only texts"),
        ({"checks": [{"guard": {"kind": 1}, "texts": []}]}, 400, "a guard is an object"),
        (
            {"checks": [{"guard": {"kind": "oracle"}, "texts": []}]},
            400,
            "no detector 'oracle'; known: ['classifier', ",
        ),
        ({"checks": [{"guard": {"kind": "words"}, "texts": []}]}, 400, "no detector 'words'"),
        (
            {"checks": [{"guard": {"kind": "pii", "parameters": {"entities": ["SHOE"]}}, "texts": []}]},
            400,
            "unknown 'SHOE'",
        ),
        ({"checks": [{"guard": PII, "texts": [{"text": 1}]}]}, 400, "objects with a 'text'"),
        (
            {"checks": [{"guard": PII, "texts": [{"text": "", "task": 1}]}]},
            400,
            "the 'task' and the 'context'",
        ),
        ({"checks": [CHECK], "apart": 1}, 400, "'apart' must be true or false"),
        ({"checks": [CHECK], "deadline_ms": 0}, 400, "'deadline_ms' must be a whole number"),
        ({"checks": [CHECK], "deadline_ms": "1"}, 400, "'deadline_ms' must be a whole number"),
        ({"checks": [{"guard": PII, "texts": ["x"] * 1_025}]}, 413, "may hold 1024 texts"),
        ({"checks": [{"guard": PII, "texts": ["x" * (LONGEST_TEXT + 1)]}]}, 413, "cut it into windows"),
        (b" " * (LONGEST_BODY + 1), 413, "send fewer texts"),
    ],
)
async def test_a_bad_request_is_answered_with_a_sentence(
    guard_url: str, body: Any, status: int, sentence: str
) -> None:
    answered, answer = await post(guard_url, body)

    assert answered == status
    assert sentence in answer["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/guard", 405), ("POST", "/health", 405), ("GET", "/", 404)]
)
async def test_other_doors_are_closed(guard_url: str, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as http, http.request(method, guard_url + path) as response:
        assert response.status == status


async def test_a_deadline_that_cannot_be_met_is_a_timeout(guard_url: str) -> None:
    many = [f"{number} bob@example.com 212-555-0123 " * 40 for number in range(200)]

    status, answer = await post(guard_url, {"checks": [{"guard": PII, "texts": many}], "deadline_ms": 5})

    assert (status, answer["error"]["type"]) == (504, "timeout")


async def test_health_and_metrics_tell_the_state(guard_url: str) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{guard_url}/health") as response:
            health = await response.json()
        async with http.get(f"{guard_url}/metrics") as response:
            metrics = await response.text()

    assert health["status"] == "ok"
    assert f"parapet_guard_ready_workers {health['workers']}\n" in metrics
    assert 'parapet_guard_requests_total{status="200"} ' in metrics


async def test_a_full_queue_says_come_back() -> None:
    app = GuardApp(Settings(workers=1, waiting=0))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": orjson.dumps({"checks": [CHECK]})}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "path": "/v1/guard", "method": "POST"}, receive, send)
    await app({"type": "http", "path": "/health", "method": "GET"}, receive, send)

    assert [message.get("status") for message in sent[::2]] == [503, 503]
    assert (b"retry-after", b"1") in sent[0]["headers"]
    assert orjson.loads(sent[1]["body"])["error"]["type"] == "overloaded"
    assert orjson.loads(sent[3]["body"])["error"]["type"] == "starting"


@pytest.mark.parametrize(
    ("door", "headers", "status"),
    [
        ("/v1/models", [], 401),
        ("/v1/models", [(b"authorization", b"Bearer another token")], 401),
        ("/v1/models", [(b"authorization", TOKEN.encode())], 401),
        ("/v1/models", [(b"x-other", b"x"), (b"authorization", b"Bearer " + TOKEN.encode())], 200),
        ("/metrics", [], 200),
        ("/health", [], 503),
    ],
)
async def test_where_there_is_a_token_a_request_must_bear_it(
    door: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    app = GuardApp(Settings(workers=1, token=TOKEN))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "path": door, "method": "GET", "headers": headers}, receive, send)

    assert sent[0]["status"] == status
    assert TOKEN not in str(sent) + repr(app.settings)


async def test_guards_of_one_request_fail_apart_when_asked_to(guard_url: str) -> None:
    checks = [
        {"guard": {"kind": "toxicity"}, "texts": ["you"]},
        CHECK,
        {"guard": {"kind": "judge", "parameters": {"model": "x", "question": "?"}}, "texts": ["you"]},
        {"guard": {"kind": "oracle"}, "texts": ["you"]},
    ]

    status, answer = await post(guard_url, {"checks": checks, "apart": True})
    together, refused = await post(guard_url, {"checks": checks[:2]})

    kinds = [each["error"]["type"] if isinstance(each, dict) else len(each) for each in answer["verdicts"]]
    assert (status, kinds) == (200, ["no_model", 2, "bad_guard", "bad_guard"])
    assert (together, refused["error"]["type"]) == (501, "no_model")


@pytest.mark.parametrize(
    ("told", "redacted"),
    [
        ({}, ["I am <EMAIL_ADDRESS_1>, key <AWS_KEY_1>", "<EMAIL_ADDRESS_1> and <EMAIL_ADDRESS_2>"]),
        (
            {"square_brackets": True},
            ["I am [EMAIL_ADDRESS_1], key [AWS_KEY_1]", "[EMAIL_ADDRESS_1] and [EMAIL_ADDRESS_2]"],
        ),
        ({"mode": "redact"}, ["I am [redacted], key [redacted]", "[redacted] and [redacted]"]),
        (
            {"secrets": False, "parameters": {"allow": ["eve@example.com"]}},
            ["I am <EMAIL_ADDRESS_1>, key AKIAIOSFODNN7EXAMPLE", "<EMAIL_ADDRESS_1> and eve@example.com"],
        ),
    ],
)
async def test_texts_come_back_without_personal_data_and_secrets(
    guard_url: str, told: dict[str, Any], redacted: list[str]
) -> None:
    texts = ["I am bob@example.com, key AKIAIOSFODNN7EXAMPLE", "bob@example.com and eve@example.com"]

    status, answer = await post(guard_url, {"texts": texts, **told}, "/v1/redact")

    assert (status, [each["text"] for each in answer["results"]]) == (200, redacted)
    assert answer["results"][0]["findings"][0]["entity"] == "EMAIL_ADDRESS"


async def test_a_hash_is_the_same_for_the_same_value_and_key(guard_url: str) -> None:
    async def hashed(key: str) -> str:
        told = {"texts": ["bob@example.com"], "mode": "hash", "key": key}
        _, answer = await post(guard_url, told, "/v1/redact")
        return str(answer["results"][0]["text"])

    one, again, other = [await hashed(key) for key in ("k" * 16, "k" * 16, "x" * 16)]

    assert one == again != other
    assert one.startswith("EMAIL_ADDRESS:h1:")


@pytest.mark.parametrize(
    ("door", "body", "status", "sentence"),
    [
        ("/v1/redact", {"texts": "x"}, 400, "'texts' must be a list"),
        ("/v1/redact", {"texts": [1]}, 400, "must hold only texts"),
        ("/v1/redact", {"texts": ["x"], "mode": "burn"}, 400, "'mode' must be one of"),
        ("/v1/redact", {"texts": ["x"], "mode": "hash"}, 400, "needs a 'key' of at least 16"),
        ("/v1/redact", {"texts": ["x"], "parameters": {"entities": ["SHOE"]}}, 400, "unknown 'SHOE'"),
        ("/v1/redact", {"texts": ["x"], "secrets": 1}, 400, "'secrets' must be true or false"),
        ("/v1/redact", [], 400, "the body must be an object"),
        ("/v1/moderations", {"input": "x"}, 501, "the encoder's weights are not in"),
        ("/v1/embeddings", {"input": "x"}, 501, "the encoder's weights are not in"),
        ("/v1/embeddings", {"input": []}, 400, "'input' must be a text or a list"),
        ("/v1/embeddings", {"input": "x", "encoding_format": "words"}, 400, "'encoding_format' must be"),
    ],
)
async def test_the_other_doors_answer_bad_requests_with_a_sentence(
    guard_url: str, door: str, body: Any, status: int, sentence: str
) -> None:
    answered, answer = await post(guard_url, body, door)

    assert answered == status
    assert sentence in answer["error"]["message"]
    assert set(answer["error"]) == {"type", "message", "param", "code"}
