"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

import logging
from typing import Any

from celery import current_app, shared_task
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
        for job in jobs[: actions.AWAKE]:
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
    """Wake workers for judgements that are due, as far as not enough messages wait for a worker already."""
    jobs = actions.due_jobs(now=timezone.now(), limit=max(0, actions.AWAKE - _waiting()))
    for job in jobs:
        judge.delay(job)
    return len(jobs)


def _waiting() -> int:
    """Return how many messages wait for a worker that judges."""
    queue = current_app.conf.task_routes[judge.name]["queue"]
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        return int(channel.queue_declare(queue).message_count)
