"""A rate as people would have found it, from few labels and many judgements.

PPI++ takes labels and judgements of one population; Rogan and Gladen's estimator takes the judge's error rates from labels
that may have another share of yes. (Angelopoulos, Duchi and Zrnic 2023; Rogan and Gladen 1978.)
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.calibration.jackknife import Estimate
from evaluators.stats.clustered import Array, Clusters, clustered_mean
from evaluators.stats.tails import normal_quantile, t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A mean corrected by labels."""

    estimate: Estimate
    weight: float
    """How much the judge is believed: 0 leaves the labels alone, 1 takes its judgements in full."""
    labels_only: Estimate
    standard_error: float
    degrees_of_freedom: float

    @property
    def labels_worth(self) -> float:
        """How many times as many labels alone would have been needed for an interval as narrow."""
        alone = self.labels_only.high - self.labels_only.low
        width = self.estimate.high - self.estimate.low
        return (alone / width) ** 2 if width > 0 else math.nan


def ppi_plus_plus(
    labels: Array,
    judged: Array,
    unlabelled: Array,
    *,
    clusters: Clusters | None = None,
    unlabelled_clusters: Clusters | None = None,
    weight: float | None = None,
) -> Corrected:
    """Return the mean of the labels' population: θ = ȳ + λ (f̄_N - f̄_n), with the λ in 0 to 1 of the least variance.

    `judged` are the judge's scores of the labelled, `unlabelled` those of all others.
    """
    here = clusters if clusters is not None else np.arange(len(labels))
    there = unlabelled_clusters if unlabelled_clusters is not None else np.arange(len(unlabelled))
    weight = _weight(labels, judged, unlabelled) if weight is None else weight
    rectified = clustered_mean(labels - weight * judged, here)
    rest = clustered_mean(unlabelled, there)
    value = rectified.value + (weight * rest.value if weight else 0.0)
    variance = rectified.standard_error**2 + (weight * rest.standard_error if weight else 0.0) ** 2
    error, freedom = math.sqrt(variance), rectified.degrees_of_freedom
    alone = clustered_mean(labels, here)
    return Corrected(
        estimate=interval(value, error, freedom, most=len(labels) + len(unlabelled)),
        weight=weight,
        labels_only=interval(alone.value, alone.standard_error, freedom, most=len(labels)),
        standard_error=error,
        degrees_of_freedom=freedom,
    )


def _weight(labels: Array, judged: Array, unlabelled: Array) -> float:
    """Return Cov(y, f) / (Var(f) (1 + n/N)), between 0 and 1; the variance of f is taken from all of its values."""
    if len(labels) < 3 or len(unlabelled) < 2:
        return 0.0
    variance = float(np.concatenate([judged, unlabelled]).var(ddof=1))
    if not variance > 0:
        return 0.0
    covariance = float(np.cov(labels, judged)[0, 1])
    return min(1.0, max(0.0, covariance / (variance * (1.0 + len(labels) / len(unlabelled)))))


def interval(value: float, error: float, freedom: float, *, most: int) -> Estimate:
    """Return a 95 % interval of a mean of values in 0 to 1.

    It is Wilson's, for as many yes-or-no observations (at most so many) as would have this standard error: near 0 and 1 a
    symmetric interval is too short on the side that matters.
    """
    z = t_quantile(0.975, freedom)
    share = min(1.0, max(0.0, value))
    variance = share * (1.0 - share)
    if math.isnan(value) or not math.isfinite(error):
        return Estimate(value, 0.0, 1.0)
    count = min(variance / error**2, most) if variance > 0 and error > 0 else freedom + 1.0
    centre = (share + z * z / (2.0 * count)) / (1.0 + z * z / count)
    half = z / (1.0 + z * z / count) * math.sqrt(variance / count + z * z / (4.0 * count * count))
    return Estimate(value, max(0.0, centre - half), min(1.0, centre + half))


def rogan_gladen(
    positive: float, count: float, *, sensitivity: tuple[int, int], specificity: tuple[int, int]
) -> Estimate:
    """Return the true share of yes behind a judge's share `positive` of `count`, with a 95 % interval.

    `sensitivity` and `specificity` are hits and totals among labelled yeses and noes. The interval holds every share that
    the three counts do not contradict (Fieller's way), so it is everything when the judge may be no better than chance.
    """
    q1, v1 = _shrunk(*sensitivity)
    q0, v0 = _shrunk(*specificity)
    p, vp = _shrunk(positive * count, count)
    power = sensitivity[0] / max(sensitivity[1], 1) + specificity[0] / max(specificity[1], 1) - 1.0
    raw = (positive + specificity[0] / max(specificity[1], 1) - 1.0) / power if power > 0 else math.nan
    # (p - (1 - q0) - θ (q0 + q1 - 1))² ≤ z² (vp + θ² v1 + (1 - θ)² v0), a quadratic in θ.
    z2 = normal_quantile(0.975) ** 2
    offset, slope = p - (1.0 - q0), q0 + q1 - 1.0
    a = slope**2 - z2 * (v1 + v0)
    b = -2.0 * offset * slope + 2.0 * z2 * v0
    c = offset**2 - z2 * (vp + v0)
    root = b * b - 4.0 * a * c
    value = min(1.0, max(0.0, raw)) if not math.isnan(raw) else math.nan
    if a <= 0 or root < 0 or slope <= 0:
        return Estimate(value, 0.0, 1.0)
    low, high = ((-b + sign * math.sqrt(root)) / (2.0 * a) for sign in (-1.0, 1.0))
    low, high = max(0.0, min(low, 1.0)), min(1.0, max(high, 0.0))
    return Estimate(value, min(low, value), max(high, value))


def _shrunk(hits: float, total: float) -> tuple[float, float]:
    """Return a share with one hit and one miss added, and its variance: certainty is never claimed from few."""
    share = (hits + 1.0) / (total + 2.0)
    return share, share * (1.0 - share) / (total + 2.0)
