"""Something behind the proxy stands still: callers go on, and nothing that was acknowledged is lost."""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openai import InternalServerError, OpenAI

from tests.fakes.upstream import FakeUpstream, as_json, completion
from tests.journeys.instance import Instance
from tests.journeys.test_first_call import trace_of


@pytest.fixture
def client(instance: Instance) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=instance.credentials.proxy_url, api_key=instance.credentials.api_key, max_retries=0
    ) as client:
        yield client


@contextmanager
def standing_still(instance: Instance, *parts: str) -> Iterator[None]:
    """Stop processes without their noticing, as a machine that swaps or a network that is cut would."""
    stopped = [pid for pid in instance.pids() if any(part in _command(pid) for part in parts)]
    assert stopped, f"no process runs {parts}"
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def call(client: OpenAI, question: str) -> str:
    answer = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
    )
    return answer.headers["x-parapet-trace-id"]


def test_calls_go_on_while_clickhouse_stands_still_and_are_all_there_afterwards(
    instance: Instance, client: OpenAI, upstream: FakeUpstream
) -> None:
    upstream.always(as_json(completion("Yes.", model="gpt-4o-mini-2024-07-18")))
    with standing_still(instance, "ingest.clickhouse.embedded"):
        traces = [call(client, f"Is call {number} kept?") for number in range(20)]

    for trace_id in traces:
        trace_of(instance, trace_id, within_s=45)


def test_calls_go_on_while_redis_stands_still(
    instance: Instance, client: OpenAI, upstream: FakeUpstream
) -> None:
    upstream.always(as_json(completion("Yes.", model="gpt-4o-mini-2024-07-18")))
    # A Redis that the installation only uses carries no mark of it; the one it started does.
    port = instance.told["PARAPET_REDIS_URL"].rpartition(":")[2].partition("/")[0]
    with stopped_redis(port):
        trace_id = call(client, "Does the proxy answer without Redis?")

    trace_of(instance, trace_id, within_s=20)


def test_an_upstream_that_is_down_is_a_clear_error_and_a_trace(
    instance: Instance, client: OpenAI, upstream: FakeUpstream
) -> None:
    upstream.always(lambda _request: (_ for _ in ()).throw(ConnectionResetError()))

    with pytest.raises(InternalServerError) as refused:
        call(client, "Is anybody there?")

    trace = trace_of(instance, refused.value.response.headers["x-parapet-trace-id"])
    assert refused.value.status_code in {502, 504}
    assert refused.value.body["type"]  # type: ignore[index]
    assert trace["spans"][0]["status"] == "error"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"model": "gpt-4o-mini", "messages": [', {}, 400),
        (b'{"model": "gpt-4o-mini", "messages": "hello"}', {}, 400),
        (b'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "\xff\xfe"}]}', {}, 400),
        (b"[]", {}, 400),
        (b"", {}, 400),
        (b"{}", {"authorization": "Bearer pk_nobody"}, 401),
        (b"{}", {"authorization": ""}, 401),
        (b'{"model": "' + b"x" * 60_000_000 + b'"}', {}, 413),
    ],
    ids=["cut JSON", "wrong type", "not UTF-8", "not an object", "empty", "wrong key", "no key", "60 MB"],
)
def test_bad_input_is_answered_in_openais_shape(
    instance: Instance, body: bytes, headers: dict[str, str], status: int
) -> None:
    request = urllib.request.Request(
        f"{instance.credentials.proxy_url}/chat/completions",
        data=body,
        headers={
            "content-type": "application/json",
            "authorization": f"Bearer {instance.credentials.api_key}",
            **headers,
        },
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    answer = refused.value.read()

    assert refused.value.code == status
    assert b'"error"' in answer
    assert b'"message"' in answer
    refused.value.close()


@contextmanager
def stopped_redis(port: str) -> Iterator[None]:
    """Stop the server on a port, whoever started it."""
    (pid,) = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal()
        and "redis-server" in _command(int(entry.name))
        and port in _command(int(entry.name))
    ]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
