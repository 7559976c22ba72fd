"""Does a stored baseline still hold? A random part of it is asked again, and must agree with what is stored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluators.gate.trials import Metric
from evaluators.stats.clustered import Array, Clusters
from evaluators.stats.multiplicity import holm
from evaluators.stats.paired import evidence
from evaluators.stats.power import minimum_detectable_effect, planned_standard_error
from evaluators.stats.sequential import nominal_level

ALPHA = 0.05
"""How often a baseline that still holds is asked again as a whole: that costs money, not truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """What became of a stored baseline."""

    state: Literal["open", "held", "refused"]
    again: tuple[str, ...] = ()
    """The cases that are asked again."""
    reason: str = ""
    """Why it was refused."""
    run: str = ""
    """The stored run that is the baseline by name; nothing of it is asked again."""
    visible_points: float = 0.0
    """How far, in points, a metric must have moved to be noticed four times in five, by typical scores."""

    def sentence(self, reused: int) -> str:
        """Return what a report says about it."""
        if self.run:
            return f"the baseline is what run {self.run} was answered then; nothing of it was asked again"
        asked = f"{len(self.again)} of its cases were asked again"
        if self.state == "refused":
            return f"the stored baseline was not taken over: {self.reason}"
        if self.state == "held":
            visible = f"; a move of {self.visible_points:.0f} points would have shown"
            return f"{reused} answers of the baseline were taken over from earlier runs; {asked}, and it holds{visible}"
        return f"{reused} answers of the baseline were taken over from earlier runs; {asked}, not all yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """One metric of the cases that are asked again: means as they were, and as they are now."""

    metric: Metric
    then: Array
    now: Array
    clusters: Clusters


def visible_points(cases: int, look: int) -> float:
    """Return the move of a metric, in points, that asking so many cases again shows four times in five."""
    error = planned_standard_error(cases, look)
    return min(100.0, 100.0 * minimum_detectable_effect(error, alpha=ALPHA / 2.0))


def disagreement(measured: Sequence[Before], *, looks: tuple[int, ...], look: int) -> str:
    """Return what has moved beyond chance since, or nothing.

    Every metric is tested in both directions, all of them and all looks together at one in twenty.
    """
    found = [(before, *_moved(before)) for before in measured if len(before.now)]
    level = nominal_level(looks, looks.index(look), ALPHA)
    adjusted = holm([p for _, _, p in found])
    for (before, shift, p), p_holm in zip(found, adjusted, strict=True):
        if p_holm <= level:
            return f"{before.metric.name} of {len(before.now)} cases asked again {shift} (p={p:.2g})"
    return ""


def _moved(before: Before) -> tuple[str, float]:
    """Return how far a metric has moved, in words, and the two-sided p."""
    then, now, clusters = before.then, before.now, before.clusters
    if before.metric.bounds is None:
        known = (then > 0) & (now > 0)
        clusters = np.unique(clusters[known], return_inverse=True)[1].astype(np.int64)
        differences = np.log(now[known]) - np.log(then[known])
        shift = (
            f"is ×{math.exp(differences.mean()):.3g} of what it was" if known.any() else "cannot be compared"
        )
    else:
        differences = now - then
        points = 100.0 * differences.mean() / (before.metric.spread or 1.0)
        shift = f"is {points:+.1f} points from where it was".replace("-", "−")
    weighed = evidence(differences, clusters, margin=0.0, spread=None)
    return shift, min(1.0, 2.0 * min(weighed.p_noninferior, weighed.p_regression))
