"""Callers who are slow, who leave, who want too much or send nonsense, and a server that is told to stop meanwhile."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
import uvicorn

from guardrails.server.__main__ import configured
from guardrails.server.app import GuardApp
from guardrails.server.checking import Checking
from guardrails.server.line import MOST_PER_BATCH, Job, Line
from guardrails.server.pieces import Piece
from guardrails.server.requests import RefusedError, body_of, read_checks
from guardrails.server.settings import Settings
from guardrails.server.workers import Workers

SCRIPTED = (sys.executable, "-m", "tests.fakes.guard_worker")


def asked(*texts: str) -> bytes:
    """The body of a request."""
    guard = {"kind": "pii", "parameters": {}}
    return orjson.dumps({"checks": [{"guard": guard, "texts": texts}], "deadline_ms": 60_000})


class Caller:
    """Somebody who sends a request to an application, and may leave."""

    def __init__(self, app: GuardApp, *messages: dict[str, Any]) -> None:
        self._coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[Any] = []
        for message in messages:
            self._coming.put_nowait(message)
        scope = {"type": "http", "path": "/v1/guard", "method": "POST", "headers": []}
        self.task = asyncio.create_task(app(scope, self._coming.get, self._hear))

    def leave(self) -> None:
        self._coming.put_nowait({"type": "http.disconnect"})

    async def _hear(self, message: Any) -> None:
        self.heard.append(message)


def whole(body: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": body}


async def test_what_a_caller_who_has_left_asked_for_waits_no_longer() -> None:
    app = GuardApp(Settings(workers=1))
    staying, leaving = Caller(app, whole(asked("one"))), Caller(app, whole(asked("two", "three")))
    while app.workers.queued < 3:
        await asyncio.sleep(0)

    leaving.leave()
    await leaving.task

    assert app.workers.queued == 1
    assert app.metrics.answered == {499: 1}
    staying.leave()
    await staying.task


async def test_one_who_leaves_before_all_is_sent_is_not_waited_for() -> None:
    app = GuardApp(Settings(workers=1))
    caller = Caller(app, {"type": "http.request", "body": b"{", "more_body": True})

    caller.leave()
    await caller.task

    assert app.metrics.answered == {499: 1}


async def test_one_who_sends_too_slowly_is_told_so() -> None:
    never = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await never.wait()
        return {}

    with pytest.raises(RefusedError, match="not sent within 0.05 s") as refused:
        await body_of(receive, within_s=0.05)

    assert refused.value.status == 408


async def test_a_thousand_texts_of_one_request_hold_up_no_other() -> None:
    line, loop = Line(), asyncio.get_running_loop()
    for number in range(1_000):
        line.put(Job(Piece(f"text {number}"), (), loop.create_future(), request=1))
    for request in (2, 3):
        line.put(Job(Piece("hello"), (), loop.create_future(), request=request))

    batch = await line.batch()

    assert [job.request for job in batch[:4]] == [1, 2, 3, 1]
    assert len(batch) == MOST_PER_BATCH
    assert len(line) == 1_002 - MOST_PER_BATCH


def test_parameters_too_deep_to_be_written_down_fail_their_guard_alone() -> None:
    deep = b"[" * 900 + b"]" * 900
    good = b'{"guard": {"kind": "pii"}, "texts": ["x"]}'
    body = b'{"apart": true, "checks": [{"guard": {"kind": "pii", "parameters": {"x": %b}}, "texts": ["x"]}, %b]}'

    first, second = read_checks(body % (deep, good)).checks

    assert "no parameter 'x'" in first.problem
    assert second.problem == ""


async def test_what_nobody_foresaw_is_answered_and_logged_without_a_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = GuardApp(Settings(workers=1))
    broken: Any = None
    app._checking = broken

    with caplog.at_level(logging.ERROR):
        caller = Caller(app, whole(asked("a secret")))
        await caller.task

    assert caller.heard[0]["status"] == 500
    assert orjson.loads(caller.heard[1]["body"])["error"]["type"] == "internal"
    assert "a request failed with AttributeError in _verdicts:" in caplog.text
    assert "secret" not in caplog.text + str(caller.heard)


@pytest.fixture
async def server(unused_tcp_port: int) -> AsyncIterator[uvicorn.Server]:
    """A server with one worker of the scripted kind."""
    app = GuardApp(Settings(workers=1))
    app.workers = Workers(count=1, waiting=64, command=SCRIPTED)
    app._checking = Checking(app.workers, app._far)
    server = uvicorn.Server(configured(app, host="127.0.0.1", port=unused_tcp_port))
    serving = asyncio.create_task(server._serve())
    while not app.workers.ready:
        await asyncio.sleep(0.01)
    yield server
    server.should_exit = True
    await serving


async def test_a_server_that_is_told_to_stop_answers_what_it_has_begun_and_takes_no_more(
    server: uvicorn.Server,
) -> None:
    url = f"http://127.0.0.1:{server.config.port}/v1/guard"
    async with aiohttp.ClientSession() as http:
        begun = asyncio.create_task(http.post(url, data=asked("slow")))
        while not server.config.app.workers.batches:  # type: ignore[union-attr]
            await asyncio.sleep(0.01)

        server.should_exit = True
        async with await begun as answer:
            said = await answer.json()
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.post(url, data=asked("too late"))

    assert (answer.status, len(said["verdicts"])) == (200, 1)


async def test_a_caller_who_hangs_up_leaves_the_line_to_others(server: uvicorn.Server) -> None:
    workers: Workers = server.config.app.workers  # type: ignore[union-attr]
    url = f"http://127.0.0.1:{server.config.port}/v1/guard"
    async with aiohttp.ClientSession() as http:
        slow = asyncio.create_task(http.post(url, data=asked("slow one")))
        while not workers.batches:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(http.post(url, data=asked(*(f"slow {number}" for number in range(30)))))
        while workers.queued < 30:
            await asyncio.sleep(0.01)

        waiting.cancel()
        while workers.queued:
            await asyncio.sleep(0.01)
        async with await slow as answer:
            assert answer.status == 200

    assert workers.pieces <= 1
