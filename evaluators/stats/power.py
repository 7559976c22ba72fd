"""What an experiment can see before it is run, and how much more it would take."""

import math

from evaluators.stats.tails import normal_quantile

TYPICAL_WITHIN_VARIANCE = 0.085
"""The mean of p(1-p) over cases that are answered rightly 85 % of the time, some always and some hardly ever."""


def minimum_detectable_effect(standard_error: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the true difference that a one-sided test finds with this power."""
    return (normal_quantile(1.0 - alpha) + normal_quantile(power)) * standard_error


def planned_standard_error(cases: int, trials: int, *, spread: float = 1.0) -> float:
    """Return the standard error of a paired difference that a typical suite will have; `spread` is the scores' range."""
    if cases <= 0 or trials <= 0:
        return math.inf
    return spread * math.sqrt(2.0 * TYPICAL_WITHIN_VARIANCE / trials / cases)


def cases_needed(
    margin: float, cases: int, standard_error: float, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Return how many cases would show with this power that a harmless change is harmless, or None if none would."""
    if margin <= 0 or not math.isfinite(standard_error):
        return None
    detectable = minimum_detectable_effect(standard_error, alpha=alpha, power=power)
    return max(cases, math.ceil(cases * (detectable / margin) ** 2))
