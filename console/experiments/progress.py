"""How far an experiment has come, how fast it goes, and when it will be through."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum

from console.experiments.models import Experiment, State, Trial, TrialState

_HALTED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of trials, cost, and what is left of this look."""

    done: int
    total: int
    running: int
    owed: int
    """Answered; they wait for models of ours, or are being judged by them."""
    failed: int
    given_up: int
    cost_usd: float
    unknown_costs: int
    left_s: float | None
    """Until this look is through; None while nobody can tell."""
    trouble: str
    """The newest error; empty when there is none."""

    @property
    def left_us(self) -> float | None:
        """What is left, in the unit in which pages write durations."""
        return None if self.left_s is None else self.left_s * 1e6

    @property
    def share(self) -> float:
        """The share of this look that is done."""
        return self.done / self.total if self.total else 0.0


def progress_of(experiment: Experiment, *, now: datetime) -> Progress:
    """Count the trials of an experiment."""
    trials = Trial.objects.filter(experiment=experiment)
    since = experiment.ran_since or now
    finished = Q(state__in=[TrialState.DONE, TrialState.DEAD])
    counts = trials.aggregate(
        total=Count("pk"),
        done=Count("pk", filter=finished),
        running=Count("pk", filter=Q(state=TrialState.RUNNING)),
        owed=Count("pk", filter=Q(state__in=[TrialState.OWED, TrialState.JUDGING])),
        failed=Count("pk", filter=Q(state=TrialState.DONE) & ~Q(error="")),
        given_up=Count("pk", filter=Q(state=TrialState.DEAD)),
        unknown=Count("pk", filter=Q(has_unknown_cost=True)),
        cost=Sum("cost_usd"),
        lately=Count("pk", filter=finished & Q(finished_at__gte=since)),
    )
    left = counts["total"] - counts["done"]
    speed = counts["lately"] / max((now - since).total_seconds(), _HALTED)
    is_running = experiment.state == State.RUNNING
    newest = trials.exclude(error="").order_by("-pk").values_list("error", flat=True).first()
    return Progress(
        done=counts["done"],
        total=counts["total"],
        running=counts["running"],
        owed=counts["owed"],
        failed=counts["failed"],
        given_up=counts["given_up"],
        cost_usd=counts["cost"] or 0.0,
        unknown_costs=counts["unknown"],
        left_s=left / speed if is_running and counts["lately"] and left else None,
        trouble=newest or "",
    )
