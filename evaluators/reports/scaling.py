"""Differences brought to one of two scales, so that metrics of different units can stand in one picture.

A metric with bounds is read in points, hundredths of its scale; a ratio, or a measurement without limits, in per cent of
the baseline.
"""

import math
from dataclasses import dataclass
from typing import Literal

from evaluators.gate import Finding, Metric

Unit = Literal["points", "per cent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """A difference with its interval and margin on a common scale; the margin lies on the side that is worse."""

    unit: Unit
    difference: float
    low: float | None
    high: float | None
    margin: float | None


def scaled(finding: Finding, metric: Metric | None) -> Scaled | None:
    """Bring a finding to its scale; None when there is no difference, or nothing to relate it to."""
    if finding.difference is None or not math.isfinite(finding.difference):
        return None
    worse = 1.0 if metric is not None and metric.direction == "lower" else -1.0
    if finding.is_ratio:
        return Scaled(
            unit="per cent",
            difference=_per_cent(finding.difference),
            low=None if finding.low is None else _per_cent(finding.low),
            high=None if finding.high is None else _per_cent(finding.high),
            margin=None
            if finding.margin is None
            else _per_cent(finding.margin if worse > 0 else 1.0 / finding.margin),
        )
    factor = _factor(finding, metric)
    if factor is None:
        return None
    return Scaled(
        unit="points" if _is_bounded(finding, metric) else "per cent",
        difference=finding.difference * factor,
        low=None if finding.low is None else finding.low * factor,
        high=None if finding.high is None else finding.high * factor,
        margin=worse * finding.margin * factor if finding.margin else None,
    )


def _factor(finding: Finding, metric: Metric | None) -> float | None:
    if metric is not None and metric.spread:
        return 100.0 / metric.spread
    if _is_bounded(finding, metric):
        return 100.0
    return 100.0 / abs(finding.baseline) if finding.baseline else None


def _is_bounded(finding: Finding, metric: Metric | None) -> bool:
    """Say whether a metric has bounds; where nobody told, values between 0 and 1 are taken for shares."""
    if metric is not None:
        return metric.bounds is not None
    values = [value for value in (finding.baseline, finding.candidate) if value is not None]
    return all(0.0 <= value <= 1.0 for value in values)


def _per_cent(ratio: float) -> float:
    return (ratio - 1.0) * 100.0
