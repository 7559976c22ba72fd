"""Is B worse than A? Evidence from paired differences, for non-inferiority and for regression."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evaluators.stats.clustered import Array, Clusters, Mean, cluster_sums, clustered_mean
from evaluators.stats.permutation import sign_flip_interval, sign_flip_upper
from evaluators.stats.tails import t_quantile, t_upper

FEW = 10
"""With fewer clusters, or fewer that changed at all, t tails are not to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What paired differences say. Negative is worse."""

    mean: Mean
    low: float
    high: float
    """A 95 % interval of the difference."""
    p_noninferior: float
    """One-sided p against "the drop is at least the margin"."""
    p_regression: float
    """One-sided p against "there is no drop"."""
    method: Literal["t", "sign-flip"]


def evidence(
    differences: Array,
    clusters: Clusters,
    *,
    margin: float,
    spread: float | None,
    mean: Mean | None = None,
) -> Evidence:
    """Weigh differences (candidate minus baseline, negative is worse) against no drop and against the margin.

    `spread` is the largest difference possible, None when there is no limit. `mean` replaces the clustered mean when
    another estimand is asked for.
    """
    estimate = clustered_mean(differences, clusters) if mean is None else mean
    sums = cluster_sums(differences, clusters)
    changed = int(np.count_nonzero(np.abs(sums) > 1e-12))
    if mean is not None or (len(sums) >= FEW and changed >= FEW):
        return _by_t(estimate, margin)
    sizes = cluster_sums(np.ones_like(differences), clusters)
    return _by_sign_flips(estimate, sums, sizes, margin, spread)


def _by_t(mean: Mean, margin: float) -> Evidence:
    half = t_quantile(0.975, mean.degrees_of_freedom) * mean.standard_error
    return Evidence(
        mean=mean,
        low=mean.value - half,
        high=mean.value + half,
        p_noninferior=t_upper(_ratio(mean.value + margin, mean.standard_error), mean.degrees_of_freedom),
        p_regression=t_upper(_ratio(-mean.value, mean.standard_error), mean.degrees_of_freedom),
        method="t",
    )


def _by_sign_flips(mean: Mean, sums: Array, sizes: Array, margin: float, spread: float | None) -> Evidence:
    if len(sums) == 0:
        return Evidence(
            mean=mean, low=-math.inf, high=math.inf, p_noninferior=1.0, p_regression=1.0, method="sign-flip"
        )
    low, high = sign_flip_interval(sums, sizes)
    p_noninferior = sign_flip_upper(sums + margin * sizes)
    if spread is not None and margin > 0:
        p_noninferior = max(p_noninferior, rare_breaks(mean.value, len(sums), margin, spread))
    return Evidence(
        mean=mean,
        low=low,
        high=high,
        p_noninferior=p_noninferior,
        p_regression=sign_flip_upper(-sums),
        method="sign-flip",
    )


def rare_breaks(mean: float, clusters: int, margin: float, spread: float) -> float:
    """Return the chance of a loss this small if the change broke a share margin/spread of all cases entirely.

    Twenty cases that did not change say little about a change that breaks one in fifty: the sign-flip test, which takes
    differences to be symmetric, cannot know that. (Zero breaks among n exclude a share of about 3/n.)
    """
    share = min(1.0, margin / spread)
    broken = min(float(clusters), max(0.0, -mean * clusters / spread))
    if share >= 1.0 or broken >= clusters:
        return 1.0 if broken >= clusters else 0.0
    return float(special.betainc(clusters - broken, broken + 1.0, 1.0 - share))


def _ratio(numerator: float, standard_error: float) -> float:
    if standard_error > 0:
        return numerator / standard_error
    return math.nan if numerator == 0 else math.copysign(math.inf, numerator)
