"""One metric's scores as arrays: case by trial for each arm, with what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluators.gate.trials import Case, Trial
from evaluators.score import Score, Unscored
from evaluators.stats.clustered import Array, Clusters

_FEWEST_JUDGED_TWICE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm's scores of a metric."""

    scores: Array
    """Case by trial; NaN where there is no score."""
    scored: int
    unscored: int

    @property
    def unscored_share(self) -> float:
        """The share of answers that should have a score and have none."""
        total = self.scored + self.unscored
        return self.unscored / total if total else 0.0

    def means(self) -> Array:
        """Return each case's mean over its scored trials; NaN where it has none."""
        counts = np.count_nonzero(~np.isnan(self.scores), axis=1)
        sums: Array = np.nansum(self.scores, axis=1)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    def variances_of_means(self) -> Array:
        """Return the variance of each case's mean by its trials; NaN with fewer than two."""
        counts = np.count_nonzero(~np.isnan(self.scores), axis=1)
        deviations = self.scores - self.means()[:, None]
        squares: Array = np.nansum(deviations**2, axis=1)
        enough = counts > 1
        return np.where(enough, squares / np.maximum(counts - 1, 1) / np.maximum(counts, 1), np.nan)

    def trials(self) -> int:
        """Return how many scores there are."""
        return int(np.count_nonzero(~np.isnan(self.scores)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One metric over the cases it concerns."""

    cases: tuple[Case, ...]
    baseline: Arm
    candidate: Arm
    labelled: Array
    """Each case's difference by people's labels, candidate minus baseline; NaN where an arm has none."""
    judge_variance: float | None = None
    """The variance of one judgement of one answer; None where nothing was judged twice."""


def tabulate(
    trials: Sequence[Trial], cases: Sequence[Case], metric: str, *, baseline: str, candidate: str, look: int
) -> Table:
    """Gather a metric's scores from the trials up to number `look`; cases it never applies to are left out."""
    found: dict[str, list[tuple[str, int, Score | Unscored]]] = {}
    for trial in trials:
        outcome = trial.outcomes.get(metric)
        if (
            trial.arm in (baseline, candidate)
            and trial.number <= look
            and isinstance(outcome, (Score, Unscored))
        ):
            found.setdefault(trial.case, []).append((trial.arm, trial.number, outcome))
    concerned = tuple(case for case in cases if case.id in found)
    arms = {name: _Counting(np.full((len(concerned), look), np.nan)) for name in (baseline, candidate)}
    for row, case in enumerate(concerned):
        for arm, number, outcome in found[case.id]:
            arms[arm].add(row, number, outcome)
    return Table(
        cases=concerned,
        baseline=arms[baseline].done(),
        candidate=arms[candidate].done(),
        labelled=_labelled(trials, concerned, metric, baseline=baseline, candidate=candidate),
        judge_variance=_judge_variance(trials, metric),
    )


def _judge_variance(trials: Sequence[Trial], metric: str) -> float | None:
    moved = [
        trial.again[metric] - outcome.value
        for trial in trials
        if metric in trial.again and isinstance(outcome := trial.outcomes.get(metric), Score)
    ]
    # Two judgements of one answer differ by twice the variance of one.
    return float(np.mean(np.square(moved))) / 2.0 if len(moved) >= _FEWEST_JUDGED_TWICE else None


def _labelled(
    trials: Sequence[Trial], cases: Sequence[Case], metric: str, *, baseline: str, candidate: str
) -> Array:
    said: dict[tuple[str, str], list[float]] = {}
    for trial in trials:
        if metric in trial.labels:
            said.setdefault((trial.case, trial.arm), []).append(trial.labels[metric])
    means = {key: sum(values) / len(values) for key, values in said.items()}
    nothing = float("nan")
    return np.array(
        [
            means.get((case.id, candidate), nothing) - means.get((case.id, baseline), nothing)
            for case in cases
        ],
        dtype=np.float64,
    )


@dataclass(slots=True)
class _Counting:
    scores: Array
    scored: int = 0
    unscored: int = 0

    def add(self, row: int, number: int, outcome: Score | Unscored) -> None:
        if isinstance(outcome, Score):
            self.scores[row, number - 1] = outcome.value
            self.scored += 1
        else:
            self.unscored += 1

    def done(self) -> Arm:
        return Arm(scores=self.scores, scored=self.scored, unscored=self.unscored)


def clusters_of(cases: Sequence[Case], chosen: npt.NDArray[np.bool_]) -> Clusters:
    """Number the clusters of the chosen cases from 0 on."""
    numbers: dict[str, int] = {}
    found = []
    for case, is_chosen in zip(cases, chosen, strict=True):
        if is_chosen:
            found.append(numbers.setdefault(case.cluster or case.id, len(numbers)))
    return np.array(found, dtype=np.int64)
