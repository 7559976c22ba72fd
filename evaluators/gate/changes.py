"""Cases that one arm answers rightly and the other does not."""

import functools
from collections.abc import Iterator

import numpy as np
from scipy import special

from evaluators.gate.decision import Change
from evaluators.gate.table import Table
from evaluators.gate.trials import Metric
from evaluators.stats.clustered import Array
from evaluators.stats.multiplicity import benjamini_hochberg

_GRID = np.linspace(0.0, 1.0, 801)


def changed_cases(table: Table, metric: Metric) -> tuple[list[Change], list[Change]]:
    """Return the newly broken and the newly fixed cases of a bounded metric, the surest first."""
    if metric.bounds is None:
        return [], []
    low, high = metric.bounds
    shares = [(arm.scores - low) / (high - low) for arm in (table.baseline, table.candidate)]
    if metric.direction == "lower":
        shares = [1.0 - share for share in shares]
    broken = sorted(_changed(table, metric, shares[0], shares[1]), key=lambda change: -change.probability)
    fixed = sorted(_changed(table, metric, shares[1], shares[0]), key=lambda change: -change.probability)
    return broken, fixed


def _changed(table: Table, metric: Metric, better: Array, worse: Array) -> Iterator[Change]:
    baseline, candidate = table.baseline.means(), table.candidate.means()
    rows, chances, found = [], [], []
    for row in range(len(table.cases)):
        good, bad = better[row][~np.isnan(better[row])], worse[row][~np.isnan(worse[row])]
        if len(good) and len(bad):
            rows.append(row)
            found.append(good.mean() >= 0.5 > bad.mean())
            chances.append(_probability_of_less(*_counts(bad), *_counts(good)))
    q_values = benjamini_hochberg([1.0 - chance for chance in chances])
    for row, has_changed, chance, q in zip(rows, found, chances, q_values, strict=True):
        if has_changed:
            yield Change(
                case=table.cases[row].id,
                metric=metric.name,
                baseline=float(baseline[row]),
                candidate=float(candidate[row]),
                probability=chance,
                q_value=q,
            )


def _counts(shares: Array) -> tuple[float, float]:
    """Return how many answers were right, and how many were wrong."""
    right = round(float(shares.sum()), 9)
    return right, len(shares) - right


@functools.lru_cache(maxsize=4096)
def _probability_of_less(bad: float, bad_wrong: float, good: float, good_wrong: float) -> float:
    """Return P(p_bad < p_good) for shares with Jeffreys priors, by adding up over a grid."""
    below = special.betainc(0.5 + bad, 0.5 + bad_wrong, _GRID)
    mass = np.diff(special.betainc(0.5 + good, 0.5 + good_wrong, _GRID))
    return float(np.sum(mass * (below[1:] + below[:-1]) / 2.0))
