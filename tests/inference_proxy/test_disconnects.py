"""Callers that leave: the provider's answer is read on, so that the usage is exact, and nothing leaks."""

import asyncio
import random
import socket
import time
from pathlib import Path
from typing import Any

import orjson

from tests.fakes.proxy import API_KEY, RunningProxy, upstream_config, wait_until
from tests.fakes.upstream import FakeUpstream, Reply, as_json, as_stream, completion, spoken


def call_and_leave(proxy: RunningProxy, *, after_bytes: int = 1, wait_s: float = 0.0, **fields: Any) -> None:
    """Send a chat and close the connection after so many bytes of the answer."""
    body = orjson.dumps({"model": "gpt-once", "messages": [{"role": "user", "content": "hi"}]} | fields)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        received = 0
        while received < after_bytes:
            received += len(connection.recv(min(4096, after_bytes - received)))
        time.sleep(wait_s)


def test_a_stream_whose_caller_left_is_read_to_its_end(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.then(as_stream(spoken(*["word "] * 30), gap_s=0.03))

    call_and_leave(proxy, after_bytes=300, stream=True)

    span = proxy.span()
    assert (span.status, span.error_type) == ("aborted", "caller_gone")
    assert (span.usage.source, span.usage.input_tokens) == ("reported", 21)
    assert span.output_messages[0]["content"] == "word " * 30
    assert upstream.interrupted == 0
    assert proxy.metrics()["parapet_proxy_draining"] == 0


def test_an_answer_whose_caller_left_is_still_recorded(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.then(Reply(delay_s=0.8, headers=[("content-type", "application/json")], pieces=[b"{}"]))
    upstream.then(as_json(completion("late")))

    call_and_leave(proxy, after_bytes=0, wait_s=0.05)

    assert proxy.span().status == "aborted"


def test_nobody_is_read_for_longer_than_the_limit(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.then(as_stream(spoken(*["word "] * 200), gap_s=0.05))
    with RunningProxy(tmp_path / "p", upstream_config(1, upstream.url), drain_timeout_s=0.3) as proxy:
        call_and_leave(proxy, after_bytes=300, stream=True)

        span = proxy.span()
        assert (span.status, span.usage.source) == ("aborted", "estimated")
        assert span.duration_us < 3_000_000
        wait_until(lambda: upstream.interrupted == 1)


def test_only_so_many_answers_are_read_on_at_once(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always(as_stream(spoken(*["word "] * 40), gap_s=0.05))
    with RunningProxy(tmp_path / "p", upstream_config(1, upstream.url), max_drains=1) as proxy:
        for _ in range(3):
            call_and_leave(proxy, after_bytes=300, stream=True)

        sources = sorted(span.usage.source for span in proxy.spans(3))
        assert sources == ["estimated", "estimated", "reported"]


def test_a_caller_who_leaves_after_the_last_word_has_not_aborted(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    with proxy.client() as client:
        for _ in range(5):
            stream = client.chat.completions.create(
                model="gpt-once", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            list(stream)
            stream.close()

    assert {span.status for span in proxy.spans(5)} == {"ok"}


async def test_a_storm_of_leaving_callers_leaves_nothing_behind(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    upstream.always(as_stream(spoken(*["word "] * 20), gap_s=0.01))
    body = orjson.dumps(
        {"model": "gpt-once", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    )
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    random.seed(7)

    async def leave_early() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(request)
        await reader.read(random.choice([1, 200, 1_000, 3_000]))
        await asyncio.sleep(random.random() * 0.2)
        writer.transport.abort()

    with RunningProxy(tmp_path / "p", upstream_config(1, upstream.url), drain_timeout_s=1.0) as proxy:
        for _ in range(3):
            await asyncio.gather(*(leave_early() for _ in range(100)))

        spans = await asyncio.to_thread(proxy.spans, 300)
        metrics = proxy.metrics()
        assert len(spans) == 300
        assert metrics["parapet_proxy_in_flight"] == 1  # the one that asks
        assert metrics["parapet_proxy_draining"] == 0
        # What is still open waits in the pool for the next call; none is stuck in an answer.
        await asyncio.gather(
            *(asyncio.to_thread(proxy.post, "/v1/chat/completions", {"model": "x"}) for _ in range(5))
        )
        assert upstream.interrupted == 0
    wait_until(lambda: upstream.connections == 0)
