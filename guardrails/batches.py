"""Texts that different requests want judged at the same time travel together, and the same text only once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from guardrails.registry import RemoteGuard
from guardrails.verdict import Failure, Finding

TEXTS_PER_CALL = 64
CHARACTERS_PER_CALL = 100_000
CALLS_AT_ONCE = 8

Findings = tuple[Finding, ...]
Ask = Callable[[RemoteGuard, Sequence[str], float], Awaitable[Mapping[str, Findings] | Failure]]


class Batches:
    """The calls of one guard. While as many are under way as may be, what comes next gathers for the following one."""

    def __init__(self, guard: RemoteGuard, ask: Ask) -> None:
        self._guard = guard
        self._ask = ask
        self._waiting: dict[str, float] = {}
        self._verdicts: dict[str, asyncio.Future[Findings | Failure]] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._is_due = False

    async def judge(self, texts: Sequence[str], deadline_s: float) -> Mapping[str, Findings] | Failure:
        """Return the findings in each text, or why they are not to be had within the deadline."""
        loop = asyncio.get_running_loop()
        wanted: dict[str, asyncio.Future[Findings | Failure]] = {}
        for text in texts:
            if text not in self._verdicts:
                self._verdicts[text] = loop.create_future()
                self._waiting[text] = deadline_s
            elif text in self._waiting:
                self._waiting[text] = max(self._waiting[text], deadline_s)
            wanted[text] = self._verdicts[text]
        if self._waiting and not self._is_due:
            # Whoever else asks in this turn of the loop comes along.
            self._is_due = True
            loop.call_soon(self._start)
        _, late = await asyncio.wait(wanted.values(), timeout=deadline_s)
        if late:
            return Failure(error="timeout", reason=f"no verdict within {deadline_s * 1_000:.0f} ms")
        findings: dict[str, Findings] = {}
        for text, verdict in wanted.items():
            answer = verdict.result()
            if isinstance(answer, Failure):
                return answer
            findings[text] = answer
        return findings

    async def close(self) -> None:
        """End the calls under way."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _start(self) -> None:
        self._is_due = False
        while self._waiting and len(self._calls) < CALLS_AT_ONCE:
            texts, deadline_s = self._next()
            call = asyncio.create_task(self._call(texts, deadline_s))
            self._calls.add(call)
            call.add_done_callback(self._ended)

    def _next(self) -> tuple[list[str], float]:
        texts: list[str] = []
        size = 0
        deadline_s = 0.0
        for text, deadline in self._waiting.items():
            if texts and (len(texts) == TEXTS_PER_CALL or size + len(text) > CHARACTERS_PER_CALL):
                break
            texts.append(text)
            size += len(text)
            deadline_s = max(deadline_s, deadline)
        for text in texts:
            del self._waiting[text]
        return texts, deadline_s

    async def _call(self, texts: Sequence[str], deadline_s: float) -> None:
        answer: Mapping[str, Findings] | Failure = Failure(error="crashed", reason="the call was given up")
        try:
            async with asyncio.timeout(deadline_s):
                answer = await self._ask(self._guard, texts, deadline_s)
        except TimeoutError:
            answer = Failure(error="timeout", reason=f"no verdict within {deadline_s * 1_000:.0f} ms")
        finally:
            for text in texts:
                verdict = self._verdicts.pop(text)
                if not verdict.done():
                    verdict.set_result(answer if isinstance(answer, Failure) else answer[text])

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if self._waiting:
            self._start()
