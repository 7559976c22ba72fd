"""Intervals for one share."""

import math

from evaluators.stats.tails import normal_quantile, normal_upper


def wilson(share: float, count: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval for a share seen in `count` (perhaps effective) observations."""
    if count <= 0:
        return 0.0, 1.0
    z = normal_quantile(0.5 + confidence / 2.0)
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def share_above(share: float, count: float, floor: float) -> float:
    """Return the one-sided p against "the true share is at most the floor": the test Wilson's interval inverts."""
    if count <= 0:
        return 1.0
    if floor <= 0.0 or floor >= 1.0:
        return 1.0 if floor >= 1.0 else 0.0
    return normal_upper((share - floor) / math.sqrt(floor * (1 - floor) / count))


def share_below(share: float, count: float, floor: float) -> float:
    """Return the one-sided p against "the true share is at least the floor"."""
    if count <= 0:
        return 1.0
    if floor <= 0.0 or floor >= 1.0:
        return 0.0 if floor >= 1.0 and share < 1.0 else 1.0
    return normal_upper((floor - share) / math.sqrt(floor * (1 - floor) / count))


def effective_count(share: float, standard_error: float, *, clusters: int, observations: int) -> float:
    """Return how many independent observations would give a share this standard error.

    A share of exactly 0 or 1 shows no spread; then each cluster counts once.
    """
    variance = share * (1.0 - share)
    if variance <= 0.0 or not 0.0 < standard_error < math.inf:
        return float(clusters)
    return min(variance / standard_error**2, float(observations))
