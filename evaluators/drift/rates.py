"""Two rates, with the variance that sessions and hours really give them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.drift.sketch import Block
from evaluators.stats.clustered import Array, cluster_sums
from evaluators.stats.tails import t_upper


@dataclass(frozen=True, slots=True, kw_only=True)
class RateShift:
    """How a rate changed."""

    points: float
    p_value: float
    """Two-sided."""
    design_effect: float


def rate_shift(reference: Sequence[Block], current: Sequence[Block]) -> RateShift:
    """Test whether two rates differ, the binomial variance multiplied by the observed design effect."""
    hits = [sum(block.total for block in window) for window in (reference, current)]
    sizes = [sum(block.observations for block in window) for window in (reference, current)]
    rates = [hit / size for hit, size in zip(hits, sizes, strict=True)]
    pooled = sum(hits) / sum(sizes)
    effect = max(design_effect(reference), design_effect(current))
    variance = effect * pooled * (1.0 - pooled) * (1.0 / sizes[0] + 1.0 / sizes[1])
    difference = rates[1] - rates[0]
    z = abs(difference) / math.sqrt(variance) if variance > 0 else 0.0
    freedom = min(_hours(reference), _hours(current)) - 1
    return RateShift(
        points=100.0 * difference,
        p_value=min(1.0, 2.0 * t_upper(z, max(1, freedom))),
        design_effect=effect,
    )


def design_effect(blocks: Sequence[Block]) -> float:
    """Return how many times larger the rate's variance is than if every observation stood alone; at least 1.

    The variance is taken once over blocks and once over whole hours, and the larger counts.
    """
    hits = np.array([block.total for block in blocks])
    sizes = np.array([float(block.observations) for block in blocks])
    rate = hits.sum() / sizes.sum()
    binomial = rate * (1.0 - rate) / sizes.sum()
    if binomial <= 0:
        return 1.0
    hours = {hour: row for row, hour in enumerate(dict.fromkeys(block.hour for block in blocks))}
    rows = np.array([hours[block.hour] for block in blocks])
    residuals = hits - rate * sizes
    variances = [
        _variance(residuals, sizes.sum()),
        _variance(cluster_sums(residuals, rows), sizes.sum()),
    ]
    return max(1.0, float(max(variances) / binomial))


def _variance(residuals: Array, size: float) -> float:
    units = len(residuals)
    return float(units / (units - 1) * np.sum(residuals**2) / size**2) if units > 1 else 0.0


def _hours(blocks: Sequence[Block]) -> int:
    return len({block.hour for block in blocks})
