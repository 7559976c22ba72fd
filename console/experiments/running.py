"""A worker's share of an experiment: trials leased, answers asked for, scores given, the next look begun."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import aiohttp
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.accounts.actions import internal_key
from console.evaluations.judges import Judge, judge_of
from console.evaluations.provisions import Provisions
from console.experiments import queue
from console.experiments.actions import end, halt
from console.experiments.calling import TIMEOUT_S, Called, Caller
from console.experiments.definition import Definition, body_of, check_provisions, definition_of, settings_hash
from console.experiments.holding import event_loop, hold, outcomes_of, passing
from console.experiments.masking import AnswerMask
from console.experiments.models import Experiment, State, Trial
from console.experiments.results import gate_trials, verdict_on
from console.masking import UncheckedTextError
from evaluators import Outcome, Unscored
from evaluators.providers import equipped
from evaluators.suites.cases import SuiteCase
from evaluators.suites.entries import Entry
from evaluators.targets.prompt import asked
from evaluators.trials import StoredAnswer, restored_answer

SHIFT_S = 20.0
"""How long a worker leases trials before it lets others have a turn; what it holds by then it finishes."""
BUNCH = 64
"""Answers that wait for models of ours until a grader is woken."""
COUNTED_EVERY_S = 2.0
"""How often the cost is summed up anew; in between a worker adds up its own."""
RETRY_AFTER = timedelta(seconds=10)
JUDGE_TIMEOUT_S = 120.0
HOPELESS_AFTER = 20
"""Answers that fail before the first succeeds until the experiment stops by itself."""


@dataclass(slots=True)
class Worker:
    """One worker's hold on one experiment."""

    experiment: Experiment
    definition: Definition
    caller: Caller
    mask: AnswerMask
    entries: Sequence[Entry]
    """The evaluators it asks; those of models of ours are the graders'."""
    judges: Mapping[str, Judge]
    loop: asyncio.AbstractEventLoop
    wake_grader: Callable[[], object]
    owed: int = 0
    """Answers it let wait for models of ours."""
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

    def lease(self) -> list[Trial]:
        """Take the next trials, as far as the cost cap lets them be paid for."""
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

    def begin(self, trial: Trial) -> None:
        """Ask for an answer, or go on with scoring one that a lost worker left."""
        if trial.answer is not None and not trial.answer.get("error"):
            self._score(trial, restored_answer(trial.answer))
            return
        case = self.cases[trial.case]
        self.held[asyncio.run_coroutine_threadsafe(self._answer(trial, case), self.loop)] = trial

    async def _answer(self, trial: Trial, case: SuiteCase) -> Called:
        """Ask, and return what came as it may be stored: nothing else leaves the event loop."""
        body = body_of(self.definition, trial.arm, case)
        called = await self.caller.call(
            body,
            prompt=self.prompts[trial.arm],
            tags=f"experiment:{str(self.experiment.pk)[:8]}",
            asked=asked(case),
        )
        if called.answer.error:
            return called
        try:
            return replace(called, answer=await self.mask.answer(body, called.answer))
        except UncheckedTextError as error:
            return Called(
                answer=StoredAnswer(output="", error=str(error)), trace_id=called.trace_id, may_pass=True
            )

    def _score(self, trial: Trial, answer: StoredAnswer) -> None:
        work = outcomes_of(
            trial,
            answer,
            case=self.cases[trial.case],
            definition=self.definition,
            entries=self.entries,
            judges=self.judges,
            mask=self.mask,
            timeout_s=JUDGE_TIMEOUT_S,
        )
        self.held[asyncio.run_coroutine_threadsafe(work, self.loop)] = trial

    def take(self, trial: Trial, result: Called | dict[str, Outcome]) -> None:
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
        """Let a scored trial go on its way, unless a judge was only busy: then its answer waits for another try."""
        refusal = next((judge.refusal for judge in self.judges.values() if judge.refusal), "")
        open_ones = passing(outcomes)
        self.spent_usd += sum(outcome.cost_usd or 0.0 for outcome in outcomes.values())
        if open_ones and (refusal or self._has_tries(trial)):
            kept = {name: one for name, one in outcomes.items() if name not in open_ones}
            queue.keep_outcomes(trial, kept)
            if refusal:
                halt(self.experiment, because=refusal)
            error = refusal or next(iter(open_ones.values())).reason
            queue.put_back(trial, now=timezone.now(), after=RETRY_AFTER, error=error, counts=not refusal)
        elif self.definition.gpu_entries:
            queue.owe(trial, outcomes)
            self.owed += 1
            if self.owed % BUNCH == 0:
                self.wake_grader()
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


def work(
    experiment: Experiment, *, shift_s: float = SHIFT_S, wake_grader: Callable[[], object] = lambda: None
) -> bool:
    """Do a worker's share of an experiment; tell whether it had more to do when its time was up.

    `wake_grader` is called whenever a bunch of answers waits for models of ours.
    """
    if experiment.state != State.RUNNING or queue.is_worked_on(experiment, now=timezone.now()):
        return False
    definition = definition_of(experiment)
    check_provisions(definition.prompt_entries)
    until = time.monotonic() + shift_s
    with event_loop() as loop:
        provided = Provisions()
        session = asyncio.run_coroutine_threadsafe(_session(), loop).result()
        try:
            worker = _worker(experiment, definition, session, provided, loop, wake_grader)
            while True:
                hold(worker, until=until)
                if queue.open_trials(experiment).exists() or not advance(experiment, definition):
                    break
        finally:
            asyncio.run_coroutine_threadsafe(provided.close(), loop).result()
            asyncio.run_coroutine_threadsafe(session.close(), loop).result()
    if worker.owed:
        wake_grader()
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
    provided: Provisions,
    loop: asyncio.AbstractEventLoop,
    wake_grader: Callable[[], object],
) -> Worker:
    key, feature = internal_key(project=experiment.project), f"experiment: {experiment.name}"
    entries = equipped(definition.prompt_entries, provided)
    judges = {
        entry.judge: judge_of(experiment.project, entry.judge, feature=feature)
        for entry in entries
        if entry.judge is not None
    }
    caller = Caller(proxy_url=settings.PROXY_URL, api_key=key, feature=feature, session=session)
    mask = AnswerMask.of(experiment.project, provided.server)
    return Worker(experiment, definition, caller, mask, entries, judges, loop, wake_grader)


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), connector=aiohttp.TCPConnector(limit=0)
    )
