"""Agreement between two raters or more: Cohen's kappa, Gwet's AC1, Krippendorff's alpha, and the area under the ROC curve."""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from evaluators.stats.clustered import Array

Scale = Literal["nominal", "ordinal", "interval"]


def cohen_kappa(a: Array, b: Array, *, weights: Literal["none", "quadratic"] = "none") -> float:
    """Return how much more two raters agree than chance would have them; NaN when nobody ever differs from anybody."""
    categories = np.unique(np.concatenate([a, b]))
    size = len(categories)
    if len(a) == 0 or size < 2:
        return math.nan
    index_a, index_b = np.searchsorted(categories, a), np.searchsorted(categories, b)
    observed = np.bincount(index_a * size + index_b, minlength=size * size).reshape(size, size) / len(a)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    if weights == "none":
        penalty = 1.0 - np.eye(size)
    else:
        penalty = (categories[:, None] - categories[None, :]) ** 2
    chance = float((penalty * expected).sum())
    return 1.0 - float((penalty * observed).sum()) / chance if chance > 0 else math.nan


def gwet_ac1(a: Array, b: Array) -> float:
    """Return Gwet's AC1, which stays sensible when almost all answers are of one kind and kappa does not."""
    categories = np.unique(np.concatenate([a, b]))
    size = len(categories)
    if len(a) == 0 or size < 2:
        return math.nan
    agreed = float(np.mean(a == b))
    shares = np.array([(np.mean(a == kind) + np.mean(b == kind)) / 2.0 for kind in categories])
    chance = float(np.sum(shares * (1.0 - shares))) / (size - 1)
    return (agreed - chance) / (1.0 - chance)


def krippendorff_alpha(ratings: Array, *, scale: Scale = "nominal") -> float:
    """Return alpha of a table of raters (rows) by units (columns); NaN marks a rating that was not given."""
    given = ~np.isnan(ratings)
    ratings, given = ratings[:, given.sum(axis=0) > 1], given[:, given.sum(axis=0) > 1]
    if ratings.size == 0:
        return math.nan
    categories = np.unique(ratings[given])
    counts = np.array([np.sum((ratings == kind) & given, axis=0) for kind in categories], dtype=np.float64)
    raters = counts.sum(axis=0)
    # How often two raters of one unit gave this pair of values, each unit weighing as much as it has ratings.
    pairs = (counts / (raters - 1.0)) @ counts.T - np.diag((counts / (raters - 1.0)).sum(axis=1))
    totals = pairs.sum(axis=1)
    distances = _distances(categories, totals, scale)
    expected = float(np.sum(np.outer(totals, totals) * distances)) / (totals.sum() - 1.0)
    return 1.0 - float(np.sum(pairs * distances)) / expected if expected > 0 else math.nan


def _distances(categories: Array, totals: Array, scale: Scale) -> Array:
    if scale == "nominal":
        return 1.0 - np.eye(len(categories))
    if scale == "interval":
        return (categories[:, None] - categories[None, :]) ** 2
    ranks = np.cumsum(totals) - totals / 2.0
    return (ranks[:, None] - ranks[None, :]) ** 2


def auroc(labels: npt.NDArray[np.bool_], scores: Array) -> float:
    """Return the chance that a right answer is scored above a wrong one, ties counting half."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return math.nan
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return float((ranks[labels].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def spearman(a: Array, b: Array) -> float:
    """Return the correlation of ranks; NaN when one side never varies."""
    ranked = [_ranks(values) for values in (a, b)]
    spread = math.sqrt(float(ranked[0].var() * ranked[1].var()))
    if not spread > 0:
        return math.nan
    return float(np.mean((ranked[0] - ranked[0].mean()) * (ranked[1] - ranked[1].mean()))) / spread


def _ranks(values: Array) -> Array:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return ranks
