"""The supervisor is tried on real processes that are small enough to start in milliseconds."""

import asyncio
import io
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.supervisor.checks import answers_http
from console.supervisor.child import ChildSpec
from console.supervisor.home import StartError
from console.supervisor.logs import LogPrinter
from console.supervisor.supervise import supervise

STEADY = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def a_process(name: str, script: str, **details: object) -> ChildSpec:
    return ChildSpec(
        name=name,
        command=[sys.executable, "-S", "-c", script],
        environment={"PATH": os.defpath},
        ready_line=re.compile("^up"),
        **details,  # type: ignore[arg-type]
    )


class Supervised:
    """Runs the supervisor in the test's loop and stops it as Ctrl-C would."""

    def __init__(self, *specs: ChildSpec, prepare: Callable[[], Awaitable[None]] | None = None) -> None:
        self.out = io.StringIO()
        self.ready = asyncio.Event()
        names = tuple(spec.name for spec in specs)

        async def nothing() -> None:
            return None

        self.task = asyncio.create_task(
            supervise(
                list(specs),
                printer=LogPrinter(out=self.out, names=names),
                prepare=prepare or nothing,
                on_ready=self.ready.set,
            )
        )

    async def until_ready(self) -> None:
        waiting = asyncio.create_task(self.ready.wait())
        await asyncio.wait({waiting, self.task}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def interrupt(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(self.task, 15)

    async def until_printed(self, text: str) -> None:
        async with asyncio.timeout(20):
            while text not in self.out.getvalue():
                await asyncio.sleep(0.02)


async def test_lines_carry_the_name_of_their_process() -> None:
    run = Supervised(a_process("proxy", STEADY), a_process("web", STEADY))
    await run.until_ready()
    await run.interrupt()

    assert "proxy | up" in run.out.getvalue()
    assert "web   | up" in run.out.getvalue()


async def test_a_process_waits_for_those_it_needs_and_for_the_preparation(tmp_path: Path) -> None:
    order: list[str] = []

    async def prepare() -> None:
        order.append("prepared")

    record = f"open({str(tmp_path / 'started')!r}, 'w'); {STEADY}"
    run = Supervised(a_process("redis", STEADY), a_process("web", record, after=("redis",)), prepare=prepare)
    await run.until_ready()
    printed = run.out.getvalue()
    await run.interrupt()

    assert order == ["prepared"]
    assert printed.index("redis | up") < printed.index("web   | up")


async def test_a_process_that_falls_is_started_again(tmp_path: Path) -> None:
    count = tmp_path / "starts"
    script = f"print('up', flush=True); f = open({str(count)!r}, 'a'); f.write('x'); f.close(); raise SystemExit(3)"
    run = Supervised(a_process("worker", script))
    await run.until_ready()
    await run.until_printed("starting again in 1.0 s")
    await run.interrupt()

    assert "ended with exit code 3; starting again in 0.5 s" in run.out.getvalue()
    assert len(count.read_text()) >= 2


async def test_a_process_that_hangs_is_ended_and_started_again(unused_tcp_port: int) -> None:
    answers = f"""
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", {unused_tcp_port}), Handler)
print("up", os.getpid(), flush=True)
server.serve_forever()
"""
    check = answers_http("127.0.0.1", unused_tcp_port, "/health")
    command = [sys.executable, "-S", "-c", answers]
    environment = {"PATH": os.defpath}
    run = Supervised(
        ChildSpec(name="guard", command=command, environment=environment, check=check, hung_after_s=0.6)
    )
    await run.until_ready()
    first = int(re.findall(r"up (\d+)", run.out.getvalue())[0])

    os.kill(first, signal.SIGSTOP)
    await run.until_printed("starting again in 0.5 s")
    async with asyncio.timeout(20):
        while not await _answers(check):
            await asyncio.sleep(0.02)
    await run.interrupt()

    assert "has not answered its health check for 1 s; ending it" in run.out.getvalue()
    assert "ended with signal SIGKILL" in run.out.getvalue()


async def test_a_process_that_ignores_the_signal_is_ended_with_its_group() -> None:
    spawns = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); print('up', p.pid, flush=True); {STUBBORN}"
    run = Supervised(a_process("guard", spawns, stop_timeout_s=0.5))
    await run.until_ready()
    await run.until_printed("up ")
    grandchild = int(re.findall(r"up (\d+)", run.out.getvalue())[0])
    await run.interrupt()

    assert "did not stop within" in run.out.getvalue()
    await _until_gone(grandchild)


async def test_one_that_never_becomes_ready_stops_the_start_and_leaves_nothing_running() -> None:
    silent = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
    run = Supervised(a_process("guard", silent, start_timeout_s=0.5))

    with pytest.raises(StartError, match="guard was not ready after"):
        await run.task

    await _until_gone(int(re.findall(r"pid (\d+)", run.out.getvalue())[0]))


async def test_everything_stops_within_ten_seconds() -> None:
    run = Supervised(*(a_process(name, STUBBORN) for name in ("proxy", "receiver", "web", "worker", "guard")))
    await run.until_ready()
    began = time.monotonic()
    await run.interrupt()

    assert time.monotonic() - began < 10


async def _answers(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await check()
    except OSError:
        return False


async def _until_gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while _is_running(pid):
            await asyncio.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
