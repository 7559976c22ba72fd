"""How long the guard server is without a worker, or away, when its processes are killed or stopped while texts come in.

`python -m tests.benchmarks.guard_faults [--times 20]` prints JSON. A real server with two workers is under load by four callers; a
worker, the process that has the workers, or the whole server gets SIGKILL or SIGSTOP, so many times each, and it is measured until
the fault is noticed (the process is gone) and until everything is there again. The whole server stands under the supervisor, each time
under a new one; what a start takes with nobody asking is measured beside it, for on a busy machine most of the time is the start's.
What the callers heard meanwhile is counted: an answer is right when it has the number that is in its text. At last the server shares a core
with others that never rest: it must not be taken for one that hangs.
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
STARVED_S = 20.0
SPINNING = 6
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
    def restarts(self) -> int:
        """How often it was started anew."""
        return self._child.restarts

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
    parts: dict[str, Callable[[Fleet], int]] = {
        "a worker": lambda fleet: fleet.workers[0],
        "the process that has the workers": lambda fleet: fleet.nursery,
    }
    result: dict[str, Any] = {"cores": os.cpu_count(), "load_at_start": round(os.getloadavg()[0], 1)}
    starts: list[float] = []
    async with running() as (fleet, url):
        starts.append(await until_well(fleet, url))
        result["undisturbed"] = await undisturbed(url, 5.0)
        for target, find in parts.items():
            for fault in (signal.SIGKILL, signal.SIGSTOP):
                strikes = Strikes()
                async with strikes.callers(url):
                    for _ in range(times):
                        await strikes.strike(find(fleet), fault, fleet, url)
                _tell(result, f"{target}, {fault.name}", strikes.told())
    for fault in (signal.SIGKILL, signal.SIGSTOP):
        strikes = Strikes()
        for _ in range(times):
            async with running() as (fleet, url):
                starts.append(await until_well(fleet, url))
                async with strikes.callers(url):
                    await strikes.strike(fleet.server, fault, fleet, url)
        _tell(result, f"the whole server, {fault.name}", strikes.told())
    _tell(result, "starved", await starved(STARVED_S))
    return result | {"start_s_median": round(statistics.median(starts), 3)}


def _tell(result: dict[str, Any], name: str, told: dict[str, Any]) -> None:
    result[name] = told
    print(name, json.dumps(told), file=sys.stderr, flush=True)


@asynccontextmanager
async def running(*before: str) -> AsyncIterator[tuple[Fleet, str]]:
    """A guard server under the supervisor, as `make run` starts it; `before` may put a command in front of its own."""
    (port,) = free_ports(1, taken=())
    command = [
        *before,
        sys.executable,
        "-m",
        "guardrails.server",
        "--port",
        str(port),
        "--workers",
        str(WORKERS),
    ]
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


class Strikes:
    """What some strikes came to."""

    def __init__(self) -> None:
        self._heard: Counter[str] = Counter()
        self._slowest: list[float] = []
        self._noticed: list[float] = []
        self._restored: list[float] = []

    @asynccontextmanager
    async def callers(self, url: str) -> AsyncIterator[None]:
        """Have callers ask meanwhile."""
        callers = [asyncio.create_task(call(url, self._heard, self._slowest)) for _ in range(CALLERS)]
        try:
            yield
        finally:
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)

    async def strike(self, victim: int, fault: signal.Signals, fleet: Fleet, url: str) -> None:
        """Strike, and wait until everything is well again."""
        os.kill(victim, fault)
        started = time.monotonic()
        while is_running(victim):
            await asyncio.sleep(0.005)
        self._noticed.append(time.monotonic() - started)
        await until_well(fleet, url)
        self._restored.append(time.monotonic() - started)
        await asyncio.sleep(REST_S)

    def told(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "noticed_s_median": round(statistics.median(self._noticed), 3),
            "restored_s_median": round(statistics.median(self._restored), 3),
            "restored_s_most": round(max(self._restored), 3),
            "answers": dict(self._heard),
            "slowest_answer_s": round(max(self._slowest, default=0.0), 3),
        }


async def starved(seconds: float) -> dict[str, Any]:
    """Have a server share one core with processes that never rest; return how often it was ended, and what callers heard."""
    core = min(os.sched_getaffinity(0))
    spin = f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"
    async with running("nice", "-n", "19", "taskset", "-c", str(core)) as (fleet, url):
        await until_well(fleet, url)
        # Each in a session of its own: the kernel may share a core out among sessions, and not among processes.
        spinning = [
            await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", spin, start_new_session=True)
            for _ in range(SPINNING)
        ]
        try:
            heard = await undisturbed(url, seconds)
        finally:
            for each in spinning:
                each.kill()
                await each.wait()
        return {"seconds": seconds, "times_ended": fleet.restarts} | heard


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


async def until_well(fleet: Fleet, url: str) -> float:
    """Wait until every worker is there, another could be had at once, and a text is answered; return how long that took."""
    began = time.monotonic()
    server = GuardServer(url, remembered=0)
    await asyncio.sleep(NOTICED_S)
    try:
        while True:
            if fleet.nursery and await gauges(url) == (WORKERS, 1):
                text = f"Call 212-555-{next(_NUMBERS) % 10_000:04}."
                verdict = await server.detect(PII, [text], deadline_s=5.0)
                if not isinstance(verdict, Failure):
                    return time.monotonic() - began
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
