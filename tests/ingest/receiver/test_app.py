"""The receiver over HTTP: who may send what, what is answered, and what lies in the spool afterwards."""

import asyncio
import base64
import gzip
import json
import socket
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ingest.keys import KeyGrant
from ingest.receiver.app import PATHS, Limits
from ingest.receiver.intake import UnavailableError
from ingest.records import Record, Span
from ingest.spool import SpoolFullError, SpoolWriteError
from tests.fixtures.receiver import KEY, PROXY_ONLY_KEY, OpenIntake, add_span, running_receiver, traces

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}]',
    "gen_ai.usage.input_tokens": 3,
}
JSON = "application/json"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def in_json(**fields: Any) -> bytes:
    now = time.time_ns()
    span = {
        "traceId": "ABCDEF" + "0" * 26,
        "spanId": "00000000000000aa",
        "name": "from json",
        "startTimeUnixNano": str(now - 1_000_000),
        "endTimeUnixNano": now,
        "attributes": [
            {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
            {"key": "tag.tags", "value": {"arrayValue": {"values": [{"stringValue": "a"}]}}},
        ],
        "aFieldOfTheFuture": {},
    } | fields
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


@pytest.mark.parametrize("path", PATHS)
async def test_spans_are_on_the_disk_when_the_answer_comes(tmp_path: Path, path: str) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)), path=path)
        (span,) = receiver.spans()

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    assert (span.name, span.kind, span.model, span.environment) == ("chat", "llm", "gpt-4o", "staging")
    assert span.input_messages == [{"role": "user", "content": "Hello"}]


async def test_json_with_ids_in_hex_is_received_and_answered_in_json(tmp_path: Path) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(in_json(), content_type="application/json; charset=utf-8")
        (span,) = receiver.spans()

    assert answer.json() == {"partialSuccess": {}}
    assert span.trace_id == "abcdef" + "0" * 26
    assert span.usage.input_tokens == 12
    assert span.tags == ("a",)


@pytest.mark.parametrize(("name", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_bodies_are_unpacked(tmp_path: Path, name: str, packed: Any) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(packed(traces(("chat", CHAT))), content_encoding=name)
        spans = receiver.spans()

    assert answer.status_code == 200
    assert len(spans) == 1


async def test_a_bad_span_among_good_ones_is_named_and_the_good_ones_are_kept(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    add_span(request, "good", {})
    add_span(request, "without a trace", {}, trace_id=b"")
    add_span(request, "also good", {})

    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(request.SerializeToString())
        spans = receiver.spans()

    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert answer.status_code == 200
    assert partial.rejected_spans == 1
    assert "'without a trace'" in partial.error_message
    assert "trace id" in partial.error_message
    assert [span.name for span in spans] == ["good", "also good"]


async def test_a_bad_span_in_json_is_named_too(tmp_path: Path) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(in_json(startTimeUnixNano="yesterday"), content_type=JSON)
        spans = receiver.spans()

    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert "00000000000000aa" in answer.json()["partialSuccess"]["errorMessage"]
    assert spans == []


async def test_a_span_that_came_twice_in_a_request_is_stored_once(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    add_span(request, "once", {}, span_id=b"\x05" * 8)
    add_span(request, "once", {}, span_id=b"\x05" * 8)

    async with running_receiver(tmp_path) as receiver:
        await receiver.post(request.SerializeToString())
        spans = receiver.spans()

    assert len(spans) == 1


async def test_json_nested_beyond_reason_is_kept_as_the_text_it_is(tmp_path: Path) -> None:
    deep = "[" * 600 + "]" * 600
    parts = '[{"role": "user", "parts": [{"type": "data", "value": ' + deep + "}]}]"

    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(traces(("deep", CHAT | {"gen_ai.input.messages": parts})))
        (span,) = receiver.spans()

    assert answer.status_code == 200
    assert span.input_messages == [{"role": "user", "content": parts}]


async def test_values_nested_beyond_reason_reject_their_span_alone(tmp_path: Path) -> None:
    value: dict[str, Any] = {"stringValue": "core"}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}

    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(in_json(attributes=[{"key": "deep", "value": value}]), content_type=JSON)

    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert "nested too deeply" in answer.json()["partialSuccess"]["errorMessage"]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": basic("pk-public", KEY)},
        {"authorization": basic(KEY, "")},
        {"authorization": "", "x_api_key": KEY},
    ],
)
async def test_a_key_is_accepted_in_every_way_exporters_send_one(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)), **headers)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("request_headers", "status", "code", "says"),
    [
        ({"authorization": ""}, 401, 16, "no valid API key"),
        ({"authorization": "Bearer pk_wrong"}, 401, 16, "no valid API key"),
        ({"authorization": "Basic %%%"}, 401, 16, "no valid API key"),
        ({"authorization": f"Bearer {PROXY_ONLY_KEY}"}, 403, 7, "'ingest'"),
        ({"content_type": "text/plain"}, 415, 3, "Content-Type"),
        ({"content_encoding": "zstd"}, 415, 3, "gzip"),
        ({"path": "/v1/metrics"}, 404, 5, "/v1/traces"),
    ],
)
async def test_a_refusal_is_a_status_in_the_senders_encoding(
    tmp_path: Path, request_headers: dict[str, str], status: int, code: int, says: str
) -> None:
    headers = {"path": "/v1/traces", "content_type": "application/x-protobuf"} | request_headers
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)), **headers)
        as_json = await receiver.post(b"{}", **(headers | {"content_type": JSON} | request_headers))
        stored = receiver.stored()

    assert answer.status_code == as_json.status_code == status
    assert stored == []
    assert as_json.json()["code"] == code
    assert says in as_json.json()["message"] or says in Status.FromString(answer.content).message


