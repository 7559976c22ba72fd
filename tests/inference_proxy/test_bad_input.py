"""Requests that are wrong: each gets an answer in OpenAI's shape that says what to do, and none a 5xx."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.proxy import API_KEY, RunningProxy, upstream_config
from tests.fakes.upstream import FakeUpstream

CHAT = "/v1/chat/completions"
HELLO: Any = [{"role": "user", "content": "hi"}]


def error_of(body: bytes) -> dict[str, Any]:
    error = orjson.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return dict(error)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b"[]", "invalid_json", None),
        (b"null", "invalid_json", None),
        (b'{"model":"fake-model","messages":[{"role":"user","content":"\xff\xfe"}]}', "invalid_json", None),
        (b'{"model":"fake-model","messages":[{"role":"user","content":"\\ud800"}]}', "invalid_json", None),
        (b"\xef\xbb\xbf{}", "invalid_json", None),
        (b"[" * 100_000, "invalid_json", None),
        (b'{"messages":[]}', "missing_required_parameter", "model"),
        (b'{"model":7,"messages":[]}', "invalid_type", "model"),
        (b'{"model":"","messages":[]}', "invalid_value", "model"),
        (b'{"model":"fake-model"}', "missing_required_parameter", "messages"),
        (b'{"model":"fake-model","messages":"hi"}', "invalid_type", "messages"),
        (b'{"model":"fake-model","messages":[]}', "empty_array", "messages"),
        (b'{"model":"fake-model","messages":["hi"]}', "invalid_type", "messages[0]"),
        (b'{"model":"fake-model","messages":[{}]}', "missing_required_parameter", "messages[0].role"),
        (b'{"model":"fake-model","messages":[{"role":1}]}', "invalid_type", "messages[0].role"),
        (
            b'{"model":"fake-model","messages":[{"role":"user","content":1}]}',
            "invalid_type",
            "messages[0].content",
        ),
        (b'{"model":"fake-model","messages":[{"role":"user"}],"stream":"yes"}', "invalid_type", "stream"),
        (
            b'{"model":"fake-model","messages":[{"role":"user"}],"stream":true,"stream_options":1}',
            "invalid_type",
            "stream_options",
        ),
        (b'{"model":"fake-model","messages":[{"role":"user"}],"tools":{}}', "invalid_type", "tools"),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_its_reason(
    proxy: RunningProxy, upstream: FakeUpstream, body: bytes, code: str, param: str | None
) -> None:
    status, _, answer = proxy.request("POST", CHAT, body)

    assert status == 400
    assert (error_of(answer)["code"], error_of(answer)["param"]) == (code, param)
    assert upstream.requests == []


def test_a_body_nested_beyond_reason_is_no_mistake_of_ours(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    deep = b"[" * 600 + b"]" * 600
    body = b'{"model":"%b","messages":[{"role":"user","content":"hi"}],"x":' + deep + b"}"

    kept, _, _ = proxy.request("POST", CHAT, body.replace(b"%b", b"fake-model"))
    rewritten, _, _ = proxy.request("POST", CHAT, body.replace(b"%b", b"renamed"))

    assert kept == 200
    assert rewritten == 400
    assert proxy.spans(2)[0].attributes["parapet.messages_omitted"] == "too_deep"


@pytest.mark.parametrize("key", [None, "", "pk_wrong", "x" * 5_000, "ключ"])
def test_a_wrong_key_is_refused(proxy: RunningProxy, upstream: FakeUpstream, key: str | None) -> None:
    headers = {} if key is None else {"authorization": f"Bearer {key}".encode().decode("latin-1")}

    status, answered, answer = proxy.request("POST", CHAT, b"{}", headers, key=None)

    assert status == 401
    assert error_of(answer)["code"] == "invalid_api_key"
    assert answered["www-authenticate"] == "Bearer"
    assert upstream.requests == []


@pytest.mark.parametrize("header", ["x-api-key", "api-key"])
def test_a_key_may_come_as_other_clients_send_it(proxy: RunningProxy, header: str) -> None:
    status, _, _ = proxy.request("GET", "/v1/models", headers={header: API_KEY}, key=None)

    assert status == 200


def test_a_key_without_the_scope_is_refused(proxy: RunningProxy) -> None:
    proxy.publish(scopes=frozenset({"ingest"}))

    with proxy.client() as client, pytest.raises(openai.PermissionDeniedError, match="scope 'proxy'"):
        client.chat.completions.create(model="fake-model", messages=HELLO)


def test_an_unknown_model_brings_the_nearest_name(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    with (
        proxy.client() as client,
        pytest.raises(openai.NotFoundError, match="Did you mean 'fake-model'") as raised,
    ):
        client.chat.completions.create(model="fake-modle", messages=HELLO)

    assert raised.value.code == "model_not_found"
    assert upstream.requests == []
    span = proxy.span()
    assert (span.status, span.error_type, span.model_requested) == ("error", "model_not_found", "fake-modle")


def test_a_model_that_is_not_for_this_key_does_not_exist_for_it(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    proxy.publish(models=frozenset({"parapet/demo"}))

    with proxy.client() as client, pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="fake-model", messages=HELLO)

    assert upstream.requests == []


@pytest.mark.parametrize(
    ("method", "path", "status", "hint"),
    [
        ("GET", CHAT, 405, "use POST"),
        ("PUT", "/v1/embeddings", 405, "use POST"),
        ("POST", "/v1/models", 405, "use GET"),
        ("POST", "/v1/chat/completion", 404, "Served here"),
        ("POST", "/chat/completions", 404, "ends in /v1"),
        ("GET", "/", 404, "Served here"),
        ("POST", "/v1/%2e%2e/health", 404, "Served here"),
        ("OPTIONS", "/v1/models", 405, "use GET"),
    ],
)
def test_a_wrong_method_or_path_is_told_the_right_one(
    proxy: RunningProxy, method: str, path: str, status: int, hint: str
) -> None:
    answered, _, body = proxy.request(method, path)

    assert answered == status
    assert hint in error_of(body)["message"]


def test_a_body_of_fifty_megabytes_is_refused_before_it_is_read(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    big = (
        b'{"model":"fake-model","messages":[{"role":"user","content":"' + b"x" * (50 * 1024 * 1024) + b'"}]}'
    )
    with RunningProxy(tmp_path, upstream_config(1, upstream.url)) as proxy:
        status, _, body = proxy.request("POST", CHAT, big)
        fine, _, _ = proxy.request("GET", "/v1/models")

    assert status == 413
    assert "PARAPET_MAX_BODY_BYTES" in error_of(body)["message"]
    assert fine == 200
    assert upstream.requests == []


def test_a_body_that_grows_beyond_the_limit_is_refused_too(tmp_path: Path) -> None:
    def pieces() -> Any:
        yield from [b"x" * 1_000] * 20

    with RunningProxy(tmp_path, max_body_bytes=10_000) as proxy:
        status, _, body = proxy.request("POST", CHAT, pieces())

    assert status == 413
    assert error_of(body)["code"] == "request_too_large"


def test_a_compressed_body_is_refused(proxy: RunningProxy) -> None:
    status, _, body = proxy.request("POST", CHAT, b"\x1f\x8b", {"content-encoding": "gzip"})

    assert status == 415
    assert error_of(body)["code"] == "unsupported_content_encoding"


def test_bytes_that_are_no_http_get_a_400_and_hurt_nobody(proxy: RunningProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(b"\x00\x01 nonsense\r\n\r\n")
        assert b"400" in connection.recv(1_000)

    assert proxy.request("GET", "/health")[0] == 200


def test_a_caller_who_leaves_in_the_middle_of_a_body_costs_nothing(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\ncontent-length: 100\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(head.encode() + b'{"model"')
    time.sleep(0.1)

    assert proxy.metrics()["parapet_proxy_in_flight"] == 1  # the one that asks
    assert upstream.requests == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "model", "messages", "role", "content", "type", "text", "tool_calls", "function", "arguments",
                    "stream", "stream_options", "n", "tools", "input", "prompt", "metadata", "max_tokens", "user",
                    "response_format", "tool_choice", "name", "choices", "dimensions",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with RunningProxy(tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from([CHAT, "/v1/embeddings", "/v1/completions"]),
    extra=st.dictionaries(
        st.sampled_from(["messages", "input", "prompt", "stream", "n", "tools"]), json_values
    ),
    messages=st.lists(
        st.dictionaries(st.sampled_from(["role", "content", "tool_calls"]), json_values), max_size=2
    ),
)
def test_no_json_makes_the_proxy_fail(
    fuzzed: RunningProxy, path: str, extra: dict[str, Any], messages: list[Any]
) -> None:
    body = {"model": "parapet/demo", "messages": messages, "input": "x", "prompt": "x"} | extra

    status, _, _ = fuzzed.request("POST", path, json.dumps(body).encode())

    assert status < 500


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=200))
def test_no_bytes_make_the_proxy_fail(fuzzed: RunningProxy, body: bytes) -> None:
    status, _, _ = fuzzed.request("POST", CHAT, body)

    assert status == 400
