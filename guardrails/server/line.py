"""The line in which texts wait for a worker, and how many of them one worker takes at a time."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from guardrails.server.pieces import Answer, Asked, Piece

TOKENS_PER_BATCH = 4_096
"""About so many are handed to a worker at once: enough to fill the encoder, few enough that other workers get their share."""
MOST_PER_BATCH = 64


@dataclass(slots=True, eq=False)
class Job:
    """A text, who is to look at it, and who waits for what they say."""

    piece: Piece
    guards: tuple[Asked, ...]
    answer: "asyncio.Future[Sequence[Answer]]"
    reads: bool = False
    """True when the encoder has to read it."""
    deadline: float | None = None
    """On the loop's clock; after it nobody waits any more."""
    request: int = 0
    """The number of the request it belongs to."""
    attempts: int = 0

    def settle(self, answers: Sequence[Answer]) -> None:
        """Hand the answers to whoever waits."""
        if not self.answer.done():
            self.answer.set_result(answers)

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that there will be no answer."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class Line:
    """As many jobs at a time as are worth it, one of each request in turn: a thousand texts of one hold up no other."""

    dropped: int = 0
    """Jobs whose deadline passed while they waited."""
    _length: int = 0
    _requests: OrderedDict[int, deque[Job]] = field(default_factory=OrderedDict)
    _waiters: deque["asyncio.Future[None]"] = field(default_factory=deque)

    def __len__(self) -> int:
        return self._length

    def put(self, job: Job) -> None:
        """Let a job wait."""
        self._requests.setdefault(job.request, deque()).append(job)
        self._length += 1
        self._wake()

    def leave(self, job: Job) -> None:
        """Let a job wait no longer, if it does: nobody wants its answer any more."""
        waiting = self._requests.get(job.request)
        if waiting is None or job not in waiting:
            return
        waiting.remove(job)
        self._length -= 1
        if not waiting:
            del self._requests[job.request]

    async def batch(self, *, collect_s: float = 0.0) -> list[Job]:
        """Return jobs that somebody still waits for, at least one.

        When only few texts wait for the encoder, more are waited for a moment: it reads several as fast as one.
        """
        while True:
            jobs, cost = self._take([], 0)
            if jobs:
                if collect_s and jobs[0].reads and not jobs[0].attempts and cost < TOKENS_PER_BATCH // 4:
                    await self._collect(jobs, cost, collect_s)
                return jobs
            await self._more()

    async def _collect(self, jobs: list[Job], cost: int, collect_s: float) -> None:
        try:
            await asyncio.sleep(collect_s)
        except asyncio.CancelledError:
            for job in reversed(jobs):
                self._requests.setdefault(job.request, deque()).appendleft(job)
                self._requests.move_to_end(job.request, last=False)
            self._length += len(jobs)
            self._wake()
            raise
        self._take(jobs, cost)

    def _take(self, jobs: list[Job], cost: int) -> tuple[list[Job], int]:
        now = asyncio.get_running_loop().time()
        while self._requests and cost < TOKENS_PER_BATCH and len(jobs) < MOST_PER_BATCH:
            request, waiting = next(iter(self._requests.items()))
            job = waiting[0]
            if job.attempts and jobs:
                break
            waiting.popleft()
            self._length -= 1
            if waiting:
                self._requests.move_to_end(request)
            else:
                del self._requests[request]
            if job.answer.done():
                continue
            if job.deadline is not None and now >= job.deadline:
                self.dropped += 1
                job.fail(TimeoutError())
                continue
            jobs.append(job)
            cost += job.piece.cost
            if job.attempts:
                break
        return jobs, cost

    async def _more(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake()
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
