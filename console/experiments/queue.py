"""The queue that is a table: each trial is leased to one worker at a time, and its row is finished once."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum

from console.experiments.definition import Definition, fingerprint
from console.experiments.models import Experiment, State, Trial, TrialState
from console.experiments.storing import storable, stored_answer, stored_outcome
from evaluators.score import Outcome
from evaluators.trials import StoredAnswer

LEASE = timedelta(seconds=90)
"""A worker that lives renews it; only a lost one lets it run out."""
MOST_ATTEMPTS = 3
"""Tries of a call that fails."""
MOST_LOSSES = 5
"""Workers that may be lost over one trial before it is given up."""


def ask_for(experiment: Experiment, definition: Definition, *, look: int, arms: Collection[str]) -> int:
    """Owe every trial up to a look that is not owed yet; both arms of a trial follow one another."""
    known = set(Trial.objects.filter(experiment=experiment).values_list("case", "arm", "number"))
    position = len(known)
    owed: list[Trial] = []
    for number in range(1, look + 1):
        for case in sorted(definition.cases, key=lambda case: _draw(case.id, number)):
            names = [name for name in definition.arms if name in arms]
            for arm in names[::-1] if _draw(case.id, -number)[0] % 2 else names:
                if (case.id, arm, number) not in known:
                    position += 1
                    owed.append(
                        Trial(
                            experiment=experiment,
                            case=case.id,
                            arm=arm,
                            number=number,
                            position=position,
                            fingerprint=fingerprint(definition, arm, case),
                        )
                    )
    Trial.objects.bulk_create(owed, batch_size=500, ignore_conflicts=True)
    return len(owed)


@dataclass(frozen=True, slots=True)
class Line:
    """Where trials wait for one kind of worker, and where they stand while one holds them."""

    waiting: TrialState
    held: TrialState


ASKED = Line(TrialState.WAITING, TrialState.RUNNING)
"""For an answer, and for evaluators that any worker can ask."""
JUDGED = Line(TrialState.OWED, TrialState.JUDGING)
"""For models on machines of ours."""


@transaction.atomic
def lease(
    experiment: Experiment, *, now: datetime, limit: int, holds: int, line: Line = ASKED
) -> list[Trial]:
    """Lease the next trials to this worker, as far as the experiment runs and there is room.

    Of the line of answers all workers together hold at most `limit`, of the other one each. A trial over which a worker was
    lost is leased only to a worker that holds nothing else: should it be what brings workers down, it brings no other
    trial down with it.
    """
    current = Experiment.objects.select_for_update().only("state").get(pk=experiment.pk)
    if current.state != State.RUNNING:
        return []
    reclaim(current, now=now)
    trials = Trial.objects.filter(experiment=current)
    running = trials.filter(state=line.held)
    room = limit - (running.count() if line is ASKED else holds)
    if room <= 0 or running.filter(losses__gt=0).exists():
        return []
    due = trials.filter(_is_due(now), state=line.waiting)
    chosen = list(due.filter(losses=0).values_list("pk", flat=True)[:room])
    if not chosen and not holds and not running.exists():
        chosen = list(due.values_list("pk", flat=True)[:1])
    trials.filter(pk__in=chosen, state=line.waiting).update(
        state=line.held, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    return list(trials.filter(pk__in=chosen))


def reclaim(experiment: Experiment, *, now: datetime) -> None:
    """Take back what lost workers held; what too many were lost over is given up and counts as unscored."""
    for line in (ASKED, JUDGED):
        lost = Trial.objects.filter(experiment=experiment, state=line.held, lease_until__lte=now)
        lost.filter(losses__gte=MOST_LOSSES - 1).update(
            state=TrialState.DEAD,
            losses=F("losses") + 1,
            lease_until=None,
            finished_at=now,
            error=f"{MOST_LOSSES} workers were lost over it",
        )
        lost.update(state=line.waiting, losses=F("losses") + 1, lease_until=None)


def renew(trials: Iterable[Trial], *, now: datetime) -> None:
    """Keep what this worker still holds."""
    for trial in trials:
        _held(trial).update(lease_until=now + LEASE)


def keep_answer(trial: Trial, answer: StoredAnswer, *, trace_id: str) -> bool:
    """Store an answer as soon as it is there, so that nobody pays for it twice; False when the lease was lost."""
    stored = stored_answer(answer)
    cost = answer.cost_usd or 0.0
    trial.answer, trial.trace_id, trial.cost_usd = stored, trace_id, cost
    trial.has_unknown_cost = answer.cost_usd is None and not answer.error
    return bool(
        _held(trial).update(
            answer=stored, trace_id=trace_id, cost_usd=cost, has_unknown_cost=trial.has_unknown_cost
        )
    )


def keep_outcomes(trial: Trial, outcomes: Mapping[str, Outcome]) -> bool:
    """Store what some evaluators said while others could not; False when the lease was lost."""
    trial.outcomes = trial.outcomes | {name: stored_outcome(outcome) for name, outcome in outcomes.items()}
    trial.cost_usd += sum(outcome.cost_usd or 0.0 for outcome in outcomes.values())
    return bool(_held(trial).update(outcomes=trial.outcomes, cost_usd=trial.cost_usd))


def owe(trial: Trial, outcomes: Mapping[str, Outcome]) -> bool:
    """Store what any worker could find out, and let the answer wait for models of ours; False when the lease was lost."""
    judged = sum(outcome.cost_usd or 0.0 for outcome in outcomes.values())
    return bool(
        _held(trial).update(
            state=TrialState.OWED,
            outcomes=trial.outcomes | {name: stored_outcome(outcome) for name, outcome in outcomes.items()},
            cost_usd=trial.cost_usd + judged,
            lease_until=None,
            error="",
            # Other workers, other troubles.
            attempts=0,
            losses=0,
        )
    )


def finish(trial: Trial, outcomes: Mapping[str, Outcome], *, now: datetime, error: str = "") -> bool:
    """Store what the evaluators said, and end; False when the lease was lost and another worker's word counts."""
    judged = sum(outcome.cost_usd or 0.0 for outcome in outcomes.values())
    return bool(
        _held(trial).update(
            state=TrialState.DONE,
            outcomes=trial.outcomes | {name: stored_outcome(outcome) for name, outcome in outcomes.items()},
            cost_usd=trial.cost_usd + judged,
            lease_until=None,
            finished_at=now,
            error=storable(error[:300]),
        )
    )


