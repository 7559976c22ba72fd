"""CUSUM: adding up small shortfalls until together they are too many to be chance (Page, 1954).

Each value is compared with the mean of all before it, in units of their common standard error. If nothing changes,
these steps are independent and standard normal however few values came before (recursive residuals; Hawkins, 1987), so
the chart needs no separate stretch to learn from, and its false alarms are those of a chart with known parameters.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from evaluators.stats.clustered import Array

ALLOWANCE = 0.5
"""Standard errors by which each step may fall short for nothing: best against a fall of twice as many."""
LIMIT = 5.0
"""Where the sum is an alarm: without any change once in 930 values (see `average_run_length`)."""


def recursive_steps(values: Sequence[float], standard_error: float) -> list[float]:
    """Return how far each value from the second on lies from the mean of those before it, in standard errors."""
    steps, total = [], 0.0
    for count, value in enumerate(values):
        if count:
            scale = standard_error * math.sqrt(1.0 + 1.0 / count)
            steps.append((value - total / count) / scale)
        total += value
    return steps


def falls(steps: Sequence[float], *, allowance: float = ALLOWANCE) -> list[float]:
    """Return the sum of what the steps fell short by beyond the allowance, never below zero, after each step."""
    found, total = [], 0.0
    for step in steps:
        total = max(0.0, total - step - allowance)
        found.append(total)
    return found


def average_run_length(
    shift: float, *, allowance: float = ALLOWANCE, limit: float = LIMIT, nodes: int = 80
) -> float:
    """Return after how many steps the chart alarms on average when each falls short by `shift` standard errors.

    Solves Page's integral equation by Gauss-Legendre quadrature: a chart at height s alarms at once, or goes on from
    where the next step takes it, of which zero has a chance of its own.
    """
    points, weights = np.polynomial.legendre.leggauss(nodes)
    heights = (points + 1.0) / 2.0 * limit
    weights = weights / 2.0 * limit
    starts = np.concatenate([[0.0], heights])
    drift = shift - allowance
    to_zero = _normal_cdf(-starts - drift)
    to_heights = weights * _normal_density(heights[None, :] - starts[:, None] - drift)
    moves = np.column_stack([to_zero, to_heights])
    lengths = np.linalg.solve(np.eye(len(starts)) - moves, np.ones(len(starts)))
    return float(lengths[0])


def _normal_density(x: Array) -> Array:
    density: Array = np.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)
    return density


def _normal_cdf(x: Array) -> Array:
    found: Array = special.ndtr(x)
    return found
