"""A process is believed to hang when it stands still, or when it was silent for long enough of its own time."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from guardrails.server.vitals import Patience, Thread, Vitals, vitals

TURN_S = 0.2


def seen(at_s: float, *threads: Thread) -> Vitals:
    """A process as it was seen."""
    return Vitals(at_s, dict(enumerate(threads)))


def thread(state: str, *, busy_s: float = 1.0, waited_s: float = 1.0) -> Thread:
    return Thread(state, int(busy_s * 1e9), int(waited_s * 1e9))


ASLEEP = thread("S")


@pytest.mark.parametrize(
    ("before", "now", "stood_still", "starved"),
    [
        (ASLEEP, ASLEEP, True, 0.0),
        (ASLEEP, thread("T"), True, 0.0),
        (ASLEEP, thread("S", busy_s=1.001), False, 0.0),
        (ASLEEP, thread("S", busy_s=1.5, waited_s=1.5), False, 0.5),
        (thread("R"), thread("R", busy_s=2.0), False, 0.0),
        (thread("R"), thread("R"), False, 1.0),
        (thread("R"), thread("R", busy_s=1.25, waited_s=1.25), False, 0.75),
        (ASLEEP, thread("R"), False, 0.0),
        (ASLEEP, thread("D"), False, 0.0),
        (ASLEEP, thread("t"), False, 0.0),
    ],
    ids=[
        "asleep", "stopped", "a little work", "work and waiting", "busy", "no core at all", "seldom a core", "just woken",
        "waits for a disk", "looked at by a debugger",
    ],
)  # fmt: skip
def test_what_a_second_of_a_thread_was_spent_on(
    before: Thread, now: Thread, stood_still: bool, starved: float
) -> None:
    first, second = seen(10.0, ASLEEP, before), seen(11.0, ASLEEP, now)

    assert second.stood_still_since(first) is stood_still
    assert second.starved_since(first) == pytest.approx(starved)


def test_a_thread_that_has_come_or_gone_is_a_sign_of_life() -> None:
    one, two = seen(10.0, ASLEEP), seen(11.0, ASLEEP, ASLEEP)

    assert not two.stood_still_since(one)
    assert not seen(12.0, ASLEEP).stood_still_since(two)


@pytest.fixture
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that sleeps, and works a while on every line that it is sent."""
    work = "import sys\nprint(flush=True)\nfor line in sys.stdin:\n  for _ in range(10**5): pass\n  print(flush=True)"
    command = [sys.executable, "-S", "-c", work]
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert running.stdout is not None
    await running.stdout.readline()
    yield running
    running.kill()
    await running.wait()
    assert vitals(running.pid) is None


async def _stands_still_at_last(process: int) -> Patience:
    """Return a patience with a process that has nothing more to do."""
    patience = Patience(process=process, still_s=3 * TURN_S, silent_s=60.0)
    while not patience.wait(TURN_S):
        await asyncio.sleep(0.02)
    patience.renew()
    return patience


async def test_one_that_stands_still_is_given_up_after_three_turns_if_something_is_due(
    process: asyncio.subprocess.Process,
) -> None:
    patience = await _stands_still_at_last(process.pid)

    assert [patience.wait(TURN_S, is_due=False) for _ in range(6)] == [""] * 6
    assert [patience.wait(TURN_S) for _ in range(3)] == ["", "", "stood still for 0.6 s"]


async def test_one_that_is_stopped_is_given_up_whether_or_not_anything_is_due(
    process: asyncio.subprocess.Process,
) -> None:
    patience = await _stands_still_at_last(process.pid)
    os.kill(process.pid, signal.SIGSTOP)
    while not (seen := vitals(process.pid)) or not seen.is_stopped:
        await asyncio.sleep(0.01)
    patience.renew()

    said = [patience.wait(TURN_S, is_due=False) for _ in range(3)]

    assert said == ["", "", "stood still for 0.6 s"]


async def test_one_that_works_is_given_the_whole_time(process: asyncio.subprocess.Process) -> None:
    patience = await _stands_still_at_last(process.pid)
    assert process.stdin is not None
    assert process.stdout is not None

    for _ in range(6):
        process.stdin.write(b"work\n")
        await process.stdout.readline()
        assert patience.wait(TURN_S) == ""


def test_where_the_kernel_says_nothing_only_the_time_counts() -> None:
    patience = Patience(process=2**30, still_s=0.2, silent_s=1.0)

    said = [patience.wait(TURN_S) for _ in range(5)]

    assert said == ["", "", "", "", "was silent for 1.0 s"]
