"""O'Brien-Fleming boundaries: looking several times at growing data without alarming more often.

Scaled by the share t of the information seen so far, the test statistic walks like Brownian motion, and
O'Brien-Fleming's boundary is one constant height c on that walk; at share t the ordinary z must reach c/√t.
"""

import functools
from collections.abc import Sequence

import numpy as np
from scipy import special

from evaluators.stats.tails import normal_quantile, normal_upper

_NODES = 120
_LOWEST = -8.0


@functools.lru_cache(maxsize=256)
def obrien_fleming_constant(shares: tuple[float, ...], alpha: float) -> float:
    """Return the height c that a walk crosses with probability `alpha` at any of the looks.

    `shares` are the looks' shares of the final information, ascending and ending in 1: (0.2, 0.4, 0.6, 0.8, 1.0).
    """
    if not shares or shares[-1] != 1.0 or any(a >= b for a, b in zip((0.0, *shares), shares, strict=False)):
        raise ValueError(f"shares of information must ascend from above 0 to 1, not {shares}")
    if len(shares) == 1:
        return normal_quantile(1.0 - alpha)
    low, high = 0.0, 8.0
    for _ in range(40):
        middle = (low + high) / 2.0
        if crossing_probability(shares, middle) > alpha:
            low = middle
        else:
            high = middle
    return high


def crossing_probability(shares: Sequence[float], height: float) -> float:
    """Return the chance that Brownian motion is at or above `height` at one of the looks, by recursive quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    x = (nodes + 1.0) / 2.0 * (height - _LOWEST) + _LOWEST
    weights = weights / 2.0 * (height - _LOWEST)
    density = _density(x, shares[0])
    stays = special.ndtr(height / np.sqrt(shares[0]))
    for before, share in zip(shares, shares[1:], strict=False):
        step = share - before
        stays = float(np.sum(weights * density * special.ndtr((height - x) / np.sqrt(step))))
        density = _density(x[:, None] - x[None, :], step) @ (weights * density)
    return 1.0 - float(stays)


def _density(x: "np.typing.NDArray[np.float64]", variance: float) -> "np.typing.NDArray[np.float64]":
    result: np.typing.NDArray[np.float64] = np.exp(-x * x / (2.0 * variance)) / np.sqrt(
        2.0 * np.pi * variance
    )
    return result


def nominal_level(looks: tuple[int, ...], look: int, alpha: float) -> float:
    """Return the one-sided p that a test must reach at this look (counted from 0).

    `looks` are the sample sizes at which one looks, such as trials per case: (1, 2, 3, 4, 5).
    """
    shares = tuple(count / looks[-1] for count in looks)
    return normal_upper(obrien_fleming_constant(shares, alpha) / shares[look] ** 0.5)
