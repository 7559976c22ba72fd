"""A local model as judges know it: `Complete`, with everything that is asked at one time answered in one batch."""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Self

from evaluators.completion import ChatMessage, Completion, CompletionError, TokenChoices
from evaluators.local import worker
from evaluators.local.asked import Asked, LocalAnswer
from evaluators.local.settings import LocalSettings

_GATHER_S = 0.005
_MOST_AT_ONCE = 512


@dataclass(slots=True)
class _Waiting:
    asked: Asked
    answer: "asyncio.Future[Completion]"


@dataclass(slots=True)
class LocalModel:
    """One model on this machine and the worker that holds its weights. Close it at the end."""

    settings: LocalSettings
    shares_beginnings: ClassVar[bool] = True
    """Questions about one material cost little more than one: whoever asks need not put them into one prompt."""
    model: str = ""
    """What scores say of the judge; the path unless given."""
    _pool: ProcessPoolExecutor | None = field(default=None, repr=False)
    _has_answered: bool = False
    _waiting: list[_Waiting] = field(default_factory=list, repr=False)
    _batch: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.model = self.model or self.settings.path

    async def __aenter__(self) -> Self:
        """Nothing is loaded before the first question."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the worker."""
        await asyncio.to_thread(self.close)

    def load(self) -> None:
        """Load the weights now and wait for it. What goes wrong is said by the first question."""
        if self._pool is None:
            self._pool = worker.start(self.settings)
        with contextlib.suppress(BrokenProcessPool):
            self._pool.submit(worker.answer, []).result()

    def close(self) -> None:
        """End the worker and free its memory."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        """Ask the model. Raises CompletionError when it cannot be loaded, dies, or refuses the prompt."""
        if answers > 1 and options:
            raise CompletionError("several questions in one prompt would be written out; ask them one by one")
        loop = asyncio.get_running_loop()
        asked = Asked(messages=tuple(dict(message) for message in messages), options=tuple(options))
        waiting = _Waiting(asked, loop.create_future())
        self._waiting.append(waiting)
        if self._batch is None or self._batch.done() or self._batch.get_loop() is not loop:
            self._batch = loop.create_task(self._work())
        return await waiting.answer

    async def _work(self) -> None:
        """Answer what waits, batch by batch; while one is read the next gathers."""
        await asyncio.sleep(_GATHER_S)
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            await self._answer([one for one in batch if not one.answer.done()])

    async def _answer(self, batch: list[_Waiting]) -> None:
        try:
            answers = await self._ask([one.asked for one in batch])
        except CompletionError as error:
            if len(batch) > 1 and self._has_answered:
                # One of them may have been too much: each half on its own shows which.
                for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                    await self._answer(half)
                return
            answers = [LocalAnswer(error=str(error)) for _ in batch]
        except BaseException as error:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(CompletionError(f"{self.model}: {type(error).__name__}"))
            raise
        self._has_answered = self._has_answered or not all(answer.error for answer in answers)
        for one, answer in zip(batch, answers, strict=True):
            if one.answer.done():
                continue
            if answer.error:
                one.answer.set_exception(CompletionError(answer.error))
            else:
                one.answer.set_result(self._completion(answer))

    async def _ask(self, asked: list[Asked]) -> list[LocalAnswer]:
        if self._pool is None:
            self._pool = worker.start(self.settings)
        pool = self._pool
        try:
            return await asyncio.wrap_future(pool.submit(worker.answer, asked))
        except BrokenProcessPool as error:
            # Killed, out of memory, or the model could not be loaded; the next question starts another worker.
            if self._pool is pool:
                self._pool = None
            pool.shutdown(wait=False)
            raise CompletionError(
                f"the worker of {self.model} ended while it was loading or judging"
            ) from error
        except Exception as error:
            raise CompletionError(f"{self.model} could not judge: {type(error).__name__}") from error

    def _completion(self, answer: LocalAnswer) -> Completion:
        position = TokenChoices(token=answer.text, logprobs=answer.logprobs) if answer.logprobs else None
        return Completion(
            text=answer.text,
            tokens=(position,) if position else None,
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            cost_usd=0.0,
            model=self.model,
        )