async def test_an_error_for_protobuf_is_a_google_rpc_status(tmp_path: Path) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(b"\xff\xff", authorization="")

    status = Status.FromString(answer.content)
    assert status.code == 16
    assert "Bearer pk_" in status.message
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_other_methods_are_told_to_post(tmp_path: Path) -> None:
    async with running_receiver(tmp_path) as receiver:
        raw = await asyncio.to_thread(exchange, receiver.url, b"GET /v1/traces HTTP/1.1\r\nhost: x\r\n\r\n")

    assert raw.startswith(b"HTTP/1.1 405")
    assert b"allow: POST" in raw


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xff\xff\xff", {}),
        (b"\n\x05\x12\x03\n\x01\xff", {}),
        (b"{", {"content_type": JSON}),
        (b"\xff\xfe", {"content_type": JSON}),
        (b"[]", {"content_type": JSON}),
        (b'{"resourceSpans": 5}', {"content_type": JSON}),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [3]}]}]}', {"content_type": JSON}),
        (b'{"resourceSpans": [{"resource": {"attributes": [7]}}]}', {"content_type": JSON}),
        (b'{"a": "\\ud800"}', {"content_type": JSON}),
        (b"not gzip", {"content_encoding": "gzip"}),
        (gzip.compress(b"x" * 1000)[:-12], {"content_encoding": "gzip"}),
    ],
)
async def test_a_body_that_cannot_be_read_is_the_senders_fault(
    tmp_path: Path, body: bytes, headers: dict[str, str]
) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(body, **headers)

    assert answer.status_code == 400


async def test_a_text_that_is_not_utf8_is_refused_with_a_sentence(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    add_span(request, "MARK", {})
    body = request.SerializeToString().replace(b"MARK", b"\xff\xfe\xfd\xfc")

    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(body)

    assert answer.status_code == 400
    assert "UTF-8" in Status.FromString(answer.content).message


async def test_an_empty_request_is_accepted(tmp_path: Path) -> None:
    async with running_receiver(tmp_path) as receiver:
        answers = [await receiver.post(b""), await receiver.post(b"{}", content_type=JSON)]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (bytes(50 * 1024 * 1024), {}),
        (gzip.compress(bytes(60 * 1024 * 1024), compresslevel=1), {"content_encoding": "gzip"}),
        (gzip.compress(bytes(15_000_000), compresslevel=9) * 2, {"content_encoding": "gzip"}),
        (zlib.compress(bytes(30_000_000), level=9), {"content_encoding": "deflate"}),
    ],
    ids=["large", "gzip bomb", "two gzip members", "deflate bomb"],
)
async def test_a_body_that_is_or_becomes_too_large_is_refused(
    tmp_path: Path, body: bytes, headers: dict[str, str]
) -> None:
    async with running_receiver(tmp_path) as receiver:
        answer = await receiver.post(body, **headers)

    assert answer.status_code == 413
    assert "20 MiB" in Status.FromString(answer.content).message


