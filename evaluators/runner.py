"""Running a suite: answers, scores and looks, until the gate has decided or something stops it."""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from evaluators.calibration.canaries import check
from evaluators.calibration.judging import judged, values_of
from evaluators.completion import Complete
from evaluators.evaluator import Configured
from evaluators.gate import Decision, decide
from evaluators.judgements import Judgements
from evaluators.run import evaluate
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Unscored
from evaluators.stored import gate_trials, watched
from evaluators.suites.cases import SuiteCase
from evaluators.suites.entries import Entry
from evaluators.suites.load import LoadedSuite
from evaluators.targets import Target, TargetAnswer, TargetError
from evaluators.trials import StoredAnswer, TrialKey, TrialLog

Stop = Literal["", "cost", "time", "errors", "interrupted"]
_HOPELESS_AFTER = 20
"""Answers that fail one after the other from the start on before a run gives up."""
_RETRIED = frozenset({"judge_error", "timeout", "target_error", "crashed"})
_JUDGE_TIMEOUT_S = 300.0


class Progress(Protocol):
    """Hears how far a run has come."""

    def begin(self, total: int, done: int) -> None:
        """So many trials lie ahead at this look, of which so many are done."""
        ...

    def advance(self, cost_usd: float) -> None:
        """One more trial is done; the run has cost so much."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to."""

    decision: Decision
    stop: Stop
    cost_usd: float
    unknown_costs: int
    """Answers whose price is not known; they count as free against the cap."""


@dataclass(slots=True, kw_only=True)
class Runner:
    """One run of one suite."""

    suite: LoadedSuite
    log: TrialLog
    target: Target
    judges: Mapping[str, Complete]
    judgements: Judgements
    progress: Progress
    stop: Stop = ""
    _failures_in_a_row: int = 0
    _has_answered: bool = False
    _spent_usd: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _built: dict[tuple[str, str], Configured] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spent_usd = cost_of(self.log)[0]

    async def run(self) -> RunResult:
        """Work through the looks; stop at the first that decides, or at a cap."""
        gate = self.suite.gate
        await self._watch_judges()
        decision = self.decide()
        # A judge that has moved decides nothing, so nothing more is spent.
        looks = () if any(found.alarm for found in self.log.canaries.values()) else gate.looks
        for look in looks:
            await self._work(look)
            decision = self.decide()
            if decision.is_final or self.stop:
                break
        return self.result(decision)

    def decide(self) -> Decision:
        """Let the gate decide on what the log holds."""
        return decide(
            gate_trials(self.log),
            gate=self.suite.gate,
            metrics={entry.name: watched(entry.metric(), self.log) for entry in self.suite.entries},
            cases=self.suite.gate_cases(),
            is_stopped=bool(self.stop),
        )

    def result(self, decision: Decision) -> RunResult:
        """Sum up."""
        known, unknown = cost_of(self.log)
        return RunResult(decision=decision, stop=self.stop, cost_usd=known, unknown_costs=unknown)

    async def _watch_judges(self) -> None:
        """Have every gated judge score its canaries first: one that has moved need not be asked anything else."""
        gated = {rule.metric for rule in self.suite.gate.rules}
        for entry in self.suite.entries:
            if entry.canaries and entry.name in gated and entry.name not in self.log.canaries:
                outcomes = await judged(
                    entry, entry.canaries, self.judges, concurrency=self.suite.suite.concurrency
                )
                cost = sum(outcome.cost_usd or 0.0 for outcome in outcomes)
                found = check(
                    entry.name,
                    entry.canaries,
                    values_of(outcomes),
                    entry.scale.bounds or (0.0, 1.0),
                    cost_usd=cost,
                )
                self.log.add_canaries(found)
                self._spent_usd += cost

    async def _work(self, look: int) -> None:
        jobs = [job for job in self._jobs(look) if not self._is_done(*job)]
        total = len(self.suite.cases) * len(self.suite.arms) * look
        self.progress.begin(total, total - len(jobs))
        queue = iter(jobs)
        # A failing worker cancels the others and is raised from here.
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.suite.suite.concurrency, len(jobs))):
                group.create_task(self._worker(queue))

    async def _worker(self, queue: Iterator[tuple[SuiteCase, str, int]]) -> None:
        for case, arm, number in queue:
            self.stop = self.stop or self._cap()
            if self.stop:
                return
            await self._trial(case, arm, number)
            self.progress.advance(self._spent_usd)

    def _jobs(self, look: int) -> Iterator[tuple[SuiteCase, str, int]]:
        """Yield trials so that both arms meet the same weather: trial by trial, cases shuffled, arms side by side."""
        arms = list(self.suite.arms)
        for number in range(1, look + 1):
            for case in sorted(self.suite.cases, key=lambda case: _draw(case.id, number)):
                first = _draw(case.id, -number)[0] % 2
                for arm in arms[::-1] if first else arms:
                    yield case, arm, number

    def _is_done(self, case: SuiteCase, arm: str, number: int) -> bool:
        key = self._key(case, arm, number)
        answer = self.log.answers.get(key)
        if answer is None or answer.error:
            return False
        return all(self._known(key, case, entry) is not None for entry in self.suite.entries)

    def _key(self, case: SuiteCase, arm: str, number: int) -> TrialKey:
        return TrialKey(case.id, arm, number, self.target.fingerprint(arm, case))

    def _known(self, key: TrialKey, case: SuiteCase, entry: Entry) -> Outcome | None:
        version = self._evaluator(case, entry).version
        outcome = self.log.scores.get((key, entry.name, version))
        if isinstance(outcome, Unscored) and outcome.code in _RETRIED:
            return None
        return outcome

    def _evaluator(self, case: SuiteCase, entry: Entry) -> Configured:
        built = self._built.get((case.id, entry.name))
        if built is None:
            complete = self.judges[entry.judge] if entry.judge is not None else None
            built = self._built[case.id, entry.name] = entry.built(case, complete)
        return built

    def _cap(self) -> Stop:
        budget = self.suite.suite.budget
        if budget.cost is not None and self._spent_usd >= budget.cost:
            return "cost"
        if budget.minutes is not None and time.monotonic() - self._started >= budget.minutes * 60:
            return "time"
        if not self._has_answered and self._failures_in_a_row >= _HOPELESS_AFTER:
            return "errors"
        return ""

    async def _trial(self, case: SuiteCase, arm: str, number: int) -> None:
        key = self._key(case, arm, number)
        answer = self.log.answers.get(key)
        if answer is None or answer.error:
            answer = await self._answer(case, arm)
            self.log.add_answer(key, answer)
            self._spent_usd += 0.0 if "answers_of" in self.log.header else answer.cost_usd or 0.0
        self._failures_in_a_row = self._failures_in_a_row + 1 if answer.error else 0
        self._has_answered = self._has_answered or not answer.error
        await asyncio.gather(*(self._score(key, case, entry, answer) for entry in self.suite.entries))

    async def _answer(self, case: SuiteCase, arm: str) -> StoredAnswer:
        try:
            answer = await self.target.answer(arm, case)
        except TargetError as error:
            return StoredAnswer(output="", error=str(error))
        return stored_answer(answer)

    async def _score(self, key: TrialKey, case: SuiteCase, entry: Entry, answer: StoredAnswer) -> None:
        evaluator = self._evaluator(case, entry)
        known = self._known(key, case, entry)
        if known is not None and not answer.error:
            return
        outcome: Outcome
        if not entry.applies_to(case):
            outcome = NotApplicable(reason=f"only for cases tagged {entry.tag}")
        elif answer.error:
            outcome = Unscored(code="target_error", reason=answer.error)
        else:
            sample = sample_of(case, answer)
            if entry.judge is None:
                outcome = await evaluate(evaluator, sample)
            else:
                asked = f"{evaluator.version}:{_as_judged(sample).digest()}:{key.number}"
                outcome = await self.judgements.get(
                    asked, lambda: evaluate(evaluator, sample, timeout_s=_JUDGE_TIMEOUT_S)
                )
        self.log.add_score(key, entry.name, evaluator.version, outcome)
        self._spent_usd += outcome.cost_usd or 0.0


