"""Texts that guards and requests want judged at the same time travel together, and the same text only once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from guardrails.registry import RemoteGuard
from guardrails.verdict import Failure, Finding

TEXTS_PER_CALL = 64
CHARACTERS_PER_CALL = 100_000
CALLS_AT_ONCE = 8

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What one guard is asked about one text."""

    fingerprint: str
    text: str
    beside: tuple[tuple[str, str], ...]
    """What the text is shown with."""
    guard: RemoteGuard = field(compare=False)

    @property
    def size(self) -> int:
        """How many characters travel."""
        return len(self.text) + sum(len(text) for _, text in self.beside)


def question(guard: RemoteGuard, text: str) -> Question:
    """Put a question."""
    beside: Mapping[str, str] = getattr(guard, "beside", {})
    return Question(guard.fingerprint, text, tuple(beside.items()), guard)


Answers = Mapping[Question, Findings | Failure]
Ask = Callable[[Sequence[Question], float], Awaitable[Answers | Failure]]


class Batches:
    """The calls of some guards. While as many are under way as may be, what comes next gathers for the following one."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: dict[Question, float] = {}
        self._verdicts: dict[Question, asyncio.Future[Findings | Failure]] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._is_due = False

    async def judge(
        self, questions: Sequence[Question], deadline_s: float
    ) -> Mapping[Question, Findings] | Failure:
        """Return the findings in each text, or why they are not to be had within the deadline."""
        loop = asyncio.get_running_loop()
        wanted: dict[Question, asyncio.Future[Findings | Failure]] = {}
        for each in questions:
            if each not in self._verdicts:
                self._verdicts[each] = loop.create_future()
                self._waiting[each] = deadline_s
            elif each in self._waiting:
                self._waiting[each] = max(self._waiting[each], deadline_s)
            wanted[each] = self._verdicts[each]
        if self._waiting and not self._is_due:
            # Whoever else asks in this turn of the loop comes along.
            self._is_due = True
            loop.call_soon(self._start)
        _, late = await asyncio.wait(wanted.values(), timeout=deadline_s)
        if late:
            return Failure(error="timeout", reason=f"no verdict within {deadline_s * 1_000:.0f} ms")
        findings: dict[Question, Findings] = {}
        for each, verdict in wanted.items():
            answer = verdict.result()
            if isinstance(answer, Failure):
                return answer
            findings[each] = answer
        return findings

    async def close(self) -> None:
        """End the calls under way."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _start(self) -> None:
        self._is_due = False
        while self._waiting and len(self._calls) < CALLS_AT_ONCE:
            questions, deadline_s = self._next()
            call = asyncio.create_task(self._call(questions, deadline_s))
            self._calls.add(call)
            call.add_done_callback(self._ended)

    def _next(self) -> tuple[list[Question], float]:
        questions: list[Question] = []
        size = 0
        deadline_s = 0.0
        for each, deadline in self._waiting.items():
            if questions and (len(questions) == TEXTS_PER_CALL or size + each.size > CHARACTERS_PER_CALL):
                break
            questions.append(each)
            size += each.size
            deadline_s = max(deadline_s, deadline)
        for each in questions:
            del self._waiting[each]
        return questions, deadline_s

    async def _call(self, questions: Sequence[Question], deadline_s: float) -> None:
        answers: Answers | Failure = Failure(error="crashed", reason="the call was given up")
        try:
            async with asyncio.timeout(deadline_s):
                answers = await self._ask(questions, deadline_s)
        except TimeoutError:
            answers = Failure(error="timeout", reason=f"no verdict within {deadline_s * 1_000:.0f} ms")
        finally:
            for each in questions:
                verdict = self._verdicts.pop(each)
                if not verdict.done():
                    verdict.set_result(answers if isinstance(answers, Failure) else answers[each])

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if self._waiting:
            self._start()
