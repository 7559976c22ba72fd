"""The receiver as a process: the official SDK sends to it, it is killed, it is asked to end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from guardrails.policy import GuardConfig, Policy
from inference_proxy.snapshot import ProjectConfig, Snapshot, dump
from ingest.keys import KeyGrant, KeyRing, hash_key, pepper_from
from ingest.records import Span
from tests.fixtures.receiver import KEY, PROJECT, add_span, records_in
from tests.fixtures.redis import free_port

SECRET = "an installation's secret"
EMAIL = "ann.lee@example.com"


@dataclass
class Process:
    """A receiver of its own, with its spool."""

    url: str
    spool_dir: Path
    popen: subprocess.Popen[bytes]

    def spans(self) -> list[Span]:
        """Read the spans on the disk."""
        return [record for record in records_in(self.spool_dir) if isinstance(record, Span)]


def snapshot() -> bytes:
    guard = GuardConfig(name="emails", kind="pattern", action="mask", parameters={"patterns": ["email"]})
    grant = KeyGrant(id=UUID(int=8), project_id=PROJECT, project="lighthouse", name="tracer")
    policy = Policy(id=UUID(int=3), name="careful", version=1, guards=(guard,))
    return dump(
        Snapshot(
            version="1",
            keys=KeyRing({hash_key(KEY, pepper=pepper_from(SECRET)): grant}),
            projects={PROJECT: ProjectConfig(id=PROJECT, slug="lighthouse", policy=policy)},
            upstreams={},
        )
    )


@contextlib.contextmanager
def started(home: Path) -> Iterator[Process]:
    (home / "snapshot.json").write_bytes(snapshot())
    port = free_port()
    environment = {
        **os.environ,
        "PARAPET_HOME": str(home),
        "PARAPET_SECRET_KEY": SECRET,
        "PARAPET_SNAPSHOT_FILE": str(home / "snapshot.json"),
    }
    environment.pop("PARAPET_REDIS_URL", None)
    command = [sys.executable, "-m", "inference_proxy.receiver", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as popen:
        process = Process(f"http://127.0.0.1:{port}", home / "spool", popen)
        try:
            _wait_until_healthy(process)
            yield process
        finally:
            popen.kill()


def _wait_until_healthy(process: Process) -> None:
    deadline = time.monotonic() + 20
    while not _is_healthy(process.url):
        assert process.popen.poll() is None, "the receiver ended before it was healthy"
        assert time.monotonic() < deadline, "the receiver was not healthy within 20 s"
        time.sleep(0.05)


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(url + "/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Process]:
    with started(tmp_path) as process:
        yield process


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_an_agent_recorded_by_the_official_sdk_is_stored_as_a_tree(
    receiver: Process, compression: Compression
) -> None:
    exporter = OTLPSpanExporter(
        endpoint=receiver.url + "/v1/traces",
        headers={"Authorization": f"Bearer {KEY}"},
        compression=compression,
    )
    provider = TracerProvider(resource=Resource({"service.name": "travel"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("planner", attributes={"openinference.span.kind": "AGENT"}):
        with tracer.start_as_current_span(
            "chat",
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.input.messages": f'[{{"role": "user", "content": "I am {EMAIL}"}}]',
            },
        ):
            pass
        with tracer.start_as_current_span("weather", attributes={"openinference.span.kind": "TOOL"}):
            pass
    provider.shutdown()

    by_name = {span.name: span for span in receiver.spans()}
    root = by_name["planner"]
    assert {name: span.kind for name, span in by_name.items()} == {
        "planner": "agent",
        "chat": "llm",
        "weather": "tool",
    }
    assert root.parent_span_id == ""
    assert by_name["chat"].parent_span_id == by_name["weather"].parent_span_id == root.span_id
    assert {span.trace_id for span in by_name.values()} == {root.trace_id}
    assert {span.service for span in by_name.values()} == {"travel"}
    assert EMAIL not in str(by_name["chat"].input_messages)


def test_the_sdk_is_told_which_spans_were_not_accepted(receiver: Process) -> None:
    request = ExportTraceServiceRequest()
    add_span(request, "good", {})
    add_span(request, "ends before it starts", {}, end_time_unix_nano=1)

    answer = send(receiver.url, request.SerializeToString())

    assert answer.status_code == 200
    assert b"'ends before it starts'" in answer.content
    assert [span.name for span in receiver.spans()] == ["good"]


def test_no_acknowledged_span_is_lost_when_the_process_is_killed(receiver: Process) -> None:
    acknowledged: set[str] = set()
    senders = [
        threading.Thread(target=_send_until_it_fails, args=(receiver.url, sender, acknowledged))
        for sender in range(4)
    ]
    for sender in senders:
        sender.start()
    time.sleep(1.5)
    receiver.popen.send_signal(signal.SIGKILL)
    for sender in senders:
        sender.join(10)

    kept = [span.span_id for span in receiver.spans()]
    assert len(acknowledged) > 100
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))


def test_on_sigterm_it_finishes_and_ends_with_success(receiver: Process) -> None:
    acknowledged: set[str] = set()
    sender = threading.Thread(target=_send_until_it_fails, args=(receiver.url, 1, acknowledged))
    sender.start()
    time.sleep(0.5)
    asked_at = time.monotonic()
    receiver.popen.terminate()
    code = receiver.popen.wait(8)
    took_s = time.monotonic() - asked_at
    sender.join(10)

    assert code == 0
    assert took_s < 8
    assert acknowledged <= {span.span_id for span in receiver.spans()}


def test_a_missing_secret_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PARAPET_HOME": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-m", "inference_proxy.receiver"],
        env=environment,
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode == 1
    assert b"PARAPET_SECRET_KEY is not set" in ended.stderr


def send(url: str, body: bytes, client: Any = httpx) -> httpx.Response:
    headers = {"content-type": "application/x-protobuf", "authorization": f"Bearer {KEY}"}
    answer: httpx.Response = client.post(url + "/v1/traces", content=body, headers=headers)
    return answer


def _send_until_it_fails(url: str, sender: int, acknowledged: set[str]) -> None:
    with httpx.Client(trust_env=False) as client, contextlib.suppress(httpx.TransportError):
        for number in range(100_000):
            request = ExportTraceServiceRequest()
            ids = [(sender << 48 | number << 8 | i + 1).to_bytes(8, "big") for i in range(5)]
            for span_id in ids:
                add_span(request, "load", {"gen_ai.request.model": "gpt-4o"}, span_id=span_id)
            if send(url, request.SerializeToString(), client).status_code == 200:
                acknowledged.update(each.hex() for each in ids)
