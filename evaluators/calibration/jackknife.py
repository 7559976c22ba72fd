"""Intervals for any statistic of clustered data: leave one cluster out at a time, and see how much it moves."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluators.stats.clustered import Clusters
from evaluators.stats.tails import t_quantile

_MOST = 400
"""With more clusters, whole groups of them are left out together."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def jackknife(
    statistic: Callable[[npt.NDArray[np.bool_]], float],
    clusters: Clusters,
    *,
    limits: tuple[float, float] = (-1.0, 1.0),
    on_logits: bool = False,
) -> Estimate:
    """Return a statistic with its interval; `statistic` is handed which observations to look at.

    `on_logits` is for statistics between 0 and 1 that may come close to either: the interval is then symmetric on the
    scale of log odds. Where leaving out a cluster makes the statistic undefined, the interval is everything within the limits.
    """
    count = int(clusters.max(initial=-1)) + 1
    value = statistic(np.ones(len(clusters), dtype=bool))
    if count < 2 or math.isnan(value):
        return Estimate(value, *limits)
    groups = clusters % min(count, _MOST)
    size = int(groups.max()) + 1
    without = np.array([statistic(groups != group) for group in range(size)])
    if np.isnan(without).any():
        return Estimate(value, *limits)
    error = math.sqrt((size - 1) / size * float(np.sum((without - without.mean()) ** 2)))
    half = t_quantile(0.975, size - 1) * error
    if on_logits and 0.0 < value < 1.0:
        centre, half = math.log(value / (1.0 - value)), half / (value * (1.0 - value))
        return Estimate(value, *(1.0 / (1.0 + math.exp(-end)) for end in (centre - half, centre + half)))
    return Estimate(value, max(limits[0], value - half), min(limits[1], value + half))
