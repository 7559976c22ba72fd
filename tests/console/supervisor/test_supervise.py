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


SERVER = """
import http.server, os, signal, threading, time
{first}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        if self.path == "/work":
            while time.process_time() < 0.8: pass
            self.wfile.write(b"done")
        self.wfile.flush()
        self.connection.close()
        if self.path == "/stop": os.kill(os.getpid(), signal.SIGSTOP)
        if self.path == "/block": threading.Event().wait()
        while self.path == "/spin": pass
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", {port}), Handler)
print("up", os.getpid(), flush=True)
server.serve_forever(poll_interval=60)
"""


def a_server(port: int, *, first: str = "", **details: float) -> ChildSpec:
    """A process that answers, and that hangs in several ways when it is asked to."""
    return ChildSpec(
        name="guard",
        command=[sys.executable, "-S", "-c", SERVER.format(port=port, first=first)],
        environment={"PATH": os.defpath},
        check=answers_http("127.0.0.1", port, "/health"),
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
    await run.until_printed("starting again in 0.5 s")
    await run.interrupt()

    assert "ended with exit code 3; starting again at once" in run.out.getvalue()
    assert len(count.read_text()) >= 2


@pytest.mark.parametrize(
    ("fault", "hung_after_s", "why"),
    [("stop", 60.0, "stood still for 0.5 s"), ("block", 60.0, "stood still for 0.5 s"), ("spin", 1.0, "was silent for 1.")],
)  # fmt: skip
async def test_a_process_that_hangs_is_ended_and_started_again(
    unused_tcp_port: int, fault: str, hung_after_s: float, why: str
) -> None:
    spec = a_server(unused_tcp_port, hung_after_s=hung_after_s, still_after_s=0.5)
    run = Supervised(spec)
    await run.until_ready()

    await _get(unused_tcp_port, f"/{fault}")
    await run.until_printed("ended with signal SIGKILL; starting again at once")
    async with asyncio.timeout(20):
        while run.out.getvalue().count("up ") < 2 or not await _get(unused_tcp_port, "/health"):
            await asyncio.sleep(0.02)
    await run.interrupt()

    assert f"does not answer its health check and {why}" in run.out.getvalue()


async def test_a_process_that_is_stopped_before_it_is_ready_is_started_again(
    unused_tcp_port: int, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    first = f"""
if not os.path.exists({str(begun)!r}):
    open({str(begun)!r}, "w").close()
    os.kill(os.getpid(), signal.SIGSTOP)
"""
    run = Supervised(a_server(unused_tcp_port, first=first, still_after_s=0.5))
    await run.until_ready()
    await run.interrupt()

    assert "stood still for 0.5 s; ending it" in run.out.getvalue()


async def test_without_an_account_of_the_kernel_a_process_that_hangs_is_ended_after_the_whole_time(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardrails.server.vitals.PROCESSES", Path("/nowhere"))
    run = Supervised(a_server(unused_tcp_port, hung_after_s=0.8, still_after_s=0.2))
    await run.until_ready()

    await _get(unused_tcp_port, "/stop")
    await run.until_printed("starting again at once")
    await run.interrupt()

    assert "and was silent for 0.8 s; ending it" in run.out.getvalue()


async def test_a_process_that_only_waits_for_a_core_is_left_alone(unused_tcp_port: int) -> None:
    core = min(os.sched_getaffinity(0))
    starved = f"import os; os.nice(19); os.sched_setaffinity(0, [{core}])"
    run = Supervised(a_server(unused_tcp_port, first=starved, hung_after_s=1.0, still_after_s=0.3))
    await run.until_ready()
    spin = f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"
    # Each in a session of its own: the kernel may share a core out among sessions, and not among processes.
    spinning = [
        await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", spin, start_new_session=True)
        for _ in range(6)
    ]
    try:
        asked = asyncio.create_task(_get(unused_tcp_port, "/work"))
        await asyncio.sleep(3.0)
        was_done = asked.done()
    finally:
        for each in spinning:
            each.kill()
            await each.wait()
    has_answered = await asyncio.wait_for(asked, 20)
    await run.interrupt()

    assert not was_done
    assert has_answered
    assert "ending it" not in run.out.getvalue()


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


async def _get(port: int, path: str) -> bool:
    """Ask for a path until the answer ends."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    except OSError:
        return False
    return b" 200 " in answer


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
