"""Distances between two sketches over the same bins."""

import numpy as np

from evaluators.drift.result import BinShift, Distances
from evaluators.drift.sketch import Sketch
from evaluators.stats.clustered import Array

_DECILES = 10


def wasserstein(values: Array, reference: Array, current: Array) -> float:
    """Return the area between two distribution functions: how far the average value had to move."""
    return float(np.sum(np.abs(_gaps(reference, current))[:-1] * np.diff(values)))


def distances(reference: Sketch, current: Sketch) -> Distances:
    """Return every distance between two sketches."""
    edges = decile_edges(reference)
    p, q = grouped(reference, edges), grouped(current, edges)
    n, m = reference.observations, current.observations
    # Half an observation more in every bin keeps an empty one from making the sum infinite.
    smooth_p, smooth_q = (p * n + 0.5) / (n + 0.5 * len(p)), (q * m + 0.5) / (m + 0.5 * len(q))
    psi = float(np.sum((smooth_q - smooth_p) * np.log(smooth_q / smooth_p)))
    return Distances(
        wasserstein=wasserstein(reference.values, reference.counts, current.counts),
        kolmogorov_smirnov=float(np.abs(_gaps(reference.counts, current.counts)).max()),
        population_stability=psi - (len(p) - 1) * (1.0 / n + 1.0 / m),
        jensen_shannon=_jensen_shannon(p, q),
    )


def shifts(reference: Sketch, current: Sketch, *, at_most: int = 5) -> tuple[BinShift, ...]:
    """Return the stretches between the reference's deciles whose share changed most."""
    edges = decile_edges(reference)
    p, q = grouped(reference, edges), grouped(current, edges)
    lows = [0.0, *(float(reference.uppers[edge]) for edge in edges[:-1])]
    highs = [float(reference.uppers[edge]) for edge in edges]
    found = [
        BinShift(low=low, high=high, reference=float(a), current=float(b))
        for low, high, a, b in zip(lows, highs, p, q, strict=True)
    ]
    return tuple(sorted(found, key=lambda shift: -abs(shift.current - shift.reference))[:at_most])


def decile_edges(reference: Sketch) -> list[int]:
    """Return the columns at which the reference's deciles end; fewer when many observations are equal."""
    reached = np.cumsum(reference.shares())
    wanted = np.arange(1, _DECILES) / _DECILES
    columns = {int(np.searchsorted(reached, share - 1e-12)) for share in wanted}
    return sorted(columns | {len(reached) - 1})


def grouped(sketch: Sketch, edges: list[int]) -> Array:
    """Return the shares between edges."""
    reached = np.cumsum(sketch.shares())
    return np.diff(reached[edges], prepend=0.0)


def _gaps(reference: Array, current: Array) -> Array:
    gaps: Array = np.cumsum(current) / current.sum() - np.cumsum(reference) / reference.sum()
    return gaps


def _jensen_shannon(p: Array, q: Array) -> float:
    middle = (p + q) / 2.0
    return float(np.sqrt(max(0.0, (_kullback_leibler(p, middle) + _kullback_leibler(q, middle)) / 2.0)))


def _kullback_leibler(p: Array, q: Array) -> float:
    positive = p > 0
    return float(np.sum(p[positive] * np.log2(p[positive] / q[positive])))
