"""The standard error of a mean whose observations come in clusters."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Clusters = npt.NDArray[np.int64]
"""The number of each observation's cluster, from 0 on without gaps."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its standard error and the degrees of freedom its t tails have."""

    value: float
    standard_error: float
    degrees_of_freedom: float


def cluster_sums(values: Array, clusters: Clusters) -> Array:
    """Add up the values of each cluster."""
    sums = np.bincount(clusters, weights=values, minlength=int(clusters.max(initial=-1)) + 1)
    return sums.astype(np.float64)


def clustered_mean(values: Array, clusters: Clusters) -> Mean:
    """Return the mean with SE² = C/(C-1) · n⁻² · Σ_g (Σ_{i in g} (x_i - x̄))², and C-1 degrees of freedom.

    With one observation per cluster this is the ordinary standard error of a mean. One cluster alone says nothing
    about its spread: its standard error is infinite.
    """
    if len(values) == 0:
        return Mean(math.nan, math.inf, 1.0)
    mean = float(values.mean())
    deviations = cluster_sums(values - mean, clusters)
    count = len(deviations)
    if count < 2:
        return Mean(mean, math.inf, 1.0)
    variance = count / (count - 1) * float(np.sum(deviations**2)) / len(values) ** 2
    return Mean(mean, math.sqrt(variance), count - 1.0)


def within_mean(values: Array, variances: Array, degrees_of_freedom: float) -> Mean:
    """Return the mean over exactly these cases, where only repeated trials vary: SE² = n⁻² · Σ v_i."""
    if len(values) == 0 or degrees_of_freedom < 1 or np.isnan(variances).any():
        return Mean(float(values.mean()) if len(values) else math.nan, math.inf, 1.0)
    return Mean(
        float(values.mean()), math.sqrt(float(variances.sum())) / len(values), float(degrees_of_freedom)
    )
