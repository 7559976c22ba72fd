"""Judgements from lease to stored score."""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from console.accounts.actions import internal_key
from console.evaluations import actions, local_judges
from console.evaluations.models import Job, JobState, Rule
from console.evaluations.proxy_model import ProxyModel
from console.evaluations.samples import sample_of
from console.store import StoreUnavailableError, store
from evaluators import NotApplicable, Outcome, Unscored, evaluate, registry
from evaluators.errors import EvaluatorError
from evaluators.evaluator import Configured
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
    try:
        cases: list[_Case] = []
        for job in taken:
            span = _span_of(job)
            try:
                if span is None:
                    raise _HopelessError("the span is no longer stored")
                cases.append(_Case(job, span, *_evaluator_of(job.rule)))
            except (_HopelessError, EvaluatorError) as error:
                # This one's fault alone: the others of the bunch go on.
                actions.finish(job, JobState.DEAD, now=timezone.now(), error=str(error))
                states[job.pk] = JobState.DEAD
        judged = list(zip(cases, asyncio.run(_outcomes(cases)), strict=True))
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
    model: ProxyModel | local_judges.MissingJudge | None
    timeout_s: float


def _span_of(job: Job) -> SpanDetail | None:
    return span_detail(store(), project_id=job.rule.project_id, trace_id=job.trace_id, span_id=job.span_id)


async def _outcomes(cases: Iterable[_Case]) -> list[Outcome]:
    asked = (evaluate(case.evaluator, sample_of(case.span), timeout_s=case.timeout_s) for case in cases)
    return list(await asyncio.gather(*asked))


def _waits(case: _Case, outcome: Outcome, now: datetime, states: dict[int, JobState]) -> bool:
    """Put a job back whose trouble may pass, or whose rule has to stop; tell whether that was so."""
    job, model = case.job, case.model
    if _may_pass(outcome) and job.attempts - job.losses < actions.MOST_ATTEMPTS:
        after = RETRY_AFTER * 2 ** (job.attempts - job.losses - 1)
        actions.put_back(job, now=now, after=after, error=outcome.reason, counts=True)
    elif model is not None and model.refusal:
        # Not this call's fault: the rule stops, and the job waits until a person lets it go on.
        actions.switch_rule(rule=job.rule, is_enabled=False, by=None, now=now, because=model.refusal)
        actions.put_back(job, now=now, after=RETRY_AFTER, error=model.refusal, counts=False)
    else:
        return False
    states[job.pk] = JobState.WAITING
    return True


def _evaluator_of(
    rule: Rule,
) -> tuple[Configured, ProxyModel | local_judges.MissingJudge | None, float]:
    """Return what judges, the model whose refusal stops the rule, and how long a judgement may take."""
    if registry.describe(rule.kind).source != "judge":
        return registry.build(rule.kind, rule.parameters, name=rule.name), None, TIMEOUT_S
    if local_judges.is_local(rule.judge_model):
        here = local_judges.model_of(rule.judge_model)
        missing = here if isinstance(here, local_judges.MissingJudge) else None
        return registry.build(rule.kind, rule.parameters, here, name=rule.name), missing, LOCAL_TIMEOUT_S
    model = ProxyModel(
        proxy_url=settings.PROXY_URL,
        api_key=internal_key(project=rule.project),
        model=rule.judge_model,
        feature=f"evaluation: {rule.name}",
    )
    return registry.build(rule.kind, rule.parameters, model, name=rule.name), model, TIMEOUT_S


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
