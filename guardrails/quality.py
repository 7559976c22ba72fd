"""How good a guard is, by what people said of a sample of its verdicts: shares with intervals, curves, what to do next.

A sample is drawn in strata, because what is doubtful teaches more than what is plain; every rate is weighted back to the
traffic it was drawn from.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy import special

LEAST_LABELS = 20
"""With fewer, an interval is wider than what anybody would decide by."""
MOST_POINTS = 40
"""Of a curve: more cannot be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One thing a guard found or did not find, and what a person said of it."""

    stratum: str
    """The part of the traffic it was drawn from."""
    is_found: bool
    """Whether the guard reported it."""
    is_real: bool
    """Whether it is there, says the person."""
    score: float | None = None
    """How sure the guard was; None for a guard that does not say, which counts as certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share with its interval, and what it rests on."""

    share: float
    low: float
    high: float
    labels: int
    """Judged items the share is of."""
    effective: float
    """As many independent, evenly drawn labels would give this interval."""

    @property
    def is_enough(self) -> bool:
        """Whether there are labels enough to show it."""
        return self.labels >= LEAST_LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a guard would be with findings of at least this score alone."""

    threshold: float
    precision: Rate
    recall: Rate | None
    """None when nobody looked at what the guard let pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The lowest threshold that gives the precision that is wanted."""

    point: Point
    is_shown: bool
    """Whether the interval lies above what is wanted, or only the estimate does."""


def precision(units: Sequence[Judged], populations: Mapping[str, int]) -> Rate | None:
    """Return the share of what was found that is real; None when nothing that was found is judged."""
    return weighted_share(units, populations, part=lambda one: one.is_real, whole=lambda one: one.is_found)


def recall(units: Sequence[Judged], populations: Mapping[str, int]) -> Rate | None:
    """Return the share of what is real that was found; None unless people looked at what was let pass, too."""
    if all(unit.is_found for unit in units):
        return None
    return weighted_share(units, populations, part=lambda one: one.is_found, whole=lambda one: one.is_real)


def curve(units: Sequence[Judged], populations: Mapping[str, int]) -> list[Point]:
    """Return precision and recall at every threshold among the scores, from the lowest to the highest.

    Below the lowest score that was found nothing is known: what a guard passed over has no score.
    """
    scores = sorted({_score(unit) for unit in units if unit.is_found})
    if len(scores) > MOST_POINTS:
        step = (len(scores) - 1) / (MOST_POINTS - 1)
        scores = [scores[round(step * number)] for number in range(MOST_POINTS)]
    points = []
    for threshold in scores:
        raised = [
            Judged(
                stratum=unit.stratum,
                is_found=unit.is_found and _score(unit) >= threshold,
                is_real=unit.is_real,
                score=unit.score,
            )
            for unit in units
        ]
        share = precision(raised, populations)
        if share is not None:
            looked_beyond = not all(unit.is_found for unit in units)
            points.append(
                Point(
                    threshold=threshold,
                    precision=share,
                    recall=recall(raised, populations) if looked_beyond else None,
                )
            )
    return points


def suggested(points: Sequence[Point], *, precision: float) -> Suggestion | None:
    """Return the lowest threshold whose precision is as wanted: shown to be if there is one, else as estimated."""
    judged = [point for point in points if point.precision.is_enough]
    for is_shown in (True, False):
        for point in judged:
            if (point.precision.low if is_shown else point.precision.share) >= precision:
                return Suggestion(point=point, is_shown=is_shown)
    return None


def weighted_share(
    units: Sequence[Judged],
    populations: Mapping[str, int],
    *,
    part: Callable[[Judged], bool],
    whole: Callable[[Judged], bool],
) -> Rate | None:
    """Return the share of `part` in `whole`, weighted back from the strata to the traffic; None when `whole` is empty.

    With N_h items in stratum h of which n_h are judged, each judged item stands for w = N_h / n_h. The share is the
    combined ratio R = Σ w y / Σ w x (y: in part and whole, x: in whole), its variance by linearisation
    V = (Σ w x)⁻² · Σ_h N_h² s²_h / n_h, where s²_h is the variance of y - R x within the stratum
    (Cochran, Sampling Techniques, 3rd ed. 1977, 6.11). The interval is Clopper and Pearson's with the effective number
    n* = R (1 - R) / V of labels (Korn and Graubard 1998, Survey Methodology 24:193-201); when all labels agree, V is 0
    and n* is Kish's (Σ w x)² / Σ (w x)². The strata's sizes do not shrink the variance: what is asked is how good the
    guard is, not how it did on those very texts. A stratum with a single label counts the whole of its deviation.
    """
    strata: dict[str, list[Judged]] = defaultdict(list)
    for unit in units:
        strata[unit.stratum].append(unit)
    total = of_part = squares = 0.0
    labels = 0
    for name, judged in strata.items():
        weight = _population(populations, name, judged) / len(judged)
        inside = [unit for unit in judged if whole(unit)]
        labels += len(inside)
        total += weight * len(inside)
        of_part += weight * sum(map(part, inside))
        squares += weight**2 * len(inside)
    if labels == 0:
        return None
    share = min(of_part / total, 1.0)
    variance = 0.0
    for name, judged in strata.items():
        deviations = [(part(unit) - share) if whole(unit) else 0.0 for unit in judged]
        count = len(deviations)
        mean = sum(deviations) / count
        spread = (
            sum((one - mean) ** 2 for one in deviations) / (count - 1) if count > 1 else deviations[0] ** 2
        )
        variance += _population(populations, name, judged) ** 2 * spread / count
    variance /= total**2
    effective = total**2 / squares
    if variance > 0.0 and 0.0 < share < 1.0:
        effective = share * (1.0 - share) / variance
    effective = min(max(effective, 1.0), float(labels))
    low, high = clopper_pearson(share * effective, effective)
    return Rate(share=share, low=low, high=high, labels=labels, effective=effective)


def clopper_pearson(hits: float, count: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Clopper and Pearson's interval of a share; hits and count may be fractions of effective observations.

    The bounds are quantiles of beta distributions: B(α/2; x, n-x+1) and B(1-α/2; x+1, n-x) (Biometrika 1934, 26:404).
    """
    tail = (1.0 - confidence) / 2.0
    misses = count - hits
    low = float(special.betaincinv(hits, misses + 1.0, tail)) if hits > 1e-12 else 0.0
    high = float(special.betaincinv(hits + 1.0, misses, 1.0 - tail)) if misses > 1e-12 else 1.0
    return low, high


def labels_needed(share: float, *, within: float = 0.05) -> int:
    """Return how many evenly drawn labels give a 95 % interval of about ± `within`: z² p (1-p) / within².

    A share near 0 or 1 is taken for one nearer the middle by `within`: it may be.
    """
    doubtful = min(max(share, within), 1.0 - within)
    return math.ceil(1.96**2 * doubtful * (1.0 - doubtful) / within**2)


def _score(unit: Judged) -> float:
    return 1.0 if unit.score is None else unit.score


def _population(populations: Mapping[str, int], name: str, judged: Sequence[Judged]) -> int:
    return max(populations.get(name, 0), len(judged))