async def test_a_body_without_a_length_is_counted_as_it_comes(tmp_path: Path) -> None:
    async with running_receiver(tmp_path, limits=Limits(max_body_bytes=1000)) as receiver:
        head = (
            f"POST /v1/traces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
            "content-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n"
        ).encode()
        chunks = (b"190\r\n" + b"x" * 400 + b"\r\n") * 4 + b"0\r\n\r\n"
        raw = await asyncio.to_thread(exchange, receiver.url, head + chunks)

    assert raw.startswith(b"HTTP/1.1 413")


async def test_a_body_that_dawdles_is_given_up(tmp_path: Path) -> None:
    async with running_receiver(tmp_path, limits=Limits(body_deadline_s=0.2)) as receiver:
        head = (
            f"POST /v1/traces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
            "content-type: application/x-protobuf\r\ncontent-length: 100\r\n\r\nhalf"
        ).encode()
        raw = await asyncio.to_thread(exchange, receiver.url, head)

    assert raw.startswith(b"HTTP/1.1 408")


async def test_senders_wait_when_too_much_comes_at_once(tmp_path: Path) -> None:
    async with running_receiver(tmp_path, limits=Limits(max_held_bytes=50)) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)))

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


class FailingSpool:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def append(self, payloads: Sequence[bytes]) -> None:
        raise self._error


@pytest.mark.parametrize("error", [SpoolFullError("full"), SpoolWriteError("refused")])
async def test_what_the_disk_does_not_take_is_not_acknowledged(tmp_path: Path, error: Exception) -> None:
    async with running_receiver(tmp_path, spool=FailingSpool(error)) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)))

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert Status.FromString(answer.content).code == 14


class ClosedIntake(OpenIntake):
    async def prepare(self, grant: KeyGrant, spans: Sequence[Span]) -> Sequence[Record]:
        raise UnavailableError("no guard answers", retry_after_s=7)


async def test_spans_that_cannot_be_prepared_now_stay_with_their_sender(tmp_path: Path) -> None:
    async with running_receiver(tmp_path, intake=ClosedIntake()) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)))
        stored = receiver.stored()

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert stored == []


async def test_before_the_keys_are_known_nobody_is_called_a_stranger(tmp_path: Path) -> None:
    async with running_receiver(tmp_path, is_ready=False) as receiver:
        answer = await receiver.post(traces(("chat", CHAT)))
        health = await receiver.post(b"", path="/health")

    assert answer.status_code == 503
    assert health.status_code == 503


async def test_a_request_may_name_session_user_feature_prompt_and_tags(tmp_path: Path) -> None:
    async with running_receiver(tmp_path) as receiver:
        await receiver.post(
            traces(("chat", CHAT)),
            x_parapet_session="s-1",
            x_parapet_user="u-1",
            x_parapet_feature="search",
            x_parapet_prompt="answer@3",
            x_parapet_environment="qa",
            x_parapet_tags="a, b",
        )
        (span,) = receiver.spans()

    assert (span.session_id, span.user_id, span.feature) == ("s-1", "u-1", "search")
    assert (span.prompt_name, span.prompt_version, span.environment) == ("answer", "3", "qa")
    assert span.tags == ("a", "b")


async def test_a_large_batch_does_not_keep_small_ones_waiting(tmp_path: Path) -> None:
    large = traces(*(("chat", CHAT | {"note": "word " * 200}) for _ in range(6_000)))
    async with running_receiver(tmp_path) as receiver:
        slow = asyncio.create_task(receiver.post(large))
        await asyncio.sleep(0.05)
        small = await receiver.post(traces(("chat", CHAT)))
        large_was_waiting = not slow.done()
        answer = await slow

    assert small.status_code == answer.status_code == 200
    assert large_was_waiting


def exchange(url: str, request: bytes) -> bytes:
    """Send raw bytes and return the beginning of the answer."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65_536)
