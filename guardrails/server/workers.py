"""Worker processes, the queue before them, and what happens when one of them dies or hangs."""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from guardrails.server.framing import frame, receive

_log = logging.getLogger(__name__)
_RESTART_S = 0.2
_LONGEST_RESTART_S = 5.0
_START_S = 60.0


class OverloadedError(Exception):
    """As many jobs wait as may wait."""


class DetectorError(Exception):
    """A detector failed, or the worker it ran in died twice."""


@dataclass(slots=True, eq=False)
class _Job:
    message: Mapping[str, Any]
    answer: asyncio.Future[Mapping[str, Any]]
    attempts: int = 0


@dataclass(slots=True)
class Workers:
    """A fixed number of worker processes that share one queue."""

    count: int
    waiting: int
    hang_s: float
    restarts: int = 0
    ready: set[int] = field(default_factory=set)
    """The numbers of those that are warm."""
    _queue: asyncio.Queue[_Job] = field(default_factory=asyncio.Queue)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def queued(self) -> int:
        """How many jobs wait."""
        return self._queue.qsize()

    def start(self) -> None:
        """Start the processes; `ready` tells when one is warm."""
        self._tasks = [asyncio.create_task(self._keep_alive(number)) for number in range(self.count)]

    async def stop(self) -> None:
        """End the processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a worker's answer. Cancelling it, as a deadline does, takes the job out of the queue."""
        if self._queue.qsize() >= self.waiting:
            raise OverloadedError(f"{self.waiting} jobs are waiting")
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Job(message, answer))
        return await answer

    async def _keep_alive(self, number: int) -> None:
        pause = _RESTART_S
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "guardrails.server.worker", stdin=PIPE, stdout=PIPE
            )
            try:
                if await self._is_warm(process):
                    self.ready.add(number)
                    pause = _RESTART_S
                    await self._serve(process)
            finally:
                self.ready.discard(number)
                await _end(process)
            self.restarts += 1
            _log.warning("worker %d ended with status %s; starting another", number, process.returncode)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RESTART_S)

    async def _is_warm(self, process: Process) -> bool:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_START_S):
                return bool(await receive(process.stdout))
        except (TimeoutError, EOFError):
            return False

    async def _serve(self, process: Process) -> None:
        """Hand jobs to the process until it dies or hangs."""
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            job = await self._next_job(process)
            if job is None:
                return
            try:
                process.stdin.write(frame(job.message))
                async with asyncio.timeout(self.hang_s):
                    await process.stdin.drain()
                    answer = await receive(process.stdout)
            except TimeoutError:
                _settle(job, DetectorError(f"a detector was silent for {self.hang_s:.0f} s"))
                return
            except (EOFError, OSError):
                self._again(job)
                return
            except asyncio.CancelledError:
                _settle(job, DetectorError("the guard server is stopping"))
                raise
            _settle(job, answer)

    async def _next_job(self, process: Process) -> _Job | None:
        """Return the next job somebody still waits for, or None when the process dies before one comes."""
        died = asyncio.create_task(process.wait())
        try:
            while True:
                coming = asyncio.create_task(self._queue.get())
                try:
                    await asyncio.wait((coming, died), return_when=asyncio.FIRST_COMPLETED)
                except asyncio.CancelledError:
                    coming.cancel()
                    raise
                if not coming.done():
                    coming.cancel()
                    return None
                job = coming.result()
                if not job.answer.done():
                    return job
        finally:
            died.cancel()

    def _again(self, job: _Job) -> None:
        job.attempts += 1
        if job.attempts > 1:
            _settle(job, DetectorError("two workers died over the same texts"))
        else:
            self._queue.put_nowait(job)


def _settle(job: _Job, outcome: Mapping[str, Any] | DetectorError) -> None:
    if job.answer.done():
        return
    if isinstance(outcome, DetectorError):
        job.answer.set_exception(outcome)
    else:
        job.answer.set_result(outcome)


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
