"""Worker processes, the line of texts before them, and what happens when one of them dies or hangs."""

import asyncio
import contextlib
import logging
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field

from guardrails.server.framing import frame, receive
from guardrails.server.line import Job, Line
from guardrails.server.pieces import Answer, Asked, Piece, packed

_log = logging.getLogger(__name__)
_RESTART_S = 0.1
_LONGEST_RESTART_S = 5.0
_START_S = 120.0


class OverloadedError(Exception):
    """As many texts wait as may wait."""


class DetectorError(Exception):
    """A detector failed, or the worker it ran in died twice."""


@dataclass(slots=True, kw_only=True)
class Workers:
    """A fixed number of worker processes that share one line."""

    count: int
    waiting: int
    hang_s: float
    silent_s: float = 2.5
    collect_s: float = 0.0
    keeps_spare: bool = False
    """Keep one more process warm, which takes over at once from one that is lost."""
    command: Sequence[str] = (sys.executable, "-m", "guardrails.server.worker")
    """What starts a process."""
    restarts: int = 0
    batches: int = 0
    pieces: int = 0
    """How many were answered, in so many batches."""
    ready: set[int] = field(default_factory=set)
    """The numbers of those that are warm."""
    has_encoder: bool = False
    """True when the newest of them could load the encoder."""
    line: Line = field(default_factory=Line)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _spare: Process | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a process has become warm or was lost."""

    @property
    def queued(self) -> int:
        """How many texts wait."""
        return len(self.line)

    def start(self) -> None:
        """Start the processes; `ready` tells when one is warm."""
        self._tasks = [asyncio.create_task(self._keep_alive(number)) for number in range(self.count)]
        if self.keeps_spare:
            self._tasks.append(asyncio.create_task(self._keep_spare()))

    async def stop(self) -> None:
        """End the processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(
        self, piece: Piece, guards: Sequence[Asked], *, reads: bool = False, deadline: float | None = None
    ) -> Sequence[Answer]:
        """Return what each guard says of a piece. `reads` if the encoder has to.

        A job whose deadline, on the loop's clock, has passed is not begun; cancelling, too, takes it out of the line.
        """
        if len(self.line) >= self.waiting:
            raise OverloadedError(f"{self.waiting} texts are waiting")
        job = Job(piece, tuple(guards), asyncio.get_running_loop().create_future(), reads, deadline)
        self.line.put(job)
        return await job.answer

    async def _keep_alive(self, number: int) -> None:
        pause = _RESTART_S
        while True:
            spare, self._spare = self._spare, None
            process = spare or await self._process()
            try:
                if spare is not None or await self._is_warm(process):
                    self.ready.add(number)
                    self._changed.set()
                    pause = _RESTART_S
                    await self._serve(process)
            finally:
                self.ready.discard(number)
                await _end(process)
            self.restarts += 1
            self._changed.set()
            _log.warning("worker %d ended with status %s; another takes over", number, process.returncode)
            if self._spare is None:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_RESTART_S)

    async def _keep_spare(self) -> None:
        """Keep one warm process at hand, once the others are at work."""
        pause = _RESTART_S
        try:
            while True:
                self._changed.clear()
                if self._spare is not None and self._spare.returncode is not None:
                    self._spare = None
                if self._spare is not None or len(self.ready) < self.count:
                    await self._changed.wait()
                    continue
                process = await self._process()
                try:
                    is_warm = await self._is_warm(process)
                except asyncio.CancelledError:
                    await _end(process)
                    raise
                if is_warm:
                    self._spare, pause = process, _RESTART_S
                else:
                    await _end(process)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_RESTART_S)
        finally:
            if self._spare is not None:
                await _end(self._spare)

    async def _process(self) -> Process:
        return await asyncio.create_subprocess_exec(*self.command, stdin=PIPE, stdout=PIPE)

    async def _is_warm(self, process: Process) -> bool:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_START_S):
                said = await receive(process.stdout)
        except (TimeoutError, EOFError, ValueError):
            return False
        self.has_encoder = bool(said.get("encoder"))
        return True

    async def _serve(self, process: Process) -> None:
        """Hand batches to the process until it dies or hangs."""
        while True:
            jobs = await self._next_batch(process)
            if not jobs:
                return
            self.batches += 1
            try:
                await self._hand_over(process, jobs)
            except asyncio.CancelledError:
                for job in jobs:
                    job.fail(DetectorError("the guard server is stopping"))
                raise
            open_jobs = [job for job in jobs if not job.answer.done()]
            self.pieces += len(jobs) - len(open_jobs)
            if open_jobs:
                self._again(open_jobs)
                return

    async def _hand_over(self, process: Process, jobs: Sequence[Job]) -> None:
        """Give the process a batch and take its answers, shortest texts first, until all are there or it is lost."""
        assert process.stdin is not None
        assert process.stdout is not None
        guards = list(dict.fromkeys(guard for job in jobs for guard in job.guards))
        numbers = {guard: number for number, guard in enumerate(guards)}
        batch = packed(guards, [(job.piece, [numbers[each] for each in job.guards]) for job in jobs])
        missing = len(jobs)
        progress = time.monotonic()
        try:
            async with asyncio.timeout(self.silent_s):
                process.stdin.write(frame(batch))
                await process.stdin.drain()
            while missing:
                async with asyncio.timeout(self.silent_s):
                    said = await receive(process.stdout)
                done = said.get("done", ())
                for place, answers in done:
                    job = jobs[place]
                    if len(answers) != len(job.guards):
                        raise ValueError("another number of answers than of guards")
                    job.settle(answers)
                    missing -= 1
                if done:
                    progress = time.monotonic()
                elif time.monotonic() - progress > self.hang_s:
                    return
        except (TimeoutError, EOFError, OSError):
            return
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            # It runs our own code, but what it says is not taken on trust.
            _log.error("a worker said what no worker should say")

    async def _next_batch(self, process: Process) -> list[Job]:
        """Return jobs that somebody still waits for; none when the process dies before one comes."""
        died = asyncio.create_task(process.wait())
        try:
            coming = asyncio.create_task(self.line.batch(collect_s=self.collect_s))
            try:
                await asyncio.wait((coming, died), return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                coming.cancel()
                raise
            if coming.done():
                return coming.result()
            coming.cancel()
            (taken,) = await asyncio.gather(coming, return_exceptions=True)
            for job in taken if isinstance(taken, list) else ():
                self.line.put(job)
            return []
        finally:
            died.cancel()

    def _again(self, jobs: Sequence[Job]) -> None:
        """Put jobs back that a worker was lost over: each is tried once more, alone, so that one cannot spoil the others."""
        for job in jobs:
            job.attempts += 1
            if job.attempts > 1:
                job.fail(DetectorError("two workers were lost over the same text"))
            else:
                self.line.put(job)


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
