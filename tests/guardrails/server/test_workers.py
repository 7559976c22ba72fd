"""Workers that die, hang or lie cost a text nothing but time; a text that kills two of them is given up."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from guardrails.server.line import Job, Line
from guardrails.server.pieces import Piece, asked
from guardrails.server.workers import DetectorError, OverloadedError, Workers

PII = [asked("pii", {})]


def children() -> set[int]:
    """The processes this one has started."""
    return {
        int(child)
        for listing in Path("/proc/self/task").glob("*/children")
        for child in listing.read_text().split()
    }


async def until(claim: Any) -> None:
    async with asyncio.timeout(60):
        while not claim():
            await asyncio.sleep(0.01)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    """One worker of the scripted kind."""
    pool = Workers(
        count=1,
        waiting=64,
        hang_s=0.3,
        silent_s=0.6,
        command=(sys.executable, "-m", "tests.fakes.guard_worker"),
    )
    pool.start()
    await until(lambda: pool.ready)
    yield pool
    await pool.stop()


async def asked_of(workers: Workers, *texts: str) -> list[Any]:
    """Ask about texts at the same time; return what was said, or what went wrong."""
    calls = (workers.run(Piece(text), PII) for text in texts)
    return await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("fault", ["die", "hang", "busy", "babble"])
async def test_a_text_that_loses_two_workers_is_given_up_and_spoils_no_other(
    workers: Workers, fault: str
) -> None:
    (bad, *others) = await asked_of(workers, fault, "good one", "good too")

    assert isinstance(bad, DetectorError)
    assert "two workers were lost" in str(bad)
    assert [each[0]["findings"] for each in others] == [[], []]
    assert workers.restarts == 2


async def test_real_workers_that_are_killed_or_stopped_are_replaced_within_seconds_and_their_jobs_done() -> (
    None
):
    before = children()
    workers = Workers(count=1, waiting=8, hang_s=10, silent_s=2.5, keeps_spare=True)
    workers.start()
    await until(lambda: len(workers.ready) == 1 and workers._spare is not None)
    (first,) = {child for child in children() - before if child != workers._spare.pid}  # type: ignore[union-attr]
    piece = Piece("bob@example.com")

    os.kill(first, signal.SIGKILL)
    started = asyncio.get_running_loop().time()
    (after_death,) = await workers.run(piece, PII)
    taken_s = asyncio.get_running_loop().time() - started

    await workers.stop()
    assert after_death["findings"][0]["entity"] == "EMAIL_ADDRESS"
    assert taken_s < 5
    assert children() == before


async def test_a_job_whose_deadline_passed_is_dropped_and_nobody_waits_for_ever(workers: Workers) -> None:
    now = asyncio.get_running_loop().time()

    busy = asyncio.create_task(workers.run(Piece("hang"), PII))
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await workers.run(Piece("late"), PII, deadline=now + 0.1)
    busy.cancel()

    assert workers.line.dropped == 1


async def test_a_full_line_is_refused() -> None:
    workers = Workers(count=0, waiting=0, hang_s=1)

    with pytest.raises(OverloadedError):
        await workers.run(Piece("x"), PII)


async def test_a_batch_holds_as_many_texts_as_are_worth_it_and_a_second_try_is_alone() -> None:
    line = Line()
    loop = asyncio.get_running_loop()
    jobs = [Job(Piece("x" * length), (), loop.create_future()) for length in (10, 10, 40_000, 10, 10)]
    jobs[3].attempts = 1
    for job in jobs:
        line.put(job)

    sizes = [len(await line.batch()) for _ in range(3)]

    assert sizes == [3, 1, 1]


async def test_texts_for_the_encoder_wait_a_moment_for_each_other() -> None:
    line = Line()
    loop = asyncio.get_running_loop()
    line.put(Job(Piece("one"), (), loop.create_future(), reads=True))

    batch = asyncio.create_task(line.batch(collect_s=0.05))
    await asyncio.sleep(0.01)
    line.put(Job(Piece("two"), (), loop.create_future(), reads=True))

    assert len(await batch) == 2


async def test_waiting_workers_lose_no_job_when_one_of_them_is_cancelled() -> None:
    line = Line()
    first, second = asyncio.create_task(line.batch()), asyncio.create_task(line.batch())
    await asyncio.sleep(0)

    line.put(Job(Piece("one"), (), asyncio.get_running_loop().create_future()))
    first.cancel()

    assert len(await asyncio.wait_for(second, 1)) == 1
