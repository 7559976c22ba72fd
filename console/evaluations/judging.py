"""Judgements from lease to stored score."""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from console.evaluations import actions, provisions
from console.evaluations.judges import Judge, JudgeError, judge_of
from console.evaluations.models import Job, JobState
from console.evaluations.provisions import Provisions
from console.evaluations.samples import sample_of
from console.store import StoreUnavailableError, store
from evaluators import NotApplicable, Outcome, Unscored, evaluate, registry
from evaluators.errors import EvaluatorError
from evaluators.evaluator import Configured
from evaluators.providers import handed_to
from ingest.queries.spans import SpanDetail, span_detail
from ingest.records import Score
from ingest.writer import write_scores

TIMEOUT_S = 120.0
LOCAL_TIMEOUT_S = 240.0
"""A bunch is judged at one time, so the last of it waits for all; still within a lease."""
RETRY_AFTER = timedelta(seconds=15)
STORE_RETRY_AFTER = timedelta(seconds=30)
_PASSING_TROUBLE = {"judge_error", "timeout"}


def judge(job_id: int, *, now: datetime) -> JobState | None:
    """Do a job if it is there to be taken. Doing it twice gives the same one score."""
    return judge_together([job_id], now=now).get(job_id)


def judge_together(job_ids: Iterable[int], *, now: datetime) -> dict[int, JobState]:
    """Do the jobs that are there to be taken, all at one time, which is how a local model judges fast.

    Returns where each one stands that was taken.
    """
    taken = [job for job_id in job_ids if (job := actions.take(job_id, now=now)) is not None]
    states: dict[int, JobState] = {}
    provided = Provisions()
    try:
        cases: list[_Case] = []
        for job in taken:
            span = _span_of(job)
            try:
                if span is None:
                    raise _HopelessError("the span is no longer stored")
                cases.append(_case(job, span, provided))
            except JudgeError as error:
                _pause(job, str(error), now, states)
            except (_HopelessError, EvaluatorError) as error:
                # This one's fault alone: the others of the bunch go on.
                actions.finish(job, JobState.DEAD, now=timezone.now(), error=str(error))
                states[job.pk] = JobState.DEAD
        judged = list(zip(cases, asyncio.run(_outcomes(cases, provided)), strict=True))
        kept = [(case, outcome) for case, outcome in judged if not _waits(case, outcome, now, states)]
        if kept:
            write_scores(store(), [_score(case, outcome) for case, outcome in kept])
    except StoreUnavailableError as error:
        for job in taken:
            if job.pk not in states:
                actions.put_back(job, now=now, after=STORE_RETRY_AFTER, error=str(error), counts=False)
                states[job.pk] = JobState.WAITING
        return states
    for case, outcome in kept:
        is_unscored = isinstance(outcome, Unscored)
        state = JobState.UNSCORED if is_unscored else JobState.DONE
        actions.finish(case.job, state, now=timezone.now(), error=outcome.reason if is_unscored else "")
        states[case.job.pk] = state
    return states


class _HopelessError(Exception):
    """A judgement that no later try could give."""


@dataclass(frozen=True, slots=True)
class _Case:
    job: Job
    span: SpanDetail
    evaluator: Configured
    judge: Judge | None
    timeout_s: float


def _span_of(job: Job) -> SpanDetail | None:
    return span_detail(store(), project_id=job.rule.project_id, trace_id=job.trace_id, span_id=job.span_id)


async def _outcomes(cases: Iterable[_Case], provided: Provisions) -> list[Outcome]:
    asked = (evaluate(case.evaluator, sample_of(case.span), timeout_s=case.timeout_s) for case in cases)
    try:
        return list(await asyncio.gather(*asked))
    finally:
        await provided.close()


def _waits(case: _Case, outcome: Outcome, now: datetime, states: dict[int, JobState]) -> bool:
    """Put a job back whose trouble may pass, or whose rule has to stop; tell whether that was so."""
    job, judge = case.job, case.judge
    if _may_pass(outcome) and job.attempts - job.losses < actions.MOST_ATTEMPTS:
        after = RETRY_AFTER * 2 ** (job.attempts - job.losses - 1)
        actions.put_back(job, now=now, after=after, error=outcome.reason, counts=True)
    elif judge is not None and judge.refusal:
        _pause(job, judge.refusal, now, states)
    else:
        return False
    states[job.pk] = JobState.WAITING
    return True


def _pause(job: Job, because: str, now: datetime, states: dict[int, JobState]) -> None:
    """Stop a job's rule for what is not the call's fault; the job waits until a person lets the rule go on."""
    actions.switch_rule(rule=job.rule, is_enabled=False, by=None, now=now, because=because)
    actions.put_back(job, now=now, after=RETRY_AFTER, error=because, counts=False)
    states[job.pk] = JobState.WAITING


def _case(job: Job, span: SpanDetail, provided: Provisions) -> _Case:
    """Build the evaluator and whom it asks. Raises JudgeError where this worker's settings lack what it needs."""
    rule = job.rule
    if problem := provisions.problem_with(rule.kind):
        raise JudgeError(problem)
    judge = None
    if rule.judge_model:
        judge = judge_of(rule.project, rule.judge_model, feature=f"evaluation: {rule.name}")
    evaluator = registry.build(
        rule.kind,
        rule.parameters,
        None if judge is None else judge.complete,
        name=rule.name,
        **handed_to(rule.kind, provided),
    )
    is_ours = provisions.is_for_gpu(rule.kind, rule.judge_model)
    return _Case(job, span, evaluator, judge, LOCAL_TIMEOUT_S if is_ours else TIMEOUT_S)


def _may_pass(outcome: Outcome) -> bool:
    return isinstance(outcome, Unscored) and outcome.code in _PASSING_TROUBLE


def _score(case: _Case, outcome: Outcome) -> Score:
    job, span, evaluator = case.job, case.span, case.evaluator
    state, value, label = "scored", None, ""
    if isinstance(outcome, Unscored):
        state = "unscored"
    elif isinstance(outcome, NotApplicable):
        state = "not_applicable"
    else:
        value, label = outcome.value, outcome.label or ""
    return Score(
        id=uuid.uuid5(job.rule_id, f"{job.version}:{job.span_id}"),
        project_id=job.rule.project_id,
        name=job.rule.name,
        evaluator=job.rule.kind,
        version=evaluator.version,
        target_kind="span",
        trace_id=job.trace_id,
        span_id=job.span_id,
        session_id=span.session_id,
        state=state,  # type: ignore[arg-type]
        value=value,
        label=label,
        reason=outcome.reason,
        source=evaluator.source,
        rule_id=job.rule_id,
        probability=job.probability,
        cost_usd=f"{outcome.cost_usd:.9f}" if outcome.cost_usd is not None else None,
        duration_us=outcome.duration_us,
        trace_start_us=int(span.start_time.timestamp() * 1_000_000),
        kind=span.kind,
        model=span.model,
        prompt_name=span.prompt_name,
        prompt_version=span.prompt_version,
        environment=span.environment,
        scored_at_us=int(timezone.now().timestamp() * 1_000_000),
    )