def put_back(trial: Trial, *, now: datetime, after: timedelta, error: str, counts: bool) -> None:
    """Let a leased trial wait for another try. A try that could not even begin does not count."""
    _held(trial).update(
        state=TrialState.OWED if trial.state == TrialState.JUDGING else TrialState.WAITING,
        lease_until=now + after,
        error=storable(error[:300]),
        attempts=F("attempts") if counts else F("attempts") - 1,
    )


def spending(experiment: Experiment) -> tuple[float, int]:
    """Return what the experiment has cost, as far as prices are known, and of how many answers that is the cost."""
    answered = Trial.objects.filter(experiment=experiment, answer__isnull=False)
    found = answered.aggregate(total=Sum("cost_usd"), answers=Count("pk"))
    return found["total"] or 0.0, found["answers"]


def spent_usd(experiment: Experiment) -> float:
    """Return what the experiment has cost, as far as prices are known."""
    return spending(experiment)[0]


def is_worked_on(experiment: Experiment, *, now: datetime) -> bool:
    """Tell whether a worker holds trials of an experiment, or did a moment ago."""
    return Trial.objects.filter(experiment=experiment, state=TrialState.RUNNING, lease_until__gt=now).exists()


def open_trials(experiment: Experiment) -> QuerySet[Trial]:
    """Return the trials that are not finished."""
    return Trial.objects.filter(experiment=experiment).exclude(state__in=[TrialState.DONE, TrialState.DEAD])


def owed(experiment: Experiment, *, now: datetime) -> QuerySet[Trial]:
    """Return the answers that models of ours could judge now."""
    return Trial.objects.filter(_is_due(now), experiment=experiment, state=TrialState.OWED)


def _held(trial: Trial) -> QuerySet[Trial]:
    """Return the row as long as this very lease is in force; attempts only grow."""
    return Trial.objects.filter(pk=trial.pk, state=trial.state, attempts=trial.attempts, losses=trial.losses)


def _is_due(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _draw(case: str, number: int) -> bytes:
    return hashlib.sha256(f"{case}\0{number}".encode()).digest()
