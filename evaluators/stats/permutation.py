"""Sign-flip permutation over clusters: exact in small experiments, where the t distribution is a guess.

If a change does nothing, swapping the arms of a cluster flips the sign of its difference and nothing else; the observed
total is then one of the totals that all the sign patterns give.
"""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evaluators.stats.clustered import Array

EXACT_UP_TO = 14
"""Clusters for which all sign patterns are tried."""
PATTERNS = 20_000
"""Random patterns beyond that."""
_SEED = 20_261_120
_TOLERANCE = 1e-9


def sign_flip_upper(totals: Array) -> float:
    """Return the one-sided p of clusters' totals: how many sign patterns reach a sum as large as the observed."""
    return _share_reaching(_signs(len(totals)) @ totals, float(totals.sum()), len(totals))


def sign_flip_interval(totals: Array, sizes: Array, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the means that the test does not reject, found by halving.

    `totals` are the clusters' sums, `sizes` how many cases each has. With too few clusters to reject anything, the
    interval is everything.
    """
    tail = (1.0 - confidence) / 2.0
    count = len(totals)
    if 0.5**count > tail:
        return -np.inf, np.inf
    # A shift of the mean moves every pattern's sum in proportion to its own sum of sizes.
    signs = _signs(count)
    flipped, flipped_sizes = signs @ totals, signs @ sizes
    total, size = float(totals.sum()), float(sizes.sum())

    def above(shift: float) -> float:
        return _share_reaching(flipped - shift * flipped_sizes, total - shift * size, count)

    def below(shift: float) -> float:
        return _share_reaching(shift * flipped_sizes - flipped, shift * size - total, count)

    mean = total / size
    reach = float(np.abs(totals / sizes - mean).max()) * count + 1.0
    return _edge(above, mean - reach, mean, tail), _edge(below, mean + reach, mean, tail)


def _share_reaching(sums: Array, observed: float, count: int) -> float:
    reached = int(np.count_nonzero(sums >= observed - _TOLERANCE * (1.0 + abs(observed))))
    if count <= EXACT_UP_TO:
        return reached / len(sums)
    return (1 + reached) / (1 + len(sums))


def _edge(p_at: Callable[[float], float], outside: float, inside: float, tail: float) -> float:
    for _ in range(40):
        middle = (outside + inside) / 2.0
        if p_at(middle) <= tail:
            outside = middle
        else:
            inside = middle
    return inside


@functools.lru_cache(maxsize=4)
def _signs(count: int) -> npt.NDArray[np.float64]:
    if count <= EXACT_UP_TO:
        patterns = np.arange(2**count)[:, None] >> np.arange(count)[None, :] & 1
        return patterns.astype(np.float64) * 2.0 - 1.0
    generator = np.random.default_rng(_SEED)
    return generator.integers(0, 2, size=(PATTERNS, count)).astype(np.float64) * 2.0 - 1.0
