"""One judgement from lease to stored score."""

import asyncio
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from console.accounts.actions import internal_key
from console.evaluations import actions
from console.evaluations.models import Job, JobState, Rule
from console.evaluations.proxy_model import ProxyModel
from console.evaluations.samples import sample_of
from console.store import StoreUnavailableError, store
from evaluators import NotApplicable, Outcome, Unscored, evaluate, registry
from evaluators.evaluator import Configured
from ingest.queries.spans import SpanDetail, span_detail
from ingest.records import Score
from ingest.writer import write_scores

TIMEOUT_S = 120.0
RETRY_AFTER = timedelta(seconds=15)
STORE_RETRY_AFTER = timedelta(seconds=30)
_PASSING_TROUBLE = {"judge_error", "timeout"}


def judge(job_id: int, *, now: datetime) -> JobState | None:
    """Do a job if it is there to be taken. Doing it twice gives the same one score."""
    job = actions.take(job_id, now=now)
    if job is None:
        return None
    try:
        span = span_detail(
            store(), project_id=job.rule.project_id, trace_id=job.trace_id, span_id=job.span_id
        )
        if span is None:
            actions.finish(job, JobState.DEAD, now=timezone.now(), error="the span is no longer stored")
            return JobState.DEAD
        evaluator, model = _evaluator_of(job.rule)
        outcome = asyncio.run(evaluate(evaluator, sample_of(span), timeout_s=TIMEOUT_S))
        if _may_pass(outcome) and job.attempts < actions.MOST_ATTEMPTS:
            after = RETRY_AFTER * 2 ** (job.attempts - 1)
            actions.put_back(job, now=now, after=after, error=outcome.reason, counts=True)
            return JobState.WAITING
        if model is not None and model.refusal:
            # Not this call's fault: the rule stops, and the job waits until a person lets it go on.
            actions.switch_rule(rule=job.rule, is_enabled=False, by=None, now=now, because=model.refusal)
            actions.put_back(job, now=now, after=RETRY_AFTER, error=model.refusal, counts=False)
            return JobState.WAITING
        write_scores(store(), [_score(job, span, outcome, evaluator)])
    except StoreUnavailableError as error:
        actions.put_back(job, now=now, after=STORE_RETRY_AFTER, error=str(error), counts=False)
        return JobState.WAITING
    state = JobState.UNSCORED if isinstance(outcome, Unscored) else JobState.DONE
    actions.finish(
        job, state, now=timezone.now(), error=outcome.reason if isinstance(outcome, Unscored) else ""
    )
    return state


def _evaluator_of(rule: Rule) -> tuple[Configured, ProxyModel | None]:
    if registry.describe(rule.kind).source != "judge":
        return registry.build(rule.kind, rule.parameters, name=rule.name), None
    model = ProxyModel(
        proxy_url=settings.PROXY_URL,
        api_key=internal_key(project=rule.project),
        model=rule.judge_model,
        feature=f"evaluation: {rule.name}",
    )
    return registry.build(rule.kind, rule.parameters, model, name=rule.name), model


def _may_pass(outcome: Outcome) -> bool:
    return isinstance(outcome, Unscored) and outcome.code in _PASSING_TROUBLE


def _score(job: Job, span: SpanDetail, outcome: Outcome, evaluator: Configured) -> Score:
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