def cost_of(log: TrialLog) -> tuple[float, int]:
    """Return what a run's answers and judgements cost, and how many answers have no known price."""
    # A run that judged another run's answers has not paid for them.
    own = [] if "answers_of" in log.header else list(log.answers.values())
    answers = [answer.cost_usd for answer in own if not answer.error]
    judgements = [outcome.cost_usd or 0.0 for outcome in log.scores.values()]
    asked_a_model = [answer for answer in own if answer.model]
    unknown = sum(answer.cost_usd is None for answer in asked_a_model)
    watching = sum(check.cost_usd for check in log.canaries.values())
    return sum(cost or 0.0 for cost in answers) + sum(judgements) + watching, unknown


def _draw(case: str, number: int) -> bytes:
    return hashlib.sha256(f"{case}\0{number}".encode()).digest()


def stored_answer(answer: TargetAnswer) -> StoredAnswer:
    """Return a target's answer as a log keeps it."""
    return StoredAnswer(
        output=answer.output,
        input=answer.input,
        context=answer.context,
        finish_reason=answer.finish_reason,
        tool_calls=answer.tool_calls,
        model=answer.model,
        latency_ms=answer.latency_ms,
        cost_usd=answer.cost_usd,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        attributes=answer.attributes,
    )


def _as_judged(sample: Sample) -> Sample:
    """Leave out what no judge is shown, so that equal answers share one judgement."""
    return Sample(
        output=sample.output,
        input=sample.input,
        expected=sample.expected,
        context=sample.context,
        messages=sample.messages,
        tool_calls=sample.tool_calls,
    )


def sample_of(case: SuiteCase, answer: StoredAnswer) -> Sample:
    """Return what evaluators look at: the answer, and what its case says about it."""
    return Sample(
        output=answer.output,
        input=answer.input,
        expected=case.expected,
        context=answer.context or case.context,
        messages=_messages(answer.attributes.get("messages")),
        finish_reason=answer.finish_reason,
        tool_calls=answer.tool_calls,
        model=answer.model,
        latency_ms=answer.latency_ms,
        cost_usd=answer.cost_usd,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        tags=case.tags,
        attributes=answer.attributes,
    )


def _messages(given: object) -> tuple[Mapping[str, Any], ...]:
    """Return the conversation a Python target gave beside its answer; what is no list of messages is none."""
    if not isinstance(given, (list, tuple)) or not all(isinstance(message, Mapping) for message in given):
        return ()
    return tuple(given)
