"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

import logging
from collections.abc import Sequence
from typing import Any

from celery import current_app, shared_task
from django.utils import timezone

from console.evaluations import actions, judging, provisions
from console.evaluations.models import Rule
from console.store import StoreUnavailableError

TOGETHER = 64
"""Judgements of local judges in one message: what one batch on a GPU can take, and still well within a lease."""
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
        wake(jobs[: actions.AWAKE], is_for_gpu=provisions.is_for_gpu(rule.kind, rule.judge_model))
        queued += len(jobs)
    return queued


@shared_task
def judge(job_id: int) -> str:
    """Do one judgement."""
    state = judging.judge(job_id, now=timezone.now())
    return str(state) if state else "not due"


@shared_task
def judge_together(job_ids: list[int]) -> int:
    """Do judgements of models of ours, in batches on their GPU or CPU."""
    actions.load_for(job_ids)
    return len(judging.judge_together(job_ids, now=timezone.now()))


@shared_task
def sweep() -> int:
    """Wake workers for judgements that are due, as far as not enough messages wait for a worker already."""
    now = timezone.now()
    room = max(0, actions.AWAKE - _waiting(judge))
    # A message of a local judge is a bunch of judgements.
    local_room = max(0, actions.AWAKE - _waiting(judge_together) * TOGETHER)
    jobs = actions.due_jobs(now=now, limit=room)
    local_jobs = actions.due_jobs(now=now, limit=local_room, local=True)
    wake(jobs, is_for_gpu=False)
    wake(local_jobs, is_for_gpu=True)
    return len(jobs) + len(local_jobs)


def wake(jobs: Sequence[int], *, is_for_gpu: bool) -> None:
    """Wake a worker for each judgement; those of models of ours in bunches, for the queue whose workers hold weights."""
    if is_for_gpu:
        alone = actions.suspects(jobs, now=timezone.now())
        for job in alone:
            judge_together.delay([job])
        jobs = [job for job in jobs if job not in alone]
        for start in range(0, len(jobs), TOGETHER):
            judge_together.delay(list(jobs[start : start + TOGETHER]))
        return
    for job in jobs:
        judge.delay(job)


def _waiting(task: Any) -> int:
    """Return how many messages wait for the workers that do a task."""
    queue = current_app.conf.task_routes[task.name]["queue"]
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        return int(channel.queue_declare(queue).message_count)
