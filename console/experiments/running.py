"""A worker's share of an experiment: trials leased, answers asked for, scores given, the next look begun."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import aiohttp
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.accounts.actions import internal_key
from console.evaluations.proxy_model import ProxyModel
from console.experiments import queue
from console.experiments.actions import end, halt
from console.experiments.calling import TIMEOUT_S, Called, Caller
from console.experiments.definition import Definition, body_of, definition_of, settings_hash
from console.experiments.models import Experiment, State, Trial
from console.experiments.results import gate_trials, verdict_on
from evaluators import NotApplicable, Outcome, Unscored, evaluate
from evaluators.errors import EvaluatorError
from evaluators.runner import sample_of
from evaluators.suites.cases import SuiteCase
from evaluators.targets.prompt import asked
from evaluators.trials import StoredAnswer, restored_answer

SHIFT_S = 20.0
"""How long a worker leases trials before it lets others have a turn; what it holds by then it finishes."""
RENEW_S = 20.0
COUNTED_EVERY_S = 2.0
"""How often the cost is summed up anew; in between a worker adds up its own."""
RETRY_AFTER = timedelta(seconds=10)
JUDGE_TIMEOUT_S = 120.0
HOPELESS_AFTER = 20
"""Answers that fail before the first succeeds until the experiment stops by itself."""
_PASSING_TROUBLE = frozenset({"judge_error", "timeout"})


@dataclass(slots=True)
class Worker:
    """One worker's hold on one experiment."""

    experiment: Experiment
    definition: Definition
    caller: Caller
    judges: Mapping[str, ProxyModel]
    loop: asyncio.AbstractEventLoop
    cases: dict[str, SuiteCase] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    """How traces name each variant: the same version as long as its settings are the same."""
    held: dict["Future[Any]", Trial] = field(default_factory=dict)
    spent_usd: float = 0.0
    answered: int = 0
    counted_at: float = 0.0

    def __post_init__(self) -> None:
        self.cases = {case.id: case for case in self.definition.cases}
        self.prompts = {arm: f"{arm}@{settings_hash(self.definition, arm)}" for arm in self.definition.arms}

    def run(self, *, until: float) -> None:
        """Work until nothing is due or the shift is over."""
        renewed = time.monotonic()
        while True:
            if time.monotonic() < until:
                for trial in self._lease():
                    self._begin(trial)
            if not self.held:
                return
            done, _ = wait(self.held, timeout=RENEW_S, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(self.held.pop(future), future.result())
            if time.monotonic() - renewed >= RENEW_S:
                queue.renew(self.held.values(), now=timezone.now())
                renewed = time.monotonic()

    def _lease(self) -> list[Trial]:
        limit = self._affordable()
        if limit <= len(self.held):
            return []
        return queue.lease(self.experiment, now=timezone.now(), limit=limit, holds=len(self.held))

    def _affordable(self) -> int:
        """Return how many calls may be under way: fewer as the cost cap comes near, none once it is reached."""
        cap, most = self.definition.cost_cap_usd, self.definition.concurrency
        if cap is None:
            return most
        if time.monotonic() - self.counted_at >= COUNTED_EVERY_S:
            self.spent_usd, self.answered = queue.spending(self.experiment)
            self.counted_at = time.monotonic()
        if self.spent_usd >= cap:
            halt(self.experiment, because=f"the cost cap of ${cap:g} is reached")
            return 0
        mean = self.spent_usd / max(self.answered, 1)
        return most if not mean else min(most, 1 + int((cap - self.spent_usd) / mean))

    def _begin(self, trial: Trial) -> None:
        """Ask for an answer, or go on with scoring one that a lost worker left."""
        if trial.answer is not None and not trial.answer.get("error"):
            self._score(trial, restored_answer(trial.answer))
            return
        case = self.cases[trial.case]
        call = self.caller.call(
            body_of(self.definition, trial.arm, case),
            prompt=self.prompts[trial.arm],
            tags=f"experiment:{str(self.experiment.pk)[:8]}",
            asked=asked(case),
        )
        self.held[asyncio.run_coroutine_threadsafe(call, self.loop)] = trial

    def _score(self, trial: Trial, answer: StoredAnswer) -> None:
        work = self._outcomes(trial, answer)
        self.held[asyncio.run_coroutine_threadsafe(work, self.loop)] = trial

    def _take(self, trial: Trial, result: Called | dict[str, Outcome]) -> None:
        """Store what a step of a trial came to, and begin the next step."""
        now = timezone.now()
        if isinstance(result, dict):
            self._settle(trial, result)
        elif not result.answer.error:
            self.answered += 1
            self.spent_usd += result.answer.cost_usd or 0.0
            if queue.keep_answer(trial, result.answer, trace_id=result.trace_id):
                self._score(trial, result.answer)
        elif result.refusal:
            # Not this trial's fault: the experiment stops, and the trial waits until a person lets it go on.
            halt(self.experiment, because=result.refusal)
            queue.put_back(trial, now=now, after=RETRY_AFTER, error=result.refusal, counts=False)
        elif result.may_pass and self._has_tries(trial):
            after = RETRY_AFTER * 2 ** (trial.attempts - 1)
            queue.put_back(trial, now=now, after=after, error=result.answer.error, counts=True)
        else:
            queue.keep_answer(trial, result.answer, trace_id=result.trace_id)
            self._give_up(trial, result.answer.error)

    def _settle(self, trial: Trial, outcomes: dict[str, Outcome]) -> None:
        """Finish a scored trial, unless a judge was only busy: then its answer waits for another try."""
        refusal = next((judge.refusal for judge in self.judges.values() if judge.refusal), "")
        passing = [
            outcome
            for outcome in outcomes.values()
            if isinstance(outcome, Unscored) and outcome.code in _PASSING_TROUBLE
        ]
        self.spent_usd += sum(outcome.cost_usd or 0.0 for outcome in outcomes.values())
        if passing and (refusal or self._has_tries(trial)):
            queue.keep_outcomes(
                trial,
                {name: one for name, one in outcomes.items() if all(one is not other for other in passing)},
            )
        if passing and refusal:
            halt(self.experiment, because=refusal)
            queue.put_back(trial, now=timezone.now(), after=RETRY_AFTER, error=refusal, counts=False)
        elif passing and self._has_tries(trial):
            queue.put_back(trial, now=timezone.now(), after=RETRY_AFTER, error=passing[0].reason, counts=True)
        else:
            queue.finish(trial, outcomes, now=timezone.now())

    def _has_tries(self, trial: Trial) -> bool:
        return trial.attempts - trial.losses < queue.MOST_ATTEMPTS

    def _give_up(self, trial: Trial, error: str) -> None:
        outcomes: dict[str, Outcome] = {
            entry.name: Unscored(code="target_error", reason=error) for entry in self.definition.entries
        }
        queue.finish(trial, outcomes, now=timezone.now(), error=error)
        trials = Trial.objects.filter(experiment=self.experiment)
        if (
            trials.exclude(error="").count() >= HOPELESS_AFTER
            and not trials.filter(state="done", error="").exists()
        ):
            halt(self.experiment, because=f"nothing but errors came back; the last: {error}")

    async def _outcomes(self, trial: Trial, answer: StoredAnswer) -> dict[str, Outcome]:
        case = self.cases[trial.case]
        messages = body_of(self.definition, trial.arm, case)["messages"]
        sample = sample_of(case, replace(answer, attributes={"messages": messages}))
        names = [entry.name for entry in self.definition.entries if entry.name not in trial.outcomes]
        found = await asyncio.gather(*(self._outcome(name, case, sample) for name in names))
        return dict(zip(names, found, strict=True))

    async def _outcome(self, name: str, case: SuiteCase, sample: Any) -> Outcome:
        entry = next(entry for entry in self.definition.entries if entry.name == name)
        if not entry.applies_to(case):
            return NotApplicable(reason=f"only for cases tagged {entry.tag}")
        judge = self.judges[entry.judge] if entry.judge is not None else None
        try:
            evaluator = entry.built(case, judge)
        except EvaluatorError as error:
            return Unscored(code="crashed", reason=str(error))
        return await evaluate(evaluator, sample, timeout_s=JUDGE_TIMEOUT_S)


def work(experiment: Experiment, *, shift_s: float = SHIFT_S) -> bool:
    """Do a worker's share of an experiment; tell whether it had more to do when its time was up."""
    if experiment.state != State.RUNNING or queue.is_worked_on(experiment, now=timezone.now()):
        return False
    definition = definition_of(experiment)
    until = time.monotonic() + shift_s
    with _event_loop() as loop:
        session = asyncio.run_coroutine_threadsafe(_session(), loop).result()
        try:
            worker = _worker(experiment, definition, session, loop)
            while True:
                worker.run(until=until)
                if queue.open_trials(experiment).exists() or not advance(experiment, definition):
                    break
        finally:
            asyncio.run_coroutine_threadsafe(session.close(), loop).result()
    experiment.refresh_from_db(fields=["state"])
    # What only waits for another try is the sweep's to wake.
    return experiment.state == State.RUNNING and time.monotonic() >= until


def advance(experiment: Experiment, definition: Definition) -> bool:
    """After a look: ask for another trial of what is undecided, or end. True when there is more to do."""
    experiment.refresh_from_db(fields=["state", "look"])
    if experiment.state != State.RUNNING:
        return False
    trials = gate_trials(experiment, definition)
    later = [look for look in definition.looks if look > experiment.look]
    undecided = [
        candidate
        for candidate in definition.candidates
        if not verdict_on(experiment, definition, candidate, trials=trials).decision.is_final
    ]
    if not later or not undecided:
        end(experiment)
        return False
    with transaction.atomic():
        current = Experiment.objects.select_for_update().defer("cases", "suite").get(pk=experiment.pk)
        if current.look == experiment.look and not queue.open_trials(current).exists():
            queue.ask_for(current, definition, look=later[0], arms={definition.baseline, *undecided})
            current.look = later[0]
            current.save(update_fields=["look"])
    return True


def _worker(
    experiment: Experiment,
    definition: Definition,
    session: aiohttp.ClientSession,
    loop: asyncio.AbstractEventLoop,
) -> Worker:
    key, feature = internal_key(project=experiment.project), f"experiment: {experiment.name}"
    judges = {
        name: ProxyModel(proxy_url=settings.PROXY_URL, api_key=key, model=model, feature=feature)
        for name, model in definition.judges.items()
    }
    caller = Caller(proxy_url=settings.PROXY_URL, api_key=key, feature=feature, session=session)
    return Worker(experiment, definition, caller, judges, loop)


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), connector=aiohttp.TCPConnector(limit=0)
    )


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
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
