"""From a judge's scores to probabilities that mean what they say: Platt's curve or isotonic steps."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from evaluators.stats.clustered import Array, Clusters

Method = Literal["platt", "isotonic"]
ISOTONIC_FROM = 200
"""Labels from which on steps of their own shape beat a curve of two parameters."""
_SMALLEST = 1e-6
_BINS = 10
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Platt:
    """p = 1 / (1 + exp(-(slope · logit(score) + intercept)))."""

    slope: float
    intercept: float

    def __call__(self, scores: Array) -> Array:
        """Return the probability that people would say yes."""
        result: Array = special.expit(self.slope * _logit(scores) + self.intercept)
        return result


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Steps that never fall, joined by straight lines."""

    scores: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, scores: Array) -> Array:
        """Return the probability that people would say yes."""
        return np.interp(scores, self.scores, self.shares)


Calibrator = Platt | Isotonic


def fit(scores: Array, labels: Array, method: Method | None = None) -> Calibrator:
    """Fit a map from scores (0 to 1) to the share of labels that are 1; the method follows from their number."""
    chosen = method or ("isotonic" if len(labels) >= ISOTONIC_FROM else "platt")
    return fit_isotonic(scores, labels) if chosen == "isotonic" else fit_platt(scores, labels)


def fit_platt(scores: Array, labels: Array) -> Platt:
    """Fit by Newton's method, with Platt's targets, which keep a perfect judge from an infinite slope."""
    from scipy import optimize  # noqa: PLC0415 - slow to import, and every suite with a judge imports this module

    positives = float(labels.sum())
    negatives = len(labels) - positives
    targets = np.where(labels > 0.5, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    design = np.column_stack([_logit(scores), np.ones(len(scores))])

    def loss(weights: Array) -> float:
        z = design @ weights
        return float(np.sum(np.logaddexp(0.0, z) - targets * z))

    def slope(weights: Array) -> Array:
        step: Array = design.T @ (special.expit(design @ weights) - targets)
        return step

    found = optimize.minimize(loss, np.array([1.0, 0.0]), jac=slope, method="BFGS")
    return Platt(float(found.x[0]), float(found.x[1]))


def fit_isotonic(scores: Array, labels: Array) -> Isotonic:
    """Fit by pooling adjacent violators; equal scores are one step."""
    from scipy import optimize  # noqa: PLC0415 - see above

    levels, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, weights=labels) / counts
    fitted = optimize.isotonic_regression(means, weights=counts.astype(np.float64)).x
    return Isotonic(tuple(map(float, levels)), tuple(map(float, fitted)))


def cross_fitted(scores: Array, labels: Array, clusters: Clusters, method: Method | None = None) -> Array:
    """Return each observation's probability by a map that has seen no observation of its cluster."""
    folds = folds_of(clusters)
    fitted = np.empty(len(scores))
    for fold in np.unique(folds):
        inside = folds == fold
        if inside.all():
            return np.full(len(scores), math.nan)
        fitted[inside] = fit(scores[~inside], labels[~inside], method)(scores[inside])
    return fitted


def folds_of(clusters: Clusters) -> Clusters:
    """Return each observation's fold; a cluster is never in two."""
    count = int(clusters.max(initial=-1)) + 1
    folds: Clusters = np.random.default_rng(20_261_121).permutation(count)[clusters] % min(
        _FOLDS, max(count, 1)
    )
    return folds


def expected_calibration_error(probabilities: Array, labels: Array) -> float:
    """Return the mean gap between probability and share of yes over bins of equally many observations."""
    order = np.argsort(probabilities, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if len(part)]
    gaps = [len(part) * abs(float(probabilities[part].mean() - labels[part].mean())) for part in bins]
    return sum(gaps) / len(labels)


def brier(probabilities: Array, labels: Array) -> float:
    """Return the mean squared error of probabilities."""
    return float(np.mean((probabilities - labels) ** 2))


def log_loss(probabilities: Array, labels: Array) -> float:
    """Return the mean negative log likelihood; certainty counts as one in a million."""
    sure = np.clip(probabilities, _SMALLEST, 1.0 - _SMALLEST)
    return float(-np.mean(labels * np.log(sure) + (1.0 - labels) * np.log(1.0 - sure)))


def as_json(calibrator: Calibrator) -> dict[str, Any]:
    """Return a map as plain values."""
    name = "platt" if isinstance(calibrator, Platt) else "isotonic"
    values: dict[str, Any] = json.loads(json.dumps(asdict(calibrator)))
    return {"method": name} | values


def from_json(values: Mapping[str, Any]) -> Callable[[Array], Array]:
    """Return the map that plain values describe."""
    if values["method"] == "platt":
        return Platt(float(values["slope"]), float(values["intercept"]))
    return Isotonic(tuple(values["scores"]), tuple(values["shares"]))


def _logit(scores: Array) -> Array:
    result: Array = special.logit(np.clip(scores, _SMALLEST, 1.0 - _SMALLEST))
    return result
