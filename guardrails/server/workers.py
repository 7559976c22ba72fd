"""The workers, the line of texts before them, and what happens when one of them dies, hangs or lies."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from guardrails.server.line import TOKENS_PER_BATCH, Job, Line
from guardrails.server.pieces import Answer, Asked, Piece, packed
from guardrails.server.processes import COMMAND, LOAD_S, LostError, Nursery, WorkerProcess

_log = logging.getLogger(__name__)
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_TOKENS_PER_S = 1_000
"""A worker that reads a long text may take as long as one that is ten times slower than any should be."""


class OverloadedError(Exception):
    """As many texts wait as may wait."""


class DetectorError(Exception):
    """A detector failed, or the worker it ran in died twice."""


@dataclass(slots=True, kw_only=True)
class Workers:
    """A fixed number of worker processes that share one line."""

    count: int
    waiting: int
    hang_s: float = 4.0
    """A worker that finishes nothing for so long is replaced, and what it had is given to another."""
    silent_s: float = 2.0
    """So is one from which not even a sign of life is heard."""
    collect_s: float = 0.0
    command: Sequence[str] = COMMAND
    """What starts the process that has the workers."""
    restarts: int = 0
    batches: int = 0
    pieces: int = 0
    """How many were answered, in so many batches."""
    ready: set[int] = field(default_factory=set)
    """The numbers of those that are warm."""
    has_encoder: bool = False
    """True when the newest of them could load the encoder."""
    line: Line = field(default_factory=Line)
    _nursery: Nursery = field(init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._nursery = Nursery(command=self.command, silent_s=self.silent_s)

    @property
    def queued(self) -> int:
        """How many texts wait."""
        return len(self.line)

    @property
    def can_replace(self) -> bool:
        """True when a worker that is lost can be replaced at once."""
        return self._nursery.is_ready

    def start(self) -> None:
        """Start the processes; `ready` tells when one is warm."""
        self._tasks = [asyncio.create_task(self._keep_alive(number)) for number in range(self.count)]
        self._tasks.append(asyncio.create_task(self._nursery.keep_alive()))

    async def stop(self) -> None:
        """End the processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._nursery.close()

    async def run(
        self,
        piece: Piece,
        guards: Sequence[Asked],
        *,
        reads: bool = False,
        deadline: float | None = None,
        request: int = 0,
    ) -> Sequence[Answer]:
        """Return what each guard says of a piece. `reads` if the encoder has to; pieces of one `request` take turns with others.

        A job whose deadline, on the loop's clock, has passed is not begun; cancelling, too, takes it out of the line.
        """
        if len(self.line) >= self.waiting:
            raise OverloadedError(f"{self.waiting} texts are waiting")
        job = Job(piece, tuple(guards), asyncio.get_running_loop().create_future(), reads, deadline, request)
        self.line.put(job)
        try:
            return await job.answer
        except asyncio.CancelledError:
            self.line.leave(job)
            raise

    async def _keep_alive(self, number: int) -> None:
        """Have one worker at work all the time."""
        pause_s, lost_at = _PAUSE_S, 0.0
        while True:
            try:
                worker = await self._nursery.birth()
            except LostError:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                continue
            try:
                said = await worker.hear(within_s=LOAD_S)
                self.has_encoder = isinstance(said, dict) and bool(said.get("encoder"))
                self.ready.add(number)
                if lost_at:
                    _log.warning("another is at work after %.3f s", time.monotonic() - lost_at)
                pause_s = 0.0
                await self._serve(worker)
            except LostError as error:
                lost_at = time.monotonic()
                self.restarts += 1
                _log.warning("worker %d %s; another takes over", number, error)
            finally:
                self.ready.discard(number)
                await self._nursery.end(worker)
            await asyncio.sleep(pause_s)
            pause_s = min(max(pause_s, _PAUSE_S) * 2, _LONGEST_PAUSE_S)

    async def _serve(self, worker: WorkerProcess) -> None:
        """Hand batches to a worker. Raises LostError when it is lost; its batch is in the line again then."""
        while True:
            jobs = await self._next_batch(worker)
            self.batches += 1
            try:
                await self._hand_over(worker, jobs, number=self.batches)
            except asyncio.CancelledError:
                for job in jobs:
                    job.fail(DetectorError("the guard server is stopping"))
                raise
            finally:
                open_jobs = [job for job in jobs if not job.answer.done()]
                self.pieces += len(jobs) - len(open_jobs)
                self._again(open_jobs)

    async def _hand_over(self, worker: WorkerProcess, jobs: Sequence[Job], *, number: int) -> None:
        """Give a worker a batch and take its answers, shortest texts first, until all are there. Raises LostError.

        It runs our own code, but what it says is not taken on trust.
        """
        guards = list(dict.fromkeys(guard for job in jobs for guard in job.guards))
        numbers = {guard: number for number, guard in enumerate(guards)}
        # What is long is read at once: until it is done, nothing is heard but that the worker lives.
        longest = max(job.piece.cost for job in jobs)
        within_s = self.hang_s + max(0, longest - TOKENS_PER_BATCH) / _TOKENS_PER_S
        batch = packed(guards, [(job.piece, [numbers[each] for each in job.guards]) for job in jobs])
        await worker.say({"number": number, **batch})
        missing = set(range(len(jobs)))
        while missing:
            said = await worker.hear(within_s=within_s)
            try:
                if said["number"] != number:
                    raise ValueError("an answer to another batch")
                for place, mark, answers in said["done"]:
                    missing.remove(place)
                    job = jobs[place]
                    if mark != job.piece.mark or len(answers) != len(job.guards):
                        raise ValueError(
                            "an answer to another text, or another number of answers than of guards"
                        )
                    job.settle(answers)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError):
                worker.lose("said what no worker should say")
                raise LostError(worker.lost.result()) from None

    async def _next_batch(self, worker: WorkerProcess) -> list[Job]:
        """Return jobs that somebody still waits for. Raises LostError when the worker is lost before one comes."""
        coming = asyncio.create_task(self.line.batch(collect_s=self.collect_s))
        try:
            await asyncio.wait((coming, worker.lost), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            coming.cancel()
            raise
        if not worker.lost.done():
            return coming.result()
        coming.cancel()
        (taken,) = await asyncio.gather(coming, return_exceptions=True)
        for job in taken if isinstance(taken, list) else ():
            self.line.put(job)
        raise LostError(worker.lost.result())

    def _again(self, jobs: Sequence[Job]) -> None:
        """Put jobs back that a worker was lost over: each is tried once more, alone, so that one cannot spoil the others."""
        for job in jobs:
            job.attempts += 1
            if job.attempts > 1:
                job.fail(DetectorError("two workers were lost over the same text"))
            else:
                self.line.put(job)
