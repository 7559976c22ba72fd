"""Runs of one suite in a row: a decline too slow for any single gate, seen by adding it up.

Each finished run leaves its outcome in its log: what the gate said, and the candidate's mean of every case and metric.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluators import trials
from evaluators.gate import Decision, Gate, Metric
from evaluators.score import Score
from evaluators.stats.clustered import Array, Clusters, clustered_mean
from evaluators.stats.cusum import LIMIT, falls, recursive_steps
from evaluators.stored import gate_trials, stored_cases
from evaluators.trials import TrialLog

FEWEST_RUNS = 4
_SHARED = 0.8
"""An earlier run counts when it asked so large a share of the newest run's cases."""
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric over a suite's runs, and whether it has been declining."""

    metric: str
    runs: tuple[str, ...]
    values: tuple[float, ...]
    """The candidate's mean of each run over the cases that all of them asked; of a measurement, its geometric mean."""
    falls: tuple[float, ...]
    """The chart: how much has been lost beyond chance, in standard errors. 0 for the first run."""
    limit: float
    """Where the chart is an alarm."""
    cases: int
    is_ratio: bool = False
    """Whether a loss is told as a ratio: of measurements without limits."""
    points_per_unit: float = 100.0

    @property
    def is_declining(self) -> bool:
        """Say whether the newest run lies beyond the limit."""
        return bool(self.falls) and self.falls[-1] > self.limit

    def sentence(self) -> str:
        """Return what a report says about a decline."""
        start = max((number for number, height in enumerate(self.falls) if height == 0.0), default=0)
        before, now = statistics.fmean(self.values[: start + 1]), self.values[-1]
        if self.is_ratio:
            change = f"is ×{now / before:.3g} of what it was"
        else:
            change = f"has moved by {(now - before) * self.points_per_unit:+.1f} points".replace("-", "−")
        runs = len(self.runs) - 1 - start
        return (
            f"slow decline: {self.metric} {change} in {runs} run{'s' * (runs != 1)} since {self.runs[start]}, each of which "
            f"the gate let through (CUSUM {self.falls[-1]:.1f}, limit {self.limit:g})"
        )


def outcome_of(log: TrialLog, decision: Decision, gate: Gate, *, let_through: bool) -> dict[str, Any]:
    """Return what a finished run leaves behind for the series: its candidate's means, case by case."""
    versions = {(key, metric): version for key, metric, version in log.scores}
    keys = {(key.case, key.arm, key.number): key for key in log.answers}
    found: dict[str, dict[str, list[float]]] = {}
    for trial in gate_trials(log):
        if trial.arm != gate.candidate or trial.number > decision.look:
            continue
        key = keys[trial.case, trial.arm, trial.number]
        for metric, outcome in trial.outcomes.items():
            if isinstance(outcome, Score):
                # A case that is judged by another version is another case.
                name = f"{trial.case}@{versions[key, metric][:6]}"
                found.setdefault(metric, {}).setdefault(name, []).append(outcome.value)
    return {
        "state": decision.state,
        "look": decision.look,
        "let_through": let_through,
        "means": {
            metric: {case: round(statistics.fmean(values), 6) for case, values in cases.items()}
            for metric, cases in found.items()
        },
    }


def series_of(root: Path, log: TrialLog, metrics: Mapping[str, Metric], *, since: str = "") -> list[Series]:
    """Return the series that a run ends, one for each of these metrics that enough earlier runs have measured.

    Only runs that the gate let through count, this one among them.
    """
    outcomes = {}
    for place in trials.stored_runs(root):
        if since <= place.name < log.name and trials.header_of(place).get("suite") == log.header["suite"]:
            outcomes[place.name] = trials.outcome_of(place)
    outcomes[log.name] = log.outcome
    passed = {name: outcome for name, outcome in outcomes.items() if outcome.get("let_through")}
    if log.name not in passed:
        return []
    clusters = {case.id: case.cluster or case.id for case in stored_cases(log)}
    found = [_series(metric, passed, clusters) for metric in metrics.values()]
    return [series for series in found if series is not None]


def _series(
    metric: Metric, passed: Mapping[str, Mapping[str, Any]], clusters: Mapping[str, str]
) -> Series | None:
    newest = list(passed.values())[-1]["means"].get(metric.name, {})
    runs = {
        name: outcome["means"].get(metric.name, {})
        for name, outcome in list(passed.items())[-_LONGEST:]
        if len(newest.keys() & outcome["means"].get(metric.name, {}).keys()) >= _SHARED * len(newest)
    }
    shared = sorted(set.intersection(*(set(means) for means in runs.values()))) if runs else []
    if metric.bounds is None:
        shared = [case for case in shared if all(means[case] > 0 for means in runs.values())]
    if len(runs) < FEWEST_RUNS or len(shared) < 2:
        return None
    scores = np.array([[means[case] for case in shared] for means in runs.values()])
    owners = [clusters.get(case.rpartition("@")[0], case) for case in shared]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(owners))}
    charted = chart(
        scores if metric.bounds is not None else np.log(scores),
        np.array([numbers[owner] for owner in owners], dtype=np.int64),
        is_better_high=metric.direction == "higher",
    )
    if charted is None:
        return None
    return Series(
        metric=metric.name,
        runs=tuple(runs),
        values=tuple(
            float(value)
            for value in (scores.mean(axis=1) if metric.bounds else np.exp(np.log(scores).mean(axis=1)))
        ),
        falls=(0.0, *charted),
        limit=LIMIT,
        cases=len(shared),
        is_ratio=metric.bounds is None,
        points_per_unit=100.0 / (metric.spread or 1.0),
    )


def chart(scores: Array, clusters: Clusters, *, is_better_high: bool = True) -> list[float] | None:
    """Return the chart's height after every run but the first; None when no score ever varied.

    `scores` are the cases' means, run by case. What a run's mean owes to chance is measured by how the cases' differences
    from one run to the next scatter, which a common decline of all of them does not change.
    """
    means = scores.mean(axis=1) * (1.0 if is_better_high else -1.0)
    variances = [
        clustered_mean(after - before, clusters).standard_error ** 2 / 2.0
        for before, after in zip(scores, scores[1:], strict=False)
    ]
    error = math.sqrt(statistics.fmean(variances))
    if not 0.0 < error < math.inf:
        return None
    return falls(recursive_steps([float(mean) for mean in means], error))


def declines(series: Sequence[Series]) -> list[str]:
    """Return a sentence for every metric that has been declining."""
    return [one.sentence() for one in series if one.is_declining]
