"""What is recorded when the disk has no room, and when an audit insists."""

import gc
from pathlib import Path
from typing import Any

import orjson
import pytest

from inference_proxy.journal import Journal
from inference_proxy.metrics import Metrics
from inference_proxy.recording import Recorder
from ingest.records import Span
from ingest.spool import SpoolFullError
from tests.fakes.proxy import RunningProxy, upstream_config, wait_until
from tests.fakes.upstream import FakeUpstream

CHAT = "/v1/chat/completions"
BODY: Any = {"model": "fake-model", "messages": [{"role": "user", "content": "hi"}]}


class FullSpool:
    """A spool without room."""

    def offer(self, payload: bytes) -> bool:
        return False

    async def append(self, payloads: Any) -> None:
        raise SpoolFullError("no room")


@pytest.fixture
def full(proxy: RunningProxy) -> RunningProxy:
    """A proxy whose spool takes nothing."""
    serving = proxy.app._serving
    serving.recorder = Recorder(FullSpool(), serving.metrics, audit="available")
    return proxy


def test_a_full_spool_holds_nobody_up_and_is_counted(full: RunningProxy, upstream: FakeUpstream) -> None:
    assert full.post(CHAT, BODY)[0] == 200
    assert full.post(CHAT, BODY | {"stream": True})[0] == 200

    assert full.metrics()["parapet_proxy_spool_dropped_total"] == 2


def test_a_strict_audit_answers_nothing_it_cannot_record(full: RunningProxy, upstream: FakeUpstream) -> None:
    serving = full.app._serving
    serving.recorder = Recorder(FullSpool(), Metrics(), audit="strict")

    status, _, body = full.post(CHAT, BODY)
    begun, _, stream = full.post(CHAT, BODY | {"stream": True})

    assert status == 503
    assert orjson.loads(body)["error"]["code"] == "audit_unavailable"
    assert begun == 200
    assert b"audit_unavailable" in stream


def test_a_strict_audit_has_the_record_before_the_caller_has_the_answer(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    with RunningProxy(tmp_path / "p", upstream_config(1, upstream.url), audit="strict") as proxy:
        proxy.post(CHAT, BODY)
        proxy.post(CHAT, BODY | {"stream": True})

        assert [type(record) for record in proxy.records()] == [Span, Span]


def test_all_that_was_accepted_is_on_the_disk_after_a_stop(tmp_path: Path, upstream: FakeUpstream) -> None:
    with RunningProxy(tmp_path / "p", upstream_config(1, upstream.url)) as proxy:
        for _ in range(50):
            proxy.post(CHAT, BODY)

    assert len(proxy.records()) == 50


def test_what_a_call_said_is_let_go_of_without_waiting_for_the_garbage_collector(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    gc.disable()
    try:
        proxy.post(CHAT, BODY)
        proxy.post(CHAT, BODY | {"stream": True})
        proxy.post(CHAT, BODY | {"model": "unknown"})
        wait_until(lambda: not [each for each in gc.get_objects() if type(each) is Journal])
    finally:
        gc.enable()
