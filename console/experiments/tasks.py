"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

import logging
from uuid import UUID

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from console.experiments import actions, grading, queue, running
from console.experiments.models import Experiment, State, Trial
from evaluators.errors import EvaluatorError

log = logging.getLogger(__name__)


@shared_task
def work(experiment_id: str) -> str:
    """Do a share of an experiment, and wake the next worker when more remains."""
    experiment = Experiment.objects.filter(pk=UUID(experiment_id)).select_related("project").first()
    if experiment is None:
        return "removed"
    try:
        has_more = running.work(experiment, wake_grader=lambda: grade.delay(experiment_id))
    except Experiment.DoesNotExist:
        return "removed"
    except EvaluatorError as error:
        actions.halt(experiment, because=str(error))
        return "halted"
    if has_more:
        work.delay(experiment_id)
    return "more" if has_more else "done"


@shared_task
def grade(experiment_id: str) -> str:
    """Have models of ours judge a share of an experiment's answers, and wake whoever has to go on."""
    experiment = Experiment.objects.filter(pk=UUID(experiment_id)).select_related("project").first()
    if experiment is None:
        return "removed"
    try:
        left = grading.grade(experiment)
    except Experiment.DoesNotExist:
        return "removed"
    if left == "judging":
        grade.delay(experiment_id)
    elif left == "asking":
        work.delay(experiment_id)
    return left


@shared_task
def sweep() -> int:
    """Wake a worker for every experiment that nobody works on: messages are hints, the rows are the queue."""
    now = timezone.now()
    running = Experiment.objects.filter(state=State.RUNNING)
    asked, judged = (
        Trial.objects.filter(state__in=[line.waiting, line.held]).values("experiment")
        for line in (queue.ASKED, queue.JUDGED)
    )
    # One that waits for nothing at all is woken too: its worker was lost before it could end it.
    wanted = {
        work: (running.filter(Q(pk__in=asked) | ~Q(pk__in=judged)), queue.ASKED),
        grade: (running.filter(pk__in=judged), queue.JUDGED),
    }
    woken = 0
    for task, (experiments, line) in wanted.items():
        lively = Trial.objects.filter(state=line.held, lease_until__gt=now).values("experiment")
        for pk in experiments.exclude(pk__in=lively).values_list("pk", flat=True):
            task.delay(str(pk))
            woken += 1
    return woken
