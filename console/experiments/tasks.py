"""Celery entry points. Each may run twice, or late, or never: the next beat makes up for it."""

import logging
from uuid import UUID

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from console.experiments import actions, running
from console.experiments.models import Experiment, State, TrialState
from evaluators.errors import EvaluatorError

log = logging.getLogger(__name__)


@shared_task
def work(experiment_id: str) -> str:
    """Do a share of an experiment, and wake the next worker when more remains."""
    experiment = Experiment.objects.filter(pk=UUID(experiment_id)).select_related("project").first()
    if experiment is None:
        return "removed"
    try:
        has_more = running.work(experiment)
    except Experiment.DoesNotExist:
        return "removed"
    except EvaluatorError as error:
        actions.halt(experiment, because=str(error))
        return "halted"
    if has_more:
        work.delay(experiment_id)
    return "more" if has_more else "done"


@shared_task
def sweep() -> int:
    """Wake a worker for every experiment that nobody works on: messages are hints, the rows are the queue."""
    now = timezone.now()
    lively = Q(trials__state=TrialState.RUNNING, trials__lease_until__gt=now)
    idle = Experiment.objects.filter(state=State.RUNNING).exclude(pk__in=Experiment.objects.filter(lively))
    woken = [str(pk) for pk in idle.values_list("pk", flat=True)]
    for experiment_id in woken:
        work.delay(experiment_id)
    return len(woken)
