"""How many times larger has a quantile become? Whole clusters change places between the arms, and quantiles are compared.

If a change does nothing, swapping the arms of a cluster gives a run as likely as the one that was seen. If it makes
everything slower by the margin, so does swapping after the candidate was divided by the margin. No shape of the
distribution is assumed, which matters for latencies: their tails are long.
"""

import functools
import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evaluators.stats.clustered import Array, Clusters

EXACT_UP_TO = 10
"""Clusters for which all swaps are tried."""
SWAPS = 1_000
"""Random swaps beyond that, and resamples for the interval."""
_Kind = TypeVar("_Kind", bound=np.generic)
Counts = npt.NDArray[np.int32]
_AT_ONCE = 4_000_000
_SEED = 20_261_121


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileRatio:
    """A quantile of the candidate over the same quantile of the baseline; more is worse."""

    baseline: float
    candidate: float
    low: float
    high: float
    """A 95 % interval of the ratio, by resampling whole clusters."""
    p_noninferior: float
    """One-sided p against "the quantile grew by the margin or more"."""
    p_regression: float
    """One-sided p against "the quantile did not grow"."""

    @property
    def ratio(self) -> float:
        """Candidate over baseline."""
        return self.candidate / self.baseline


def quantile_ratio(
    before: Array, after: Array, clusters: Clusters, *, quantile: float, margin: float
) -> QuantileRatio:
    """Compare a quantile over all trials of all cases.

    `before` and `after` are positive measurements, case by trial, NaN where there is none; every case has some in both.
    `clusters` numbers the cases' clusters from 0 on. The quantile is the smallest value that a share `quantile` does
    not exceed. `margin` is the ratio that would be too much.
    """
    as_seen = _pooled(before, after, clusters)
    at_margin = _pooled(before, after / margin, clusters)
    resampled = _resampled(as_seen, quantile)
    low, high = np.exp(np.quantile(resampled, (0.025, 0.975)))
    return QuantileRatio(
        baseline=_quantile(before, quantile),
        candidate=_quantile(after, quantile),
        low=float(low),
        high=float(high),
        p_noninferior=_share_reaching(-_swapped(at_margin, quantile), at_margin.clusters),
        p_regression=_share_reaching(_swapped(as_seen, quantile), as_seen.clusters),
    )


@dataclass(frozen=True, slots=True)
class _Pool:
    """The measurements of both arms in ascending order, with whose they are."""

    logs: Array
    is_after: npt.NDArray[np.bool_]
    cluster: Clusters
    clusters: int


def _pooled(before: Array, after: Array, clusters: Clusters) -> _Pool:
    values = np.concatenate([before.ravel(), after.ravel()])
    is_after = np.repeat([False, True], [before.size, after.size])
    owner = np.concatenate([np.repeat(clusters, before.shape[1]), np.repeat(clusters, after.shape[1])])
    known = ~np.isnan(values)
    order = np.argsort(values[known], kind="stable")
    return _Pool(
        np.log(values[known][order]),
        is_after[known][order],
        owner[known][order],
        int(clusters.max(initial=-1)) + 1,
    )


def _swapped(pool: _Pool, quantile: float) -> Array:
    """Return the log ratio of the arms as they are, then under every swap."""
    found = []
    for swaps in _pieces(_swaps(pool.clusters), len(pool.logs)):
        after = np.cumsum(pool.is_after ^ swaps[:, pool.cluster], axis=1, dtype=np.int32)
        before = np.arange(1, len(pool.logs) + 1, dtype=np.int32) - after
        found.append(_log_ratio(pool.logs, after, before, quantile))
    return np.concatenate(found)


def _resampled(pool: _Pool, quantile: float) -> Array:
    """Return the log ratio under resamples of whole clusters."""
    generator = np.random.default_rng(_SEED)
    chances = np.full(pool.clusters, 1.0 / pool.clusters)
    weights = generator.multinomial(pool.clusters, chances, size=SWAPS).astype(np.int32)
    found = [
        _log_ratio(
            pool.logs,
            np.cumsum(piece[:, pool.cluster] * pool.is_after, axis=1, dtype=np.int32),
            np.cumsum(piece[:, pool.cluster] * ~pool.is_after, axis=1, dtype=np.int32),
            quantile,
        )
        for piece in _pieces(weights, len(pool.logs))
    ]
    return np.concatenate(found)


def _log_ratio(logs: Array, after: Counts, before: Counts, quantile: float) -> Array:
    """Return the log ratio of the arms' quantiles for every row of how many measurements each value leaves behind."""
    ratios: Array = _log_quantile(logs, after, quantile) - _log_quantile(logs, before, quantile)
    return ratios


def _log_quantile(logs: Array, seen: Counts, quantile: float) -> Array:
    needed = np.maximum(1, np.ceil(quantile * seen[:, -1] - 1e-9))
    places = np.argmax(seen >= needed[:, None], axis=1)
    found: Array = logs[places]
    return found


def _quantile(values: Array, quantile: float) -> float:
    return float(np.quantile(values[~np.isnan(values)], quantile, method="inverted_cdf"))


def _share_reaching(statistics: Array, clusters: int) -> float:
    """Return how many swaps, the one that was seen among them, reach the statistic that was seen: the first."""
    reached = int(np.count_nonzero(statistics >= statistics[0] - 1e-12))
    return reached / len(statistics)


@functools.lru_cache(maxsize=8)
def _swaps(clusters: int) -> npt.NDArray[np.bool_]:
    """Return which clusters change places; none do in the first row."""
    if clusters <= EXACT_UP_TO:
        return (np.arange(2**clusters)[:, None] >> np.arange(clusters)[None, :] & 1).astype(np.bool_)
    found = np.random.default_rng(_SEED).random((SWAPS, clusters)) < 0.5
    found[0] = False
    return found


def _pieces(rows: npt.NDArray[_Kind], width: int) -> list[npt.NDArray[_Kind]]:
    """Cut rows so that no piece needs much memory."""
    return np.array_split(rows, max(1, math.ceil(len(rows) * width / _AT_ONCE)))
