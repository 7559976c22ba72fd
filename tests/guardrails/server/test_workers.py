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


def nursery_of(workers: Workers) -> int:
    """The process that has the workers; 0 while there is none."""
    process = workers._nursery._process
    return process.pid if process and process.pid in children() else 0


def born_in(nursery: int) -> set[int]:
    """The workers that a process has forked."""
    return {
        int(child)
        for listing in Path(f"/proc/{nursery}/task").glob("*/children")
        for child in listing.read_text().split()
    }


def threads_of(process: int) -> int:
    return len(list(Path(f"/proc/{process}/task").iterdir()))


async def scripted(count: int) -> AsyncIterator[Workers]:
    before = children()
    pool = Workers(
        count=count,
        waiting=64,
        hang_s=0.5,
        silent_s=0.8,
        command=(sys.executable, "-m", "tests.fakes.guard_worker"),
    )
    pool.start()
    await until(lambda: len(pool.ready) == count)
    yield pool
    await pool.stop()
    assert children() == before


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    """One worker of the scripted kind."""
    async for pool in scripted(1):
        yield pool


@pytest.fixture
async def two_workers() -> AsyncIterator[Workers]:
    """Two of them."""
    async for pool in scripted(2):
        yield pool


async def asked_of(workers: Workers, *texts: str) -> list[Any]:
    """Ask about texts at the same time; return what was said, or what went wrong."""
    calls = (workers.run(Piece(text), PII) for text in texts)
    return await asyncio.gather(*calls, return_exceptions=True)


async def findings_in(workers: Workers, text: str) -> Any:
    """What is found in a text."""
    (answer,) = await workers.run(Piece(text), PII)
    return answer["findings"]


@pytest.mark.parametrize("fault", ["die", "stop", "busy", "babble", "mixed up"])
async def test_a_text_that_loses_two_workers_is_given_up_and_spoils_no_other(
    workers: Workers, fault: str
) -> None:
    (bad, *others) = await asked_of(workers, fault, "good one", "good too")

    assert isinstance(bad, DetectorError)
    assert "two workers were lost" in str(bad)
    assert [each[0]["findings"] for each in others] == [[], []]
    assert workers.restarts == 2


async def test_what_a_worker_says_too_late_is_not_taken_for_the_answer_to_the_next_text(
    workers: Workers,
) -> None:
    ((before,), (after,)) = [(await asked_of(workers, text))[0] for text in ("late", "next")]

    assert workers.restarts == 1
    assert before["pid"] != after["pid"]


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_worker_that_is_killed_or_stopped_is_replaced_while_the_other_answers(
    two_workers: Workers, fault: signal.Signals
) -> None:
    first, second = born_in(nursery_of(two_workers))

    os.kill(first, fault)
    async with asyncio.timeout(5):
        while first in born_in(nursery_of(two_workers)) or len(two_workers.ready) < 2:
            assert await findings_in(two_workers, "a text") == []

    assert second in born_in(nursery_of(two_workers))
    assert two_workers.restarts == 1


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_workers_outlive_the_process_they_come_from_and_another_one_takes_its_place(
    two_workers: Workers, fault: signal.Signals
) -> None:
    nursery = nursery_of(two_workers)
    workers = born_in(nursery)

    os.kill(nursery, fault)
    async with asyncio.timeout(30):
        while nursery_of(two_workers) in (nursery, 0):
            assert await findings_in(two_workers, "a text") == []
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    await until(lambda: two_workers.restarts == 2 and len(two_workers.ready) == 2)

    assert await findings_in(two_workers, "a text") == []
    assert len(born_in(nursery_of(two_workers))) == 2


async def test_real_workers_are_replaced_at_once_by_a_process_without_threads_that_has_loaded_everything() -> (
    None
):
    pool = Workers(count=1, waiting=8)
    pool.start()
    await until(lambda: pool.ready)
    threads = threads_of(nursery_of(pool))
    (worker,) = born_in(nursery_of(pool))

    os.kill(worker, signal.SIGKILL)
    await until(lambda: pool.restarts and pool.ready)
    found = await findings_in(pool, "bob@example.com")
    await pool.stop()

    assert pool.has_encoder
    assert threads == 1
    assert [each["entity"] for each in found] == ["EMAIL_ADDRESS"]


async def test_a_job_whose_deadline_passed_is_dropped_and_nobody_waits_for_ever(workers: Workers) -> None:
    now = asyncio.get_running_loop().time()

    busy = asyncio.create_task(workers.run(Piece("busy"), PII))
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await workers.run(Piece("late"), PII, deadline=now + 0.1)
    busy.cancel()

    assert workers.line.dropped == 1


async def test_a_full_line_is_refused() -> None:
    workers = Workers(count=0, waiting=0)

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
