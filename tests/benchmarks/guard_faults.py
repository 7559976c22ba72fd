"""How long the guard server is without a worker, or away, when its processes are killed or stopped while texts come in.

`python -m tests.benchmarks.guard_faults [--times 20]` prints JSON. A real server with two workers is under load by four callers; a
worker, the process that has the workers, or the whole server gets SIGKILL or SIGSTOP, so many times each, and it is measured until
everything is there again. The whole server stands under the supervisor. What the callers heard meanwhile is counted: an answer is right
when it has the number that is in its text.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from console.supervisor.checks import answers_http
from console.supervisor.child import Child, ChildSpec
from console.supervisor.logs import LogPrinter
from console.supervisor.ports import free_ports
from guardrails.client import GuardServer
from guardrails.guards.pii import build
from guardrails.verdict import Failure

CALLERS = 4
DEADLINE_S = 5.0
WORKERS = 2
REST_S = 0.5
NOTICED_S = 0.02
"""The server hears of a death as soon as it is written to or listened to."""
GAUGES = ("ready_workers", "can_replace_workers")
PII = build({"entities": ["PHONE_NUMBER", "PERSON"]})
_NUMBERS = count(1_000)


class Fleet:
    """The server's processes, as the kernel lists them."""

    def __init__(self, child: Child) -> None:
        self._child = child

    @property
    def server(self) -> int:
        """The process that listens."""
        process = self._child.process
        return process.pid if process is not None else 0

    @property
    def nursery(self) -> int:
        """The process that workers are forked from; 0 while there is none."""
        return next(iter(children(self.server)), 0)

    @property
    def workers(self) -> Sequence[int]:
        """The workers it has."""
        return children(self.nursery) if self.nursery else []


def children(parent: int) -> list[int]:
    """Return the processes that one has started and that live."""
    try:
        listings = [each.read_text() for each in Path(f"/proc/{parent}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for listing in listings for child in listing.split() if is_running(int(child))]


def is_running(process: int) -> bool:
    """Tell whether a process is neither gone nor waiting to be."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    print(json.dumps(asyncio.run(measured(arguments.times)), indent=2))


async def measured(times: int) -> dict[str, Any]:
    """Return for every fault how long it took until all was as before, and what the callers heard."""
    targets: dict[str, Callable[[Fleet], int]] = {
        "a worker": lambda fleet: fleet.workers[0],
        "the process that has the workers": lambda fleet: fleet.nursery,
        "the whole server": lambda fleet: fleet.server,
    }
    result: dict[str, Any] = {"cores": os.cpu_count(), "load_at_start": round(os.getloadavg()[0], 1)}
    async with running() as (fleet, url):
        await until_well(fleet, url)
        result["undisturbed"] = await undisturbed(url, 5.0)
        for target, find in targets.items():
            for fault in (signal.SIGKILL, signal.SIGSTOP):
                name = f"{target}, {fault.name}"
                result[name] = await struck(fleet, url, find, fault, times)
                print(name, json.dumps(result[name]), file=sys.stderr, flush=True)
    return result


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Fleet, str]]:
    """A guard server under the supervisor, as `make run` starts it."""
    (port,) = free_ports(1, taken=())
    command = [sys.executable, "-m", "guardrails.server", "--port", str(port), "--workers", str(WORKERS)]
    environment = {"PATH": os.defpath, "PARAPET_LOG_LEVEL": "error"}
    spec = ChildSpec(
        name="guard",
        command=command,
        environment=environment,
        check=answers_http("127.0.0.1", port, "/health"),
        lives=answers_http("127.0.0.1", port, "/metrics"),
        hung_after_s=10.0,
        still_after_s=1.5,
    )
    child = Child(spec, LogPrinter(out=sys.stderr, names=("guard",)))
    task = asyncio.create_task(child.keep_running())
    try:
        yield Fleet(child), f"http://127.0.0.1:{port}"
    finally:
        await child.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def struck(
    fleet: Fleet, url: str, find: Callable[[Fleet], int], fault: signal.Signals, times: int
) -> dict[str, Any]:
    """Strike so many times, each time after everything is well again."""
    heard: Counter[str] = Counter()
    slowest: list[float] = []
    taken: list[float] = []
    callers = [asyncio.create_task(call(url, heard, slowest)) for _ in range(CALLERS)]
    for _ in range(times):
        victim = find(fleet)
        os.kill(victim, fault)
        started = time.monotonic()
        while is_running(victim):
            await asyncio.sleep(0.005)
        await until_well(fleet, url)
        taken.append(time.monotonic() - started)
        await asyncio.sleep(REST_S)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    return {
        "restored_s_median": round(statistics.median(taken), 3),
        "restored_s_most": round(max(taken), 3),
        "answers": dict(heard),
        "slowest_answer_s": round(max(slowest, default=0.0), 3),
    }


async def undisturbed(url: str, seconds: float) -> dict[str, Any]:
    """What the same callers hear when nothing happens."""
    heard: Counter[str] = Counter()
    slowest: list[float] = []
    callers = [asyncio.create_task(call(url, heard, slowest)) for _ in range(CALLERS)]
    await asyncio.sleep(seconds)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    return {"answers": dict(heard), "slowest_answer_s": round(max(slowest, default=0.0), 3)}


async def call(url: str, heard: Counter[str], slowest: list[float]) -> None:
    """Ask about one text after the other, and count what comes back."""
    server = GuardServer(url)
    try:
        while True:
            text = f"Please tell Maria Lopez to call 212-555-{next(_NUMBERS) % 10_000:04} before the parcel arrives."
            started = time.monotonic()
            verdict = await server.detect(PII, [text], deadline_s=DEADLINE_S)
            slowest.append(time.monotonic() - started)
            if isinstance(verdict, Failure):
                heard[verdict.error] += 1
                await asyncio.sleep(0.05)
            else:
                entities = {each.entity for each in verdict[0]}
                heard["right" if "PHONE_NUMBER" in entities else "wrong"] += 1
    finally:
        await server.close()


async def until_well(fleet: Fleet, url: str) -> None:
    """Return as soon as every worker is there, another could be had at once, and a text is answered."""
    server = GuardServer(url, remembered=0)
    await asyncio.sleep(NOTICED_S)
    try:
        while True:
            if fleet.nursery and await gauges(url) == (WORKERS, 1):
                text = f"Call 212-555-{next(_NUMBERS) % 10_000:04}."
                verdict = await server.detect(PII, [text], deadline_s=5.0)
                if not isinstance(verdict, Failure):
                    return
            await asyncio.sleep(0.005)
    finally:
        await server.close()


async def gauges(url: str) -> tuple[int, int]:
    """Return how many workers are ready, and whether another could be had at once."""
    try:
        async with aiohttp.request("GET", f"{url}/metrics") as response:
            said = await response.text()
    except aiohttp.ClientError:
        return 0, 0
    found = [re.search(rf"^parapet_guard_{name} (\d+)", said, re.MULTILINE) for name in GAUGES]
    ready, can_replace = (int(each[1]) if each else 0 for each in found)
    return ready, can_replace


if __name__ == "__main__":
    main()
