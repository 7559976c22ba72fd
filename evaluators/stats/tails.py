"""Tail probabilities of the normal and of Student's t, and their inverses."""

import math

from scipy import special


def normal_upper(z: float) -> float:
    """Return P(Z > z)."""
    return float(special.ndtr(-z))


def normal_quantile(p: float) -> float:
    """Return the z with P(Z < z) = p."""
    return float(special.ndtri(p))


def t_upper(t: float, degrees_of_freedom: float) -> float:
    """Return P(T > t); certain answers for infinite t, and 1 when t is undefined."""
    if math.isnan(t):
        return 1.0
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    return float(special.stdtr(degrees_of_freedom, -t))


def t_quantile(p: float, degrees_of_freedom: float) -> float:
    """Return the t with P(T < t) = p."""
    return float(special.stdtrit(degrees_of_freedom, p))
