"""A worker's share of judging by models of ours: stored answers in bunches, as a GPU reads them fast.

Answers wait for it as rows. A worker that dies leaves leases that run out; what was stored of the others stays.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from django.utils import timezone

from console.evaluations import local_judges
from console.evaluations.judges import Judge, judge_of
from console.evaluations.provisions import Provisions
from console.experiments import queue
from console.experiments.actions import halt
from console.experiments.definition import Definition, check_provisions, definition_of
from console.experiments.holding import event_loop, hold, outcomes_of, passing
from console.experiments.masking import AnswerMask
from console.experiments.models import Experiment, State, Trial
from console.experiments.running import SHIFT_S, advance
from evaluators import Outcome
from evaluators.errors import EvaluatorError
from evaluators.providers import equipped
from evaluators.suites.cases import SuiteCase
from evaluators.suites.entries import Entry
from evaluators.trials import restored_answer

TOGETHER = 64
"""Answers judged in one bunch; while one is read, the next is gathered."""
TIMEOUT_S = 240.0
RETRY_AFTER = timedelta(seconds=10)
Left = Literal["judging", "asking", "nothing"]
"""What an experiment still waits for, as far as a grader knows."""


@dataclass(slots=True)
class Grader:
    """One worker's hold on the answers of one experiment that wait for models of ours."""

    experiment: Experiment
    definition: Definition
    entries: Sequence[Entry]
    judges: Mapping[str, Judge]
    mask: AnswerMask
    loop: asyncio.AbstractEventLoop
    cases: dict[str, SuiteCase] = field(default_factory=dict)
    held: dict["Future[Any]", Trial] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cases = {case.id: case for case in self.definition.cases}

    def lease(self) -> list[Trial]:
        """Take a bunch, unless one is still gathered."""
        if len(self.held) > TOGETHER:
            return []
        return queue.lease(
            self.experiment,
            now=timezone.now(),
            limit=len(self.held) + TOGETHER,
            holds=len(self.held),
            line=queue.JUDGED,
        )

    def begin(self, trial: Trial) -> None:
        """Have an answer judged."""
        assert trial.answer is not None
        work = outcomes_of(
            trial,
            restored_answer(trial.answer),
            case=self.cases[trial.case],
            definition=self.definition,
            entries=self.entries,
            judges=self.judges,
            mask=self.mask,
            timeout_s=TIMEOUT_S,
        )
        self.held[asyncio.run_coroutine_threadsafe(work, self.loop)] = trial

    def take(self, trial: Trial, result: dict[str, Outcome]) -> None:
        """Finish a trial, unless its judges were only busy; one that refuses stops the experiment."""
        open_ones, now = passing(result), timezone.now()
        refusal = next((judge.refusal for judge in self.judges.values() if judge.refusal), "")
        has_tries = trial.attempts - trial.losses < queue.MOST_ATTEMPTS
        if not open_ones or not (refusal or has_tries):
            queue.finish(trial, result, now=now)
            return
        queue.keep_outcomes(trial, {name: one for name, one in result.items() if name not in open_ones})
        if refusal:
            halt(self.experiment, because=refusal)
        error = refusal or next(iter(open_ones.values())).reason
        queue.put_back(trial, now=now, after=RETRY_AFTER, error=error, counts=not refusal)


def grade(experiment: Experiment, *, shift_s: float = SHIFT_S) -> Left:
    """Judge what waits for models of ours, and begin the next look when that was all."""
    if experiment.state != State.RUNNING:
        return "nothing"
    definition = definition_of(experiment)
    try:
        check_provisions(definition.gpu_entries)
    except EvaluatorError as error:
        halt(experiment, because=str(error))
        return "nothing"
    _load(definition)
    until = time.monotonic() + shift_s
    with event_loop() as loop:
        provided = Provisions()
        try:
            hold(_grader(experiment, definition, provided, loop), until=until)
        finally:
            asyncio.run_coroutine_threadsafe(provided.close(), loop).result()
    if queue.owed(experiment, now=timezone.now()).exists():
        return "judging"
    if not queue.open_trials(experiment).exists() and advance(experiment, definition):
        return "asking"
    return "nothing"


def _load(definition: Definition) -> None:
    """Load weights before anything is leased: that may take longer than a lease."""
    models = {
        model for entry in definition.gpu_entries if entry.judge for model in definition.judges[entry.judge]
    }
    asks_classifier = any(entry.judge is None for entry in definition.gpu_entries)
    local_judges.load(sorted(models), with_classifier=asks_classifier)


def _grader(
    experiment: Experiment, definition: Definition, provided: Provisions, loop: asyncio.AbstractEventLoop
) -> Grader:
    entries = equipped(definition.gpu_entries, provided)
    feature = f"experiment: {experiment.name}"
    judges = {
        entry.judge: judge_of(experiment.project, entry.judge, feature=feature)
        for entry in entries
        if entry.judge is not None
    }
    mask = AnswerMask.of(experiment.project, provided.server)
    return Grader(experiment, definition, entries, judges, mask, loop)
