"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

import logging

from celery import shared_task
from django.utils import timezone

from console.evaluations import actions, judging
from console.evaluations.models import Rule
from console.store import StoreUnavailableError

log = logging.getLogger(__name__)


@shared_task
def sample_live() -> int:
    """Look for new calls on behalf of every enabled rule, and wake a worker for each judgement."""
    queued = 0
    for rule in Rule.objects.filter(is_enabled=True).select_related("project"):
        try:
            jobs = actions.sample_rule(rule, now=timezone.now())
        except (StoreUnavailableError, actions.RuleError) as error:
            log.warning("evaluation %s of %s was not sampled: %s", rule.name, rule.project.slug, error)
            continue
        for job in jobs:
            judge.delay(job)
        queued += len(jobs)
    return queued


@shared_task
def judge(job_id: int) -> str:
    """Do one judgement."""
    state = judging.judge(job_id, now=timezone.now())
    return str(state) if state else "not due"


@shared_task
def sweep() -> int:
    """Wake workers for judgements that are due and that no message stands for any more."""
    jobs = actions.due_jobs(now=timezone.now())
    for job in jobs:
        judge.delay(job)
    return len(jobs)
