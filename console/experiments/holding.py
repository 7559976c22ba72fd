"""How a worker holds trials: leased in the thread that knows the database, worked on in an event loop of its own."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from django.utils import timezone

from console.evaluations.judges import Judge
from console.experiments import queue
from console.experiments.definition import Definition, body_of
from console.experiments.masking import AnswerMask
from console.experiments.models import Trial
from console.masking import UncheckedTextError
from evaluators import NotApplicable, Outcome, Unscored, evaluate
from evaluators.errors import EvaluatorError
from evaluators.runner import sample_of
from evaluators.sample import Sample
from evaluators.suites.cases import SuiteCase
from evaluators.suites.entries import Entry
from evaluators.trials import StoredAnswer

RENEW_S = 20.0
PASSING_TROUBLE = frozenset({"judge_error", "timeout"})
"""Codes of outcomes that another try may better."""


class Holder(Protocol):
    """A worker's hold on trials of one experiment."""

    held: dict["Future[Any]", Trial]

    def lease(self) -> Sequence[Trial]:
        """Take the next trials, as many as there is room for."""
        ...

    def begin(self, trial: Trial) -> None:
        """Begin with a trial: put what is to be waited for into `held`."""
        ...

    def take(self, trial: Trial, result: Any) -> None:
        """Store what a step of a trial came to, and begin the next step."""
        ...


def hold(worker: Holder, *, until: float) -> None:
    """Work until nothing is due or the shift is over; what is held by then is finished."""
    renewed = time.monotonic()
    while True:
        if time.monotonic() < until:
            for trial in worker.lease():
                worker.begin(trial)
        if not worker.held:
            return
        done, _ = wait(worker.held, timeout=RENEW_S, return_when=FIRST_COMPLETED)
        for future in done:
            worker.take(worker.held.pop(future), future.result())
        if time.monotonic() - renewed >= RENEW_S:
            queue.renew(worker.held.values(), now=timezone.now())
            renewed = time.monotonic()


async def outcomes_of(
    trial: Trial,
    answer: StoredAnswer,
    *,
    case: SuiteCase,
    definition: Definition,
    entries: Sequence[Entry],
    judges: Mapping[str, Judge],
    mask: AnswerMask,
    timeout_s: float,
) -> dict[str, Outcome]:
    """Ask evaluators about an answer as it is stored: those that have not said anything of it yet."""
    body = body_of(definition, trial.arm, case)
    sample = sample_of(case, replace(answer, attributes={"messages": body["messages"]}))

    async def asked(entry: Entry) -> Outcome:
        outcome = await _outcome(entry, case, sample, judges, timeout_s)
        try:
            return outcome if entry.judge is None else await mask.judgement(str(body["model"]), outcome)
        except UncheckedTextError as error:
            return Unscored(code="judge_error", reason=str(error))

    wanted = [entry for entry in entries if entry.name not in trial.outcomes]
    found = await asyncio.gather(*(asked(entry) for entry in wanted))
    return dict(zip((entry.name for entry in wanted), found, strict=True))


async def _outcome(
    entry: Entry, case: SuiteCase, sample: Sample, judges: Mapping[str, Judge], timeout_s: float
) -> Outcome:
    if not entry.applies_to(case):
        return NotApplicable(reason=f"only for cases tagged {entry.tag}")
    try:
        evaluator = entry.built(case, judges[entry.judge].complete if entry.judge is not None else None)
    except EvaluatorError as error:
        return Unscored(code="crashed", reason=str(error))
    return await evaluate(evaluator, sample, timeout_s=timeout_s)


def passing(outcomes: Mapping[str, Outcome]) -> dict[str, Unscored]:
    """Return the outcomes that another try may better, by evaluator."""
    return {
        name: outcome
        for name, outcome in outcomes.items()
        if isinstance(outcome, Unscored) and outcome.code in PASSING_TROUBLE
    }


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own, so that this one may wait for the database."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="experiment", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
