"""One supervised process: started, listened to, checked, restarted when it falls, and stopped."""

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from console.supervisor.logs import LogPrinter
from guardrails.server.vitals import Patience

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Between the second fall and the second start anew; the first time it is started at once."""
STEADY_AFTER_S = 60.0
"""A process that lived this long is started again at once."""
CHECK_TIMEOUT_S = 4.0
START_TURN_S = 0.1
TURNS, CHECKS = 5, 3
"""In so many turns it is seen whether a process stands still; so many checks in a row has one that hangs not passed."""
_PR_SET_PDEATHSIG = 1

Check = Callable[[], Awaitable[bool]]


class State(StrEnum):
    """Where a process stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    FALLEN = "fallen"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run, what must be ready before it, and how to know that it is ready itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    check: Check | None = None
    lives: Check | None = None
    """What it goes on passing once it is ready, unless it hangs; `check` where it is None."""
    ready_line: re.Pattern[str] | None = None
    """For a process without a port: the log line that says it is ready."""
    after: tuple[str, ...] = ()
    start_timeout_s: float = 90.0
    stop_timeout_s: float = 6.0
    hung_after_s: float = 30.0
    """A process that was ready and passes no check for so long, not counting what it waits for a core, is ended and started again."""
    still_after_s: float | None = None
    """So is one that for so long uses no processor at all while it is checked; for those whose check waits for nobody else."""


@dataclass(slots=True)
class Child:
    """A running `ChildSpec`."""

    spec: ChildSpec
    printer: LogPrinter
    state: State = State.WAITING
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None
    became_ready: asyncio.Event = field(default_factory=asyncio.Event)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    _stopping: bool = False

    async def keep_running(self) -> None:
        """Run the process until `stop`, starting it again after each fall with a growing pause."""
        pause_s = 0.0
        while not self._stopping:
            started = time.monotonic()
            self.state = State.STARTING
            code = await self._run_once()
            if self._stopping:
                break
            self.state = State.FALLEN
            self.restarts += 1
            if time.monotonic() - started > STEADY_AFTER_S:
                pause_s = 0.0
            when = f"in {pause_s:.1f} s" if pause_s else "at once"
            self.printer.note(self.spec.name, f"ended with {_describe(code)}; starting again {when}")
            await asyncio.sleep(pause_s)
            pause_s = min(max(pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        self.state = State.STOPPED

    async def stop(self) -> None:
        """Ask the process to end, and end its whole group when it does not in time."""
        self._stopping = True
        process = self.process
        if process is None or process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.spec.stop_timeout_s)
        except TimeoutError:
            self.printer.note(
                self.spec.name, f"did not stop within {self.spec.stop_timeout_s:.0f} s; ending it"
            )
        self._signal(signal.SIGKILL, group=True)
        await process.wait()

    async def _run_once(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *self.spec.command,
            env=dict(self.spec.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.process = process
        watching = asyncio.create_task(self._watch(process))
        reading = asyncio.create_task(self._read(process))
        code = await process.wait()
        watching.cancel()
        # A grandchild would hold the pipe open, and what it has open.
        self._signal(signal.SIGKILL, group=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading, 0.5)
        return code

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        partial = b""
        while chunk := await process.stdout.read(65_536):
            *lines, partial = (partial + chunk).split(b"\n")
            for raw in lines:
                self._take_line(raw.decode(errors="replace").rstrip("\r"))
            if len(partial) > 65_536:
                self._take_line(partial.decode(errors="replace"))
                partial = b""

    def _take_line(self, line: str) -> None:
        self.last_lines.append(line)
        if self.spec.ready_line is not None and self.spec.ready_line.search(line):
            self._is_ready()
        self.printer.line(self.spec.name, line)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Mark the process ready once its check passes; end it when the check then fails for long."""
        if self.spec.check is None:
            if self.spec.ready_line is None:
                self._is_ready()
            return
        why = await _why_hung(process.pid, self.spec, is_starting=True)
        if not why:
            self._is_ready()
            why = await _why_hung(process.pid, self.spec)
        self.printer.note(self.spec.name, f"does not answer its health check and {why}; ending it")
        self._signal(signal.SIGKILL, group=True)

    def _is_ready(self) -> None:
        self.state = State.READY
        self.became_ready.set()

    def _signal(self, number: signal.Signals, *, group: bool = False) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self.process.pid, number)
            elif self.process.returncode is None:
                self.process.send_signal(number)


async def run_to_end(
    name: str, command: Sequence[str], *, environment: Mapping[str, str], printer: LogPrinter
) -> int:
    """Run a process that ends by itself, print its lines, and return its exit code."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            printer.line(name, line.decode(errors="replace").rstrip())
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        raise


async def _why_hung(process: int, spec: ChildSpec, *, is_starting: bool = False) -> str:
    """Check a process until it is to be believed that it hangs; return why. One that starts may also pass: then return nothing.

    While it starts it may wait for others, so that only being stopped counts as standing still.
    """
    check = spec.check if is_starting else spec.lives or spec.check
    assert check is not None
    still_s = spec.hung_after_s if spec.still_after_s is None else spec.still_after_s
    silent_s = 2 * spec.start_timeout_s if is_starting else spec.hung_after_s
    turn_s = START_TURN_S if is_starting else still_s / TURNS
    within_s = CHECK_TIMEOUT_S if is_starting else spec.hung_after_s / CHECKS
    patience = Patience(process=process, still_s=still_s, silent_s=silent_s)
    why = ""
    while not why:
        checking = asyncio.create_task(_passes(check, within_s))
        try:
            # One that is slow to answer is watched meanwhile, and not asked again.
            while not why:
                await asyncio.sleep(turn_s)
                if checking.done():
                    break
                why = patience.wait(turn_s, is_due=not is_starting)
        finally:
            checking.cancel()
        if checking.done() and checking.result():
            if is_starting:
                return ""
            patience.renew()
        elif checking.done():
            why = patience.wait(turn_s, is_due=False)
    return why


async def _passes(check: Check, within_s: float) -> bool:
    try:
        return await asyncio.wait_for(check(), within_s)
    except (OSError, TimeoutError, EOFError):
        return False


def _describe(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _die_with_parent() -> None:
    """Runs in the child before exec: even a supervisor that is killed leaves no orphan behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
