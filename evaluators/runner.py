"""Running a suite: answers, scores and looks, until the gate has decided or something stops it."""

import asyncio
import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np

from evaluators.calibration.canaries import check
from evaluators.calibration.judging import judged, values_of
from evaluators.completion import Complete
from evaluators.evaluator import Configured
from evaluators.gate import Decision, decide
from evaluators.judgements import Judgements
from evaluators.recheck import Before, Recheck, disagreement, visible_points
from evaluators.reuse import StoredBaseline
from evaluators.run import evaluate
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored
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
_JUDGED_TWICE = 0.05


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
    baseline: StoredBaseline | None = None
    """What of the baseline may be taken over from earlier runs; None to ask for everything."""
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
        self._take_over()
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

    def _take_over(self) -> None:
        """Choose which cases of a stored baseline are asked again; one that no longer applies is left alone."""
        if self.baseline is None or self.log.recheck is not None:
            return
        timed = [entry.name for entry in self.suite.entries if entry.kind == "latency"]
        gated = [rule.name for rule in self.suite.gate.rules if rule.metric in timed and rule.compare]
        if gated:
            reason = f"{gated[0]} is gated, and what was measured at another hour is no baseline for it"
            self.log.add_recheck(Recheck(state="refused", reason=reason))
            return
        first = [self._key(case, self.suite.gate.baseline, 1) for case in self.suite.cases]
        again = self.baseline.asked_again(first, self.log.name)
        if again:
            self.log.add_recheck(Recheck(state="open", again=again))

    def _from_store(self, key: TrialKey) -> StoredAnswer | None:
        """Return the answer a trial takes over, if it does."""
        recheck = self.log.recheck
        if self.baseline is None or recheck is None or recheck.state == "refused":
            return None
        return (
            None
            if key.case in recheck.again or key.arm != self.suite.gate.baseline
            else self.baseline.answer(key)
        )

    async def _work(self, look: int) -> None:
        recheck = self.log.recheck
        if self.baseline is not None and recheck is not None and recheck.state != "refused" and recheck.again:
            again = frozenset(recheck.again)
            await self._do([job for job in self._jobs(look) if job[0].id in again], look)
            if not self.stop:
                reason = await self._disagreement(again, look)
                state: Literal["refused", "held"] = "refused" if reason else "held"
                visible = visible_points(len(again), look)
                self.log.add_recheck(replace(recheck, state=state, reason=reason, visible_points=visible))
        await self._do(list(self._jobs(look)), look)

    async def _disagreement(self, again: Collection[str], look: int) -> str:
        """Compare what the baseline answers now with what it answered then; return what does not agree."""
        assert self.baseline is not None
        arm = self.suite.gate.baseline
        cases = [case for case in self.suite.cases if case.id in again]
        pairs = [
            (case, key, then, now)
            for case in cases
            for number in range(1, look + 1)
            if (then := self.baseline.answer(key := self._key(case, arm, number))) is not None
            and (now := self.log.answers.get(key)) is not None
            and not now.error
        ]
        if not pairs:
            return "none of the cases asked again was answered"
        models = {then.model for _, _, then, _ in pairs} - {None}
        for _, _, _, now in pairs:
            if models and now.model is not None and now.model not in models:
                return f"{now.model} answers now, where {', '.join(sorted(map(str, models)))} did"
        compared = {rule.metric for rule in self.suite.gate.rules if rule.compare and not rule.must_pass}
        measured = [
            await self._before(entry, pairs) for entry in self.suite.entries if entry.name in compared
        ]
        return disagreement(measured, looks=self.suite.gate.looks, look=look)

    async def _before(
        self, entry: Entry, pairs: Sequence[tuple[SuiteCase, TrialKey, StoredAnswer, StoredAnswer]]
    ) -> Before:
        """Gather a metric of the cases asked again: each case's mean then and now."""
        found: dict[str, tuple[list[float], list[float]]] = {}
        clusters: dict[str, str] = {}
        for case, key, then, _ in pairs:
            was = await self._outcome(key, case, entry, then, is_asked_again=False)
            self._spent_usd += was.cost_usd or 0.0
            version = self._evaluator(case, entry).version
            outcome = self.log.scores.get((key, entry.name, version))
            if isinstance(was, Score) and isinstance(outcome, Score):
                values = found.setdefault(case.id, ([], []))
                values[0].append(was.value)
                values[1].append(outcome.value)
                clusters[case.id] = case.cluster or case.id
        numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters.values()))}
        return Before(
            metric=entry.metric(),
            then=np.array([np.mean(values[0]) for values in found.values()], dtype=np.float64),
            now=np.array([np.mean(values[1]) for values in found.values()], dtype=np.float64),
            clusters=np.array([numbers[clusters[case]] for case in found], dtype=np.int64),
        )

    async def _do(self, wanted: Sequence[tuple[SuiteCase, str, int]], look: int) -> None:
        jobs = [job for job in wanted if not self._is_done(*job)]
        total = len(self.suite.cases) * len(self.suite.arms) * look
        left = sum(not self._is_done(*job) for job in self._jobs(look))
        self.progress.begin(total, total - left)
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
        if answer is None or self._is_void(answer):
            return False
        return all(self._known(key, case, entry) is not None for entry in self.suite.entries)

    def _is_void(self, answer: StoredAnswer) -> bool:
        """Say whether a trial must be asked for again: it failed, or was taken over and holds no longer."""
        recheck = self.log.recheck
        return bool(answer.error or (answer.reused and recheck is not None and recheck.state == "refused"))

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
        if answer is None or self._is_void(answer):
            answer = self._from_store(key) or await self._answer(case, arm)
            is_paid = "answers_of" not in self.log.header and not answer.reused
            self._spent_usd += answer.cost_usd or 0.0 if is_paid else 0.0
            answer = self.log.add_answer(key, answer)
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
        if self._known(key, case, entry) is not None and not answer.error:
            return
        again = self.log.recheck.again if self.log.recheck is not None else ()
        outcome = await self._outcome(key, case, entry, answer, is_asked_again=case.id in again)
        self.log.add_score(key, entry.name, self._evaluator(case, entry).version, outcome)
        self._spent_usd += outcome.cost_usd or 0.0
        if entry.judge is not None and isinstance(outcome, Score):
            await self._judge_again(key, case, entry, answer)

    async def _judge_again(self, key: TrialKey, case: SuiteCase, entry: Entry, answer: StoredAnswer) -> None:
        """Ask a gated judge about one answer in twenty once more: how much is its own mood to blame for?"""
        if entry.name not in {rule.metric for rule in self.suite.gate.rules if rule.compare}:
            return
        evaluator, sample = self._evaluator(case, entry), sample_of(case, answer)
        asked = f"{evaluator.version}:{_as_judged(sample).digest()}:{key.number}:once more"
        if _draw(asked, 0)[0] >= _JUDGED_TWICE * 256:
            return
        outcome = await self.judgements.get(
            asked, lambda: evaluate(evaluator, sample, timeout_s=_JUDGE_TIMEOUT_S)
        )
        self._spent_usd += outcome.cost_usd or 0.0
        if isinstance(outcome, Score):
            self.log.add_again(key, entry.name, outcome.value, outcome.cost_usd or 0.0)

    async def _outcome(
        self, key: TrialKey, case: SuiteCase, entry: Entry, answer: StoredAnswer, *, is_asked_again: bool
    ) -> Outcome:
        """Judge an answer. Where the baseline is being checked the judge is asked anew too: it may be what has moved."""
        if not entry.applies_to(case):
            return NotApplicable(reason=f"only for cases tagged {entry.tag}")
        if answer.error:
            return Unscored(code="target_error", reason=answer.error)
        evaluator, sample = self._evaluator(case, entry), sample_of(case, answer)
        if entry.judge is None:
            return await evaluate(evaluator, sample)
        asked = f"{evaluator.version}:{_as_judged(sample).digest()}:{key.number}"
        asked += f":{self.log.name}" if is_asked_again else ""
        return await self.judgements.get(
            asked, lambda: evaluate(evaluator, sample, timeout_s=_JUDGE_TIMEOUT_S)
        )


def cost_of(log: TrialLog) -> tuple[float, int]:
    """Return what a run's answers and judgements cost, and how many answers have no known price."""
    # A run that judged another run's answers has not paid for them.
    own = [] if "answers_of" in log.header else [a for a in log.answers.values() if not a.reused]
    answers = [answer.cost_usd for answer in own if not answer.error]
    judgements = [outcome.cost_usd or 0.0 for outcome in log.scores.values()]
    asked_a_model = [answer for answer in own if answer.model]
    unknown = sum(answer.cost_usd is None for answer in asked_a_model)
    watching = sum(check.cost_usd for check in log.canaries.values())
    watching += log.again_cost_usd
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
