"""From what people said to how good a guard is: whole, by what was found, and by version of the policy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.accounts.models import Project
from console.quality.models import Label, Said
from guardrails.quality import (
    Judged,
    Point,
    Rate,
    Suggestion,
    curve,
    labels_needed,
    precision,
    recall,
    suggested,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a person said of one drawn item."""

    guard: str
    stratum: str
    population: int
    found: str
    """What the guard found; empty for nothing."""
    real: str
    """What is there, says the person; empty for nothing."""
    score: float | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a guard is, as far as the labels go."""

    name: str
    labels: int
    precision: Rate | None
    recall: Rate | None

    @property
    def missing(self) -> int:
        """How many more labels of findings give an interval of about ± 5 points."""
        if self.precision is None:
            return labels_needed(0.9)
        return max(0, labels_needed(self.precision.share) - round(self.precision.effective))


def opinions(project: Project, *, since: datetime, until: datetime, guard: str = "") -> list[Opinion]:
    """Return what people said of verdicts of a stretch of time that were drawn by chance."""
    labels = (
        Label.objects.filter(
            item__project=project,
            item__draw__isnull=False,
            item__event_at__gte=since,
            item__event_at__lt=until,
            is_current=True,
        )
        .exclude(said="")
        .select_related("item")
    )
    if guard:
        labels = labels.filter(item__guard=guard)
    return [
        Opinion(
            guard=label.item.guard,
            stratum=f"{label.item.draw_id} {label.item.guard} {label.item.stratum}",
            population=label.item.population,
            found=label.item.entity,
            real=_real(label),
            score=label.item.score,
            version=label.item.policy_version,
        )
        for label in labels
    ]


def picked(project: Project, *, guard: str) -> int:
    """Return how many labels were given to verdicts that somebody picked: they are in no rate."""
    return (
        Label.objects.filter(
            item__project=project, item__guard=guard, item__draw__isnull=True, is_current=True
        )
        .exclude(said="")
        .count()
    )


def quality(name: str, said: Sequence[Opinion], *, entity: str = "", version: int | None = None) -> Quality:
    """Return how good a guard is; with an entity or a version, as far as that goes."""
    units, populations = _units(said, entity, version)
    return Quality(
        name=name,
        labels=sum(unit.is_found or unit.is_real for unit in units) if entity else len(said),
        precision=precision(units, populations),
        recall=recall(units, populations) if _looked_beyond(said) else None,
    )


def threshold_curve(said: Sequence[Opinion], *, entity: str = "", version: int | None = None) -> list[Point]:
    """Return precision and recall by threshold, as far as there are labels enough to show them."""
    units, populations = _units(said, entity, version)
    if len({unit.score for unit in units if unit.is_found and unit.score is not None}) < 2:
        return []
    points = [point for point in curve(units, populations) if point.precision.is_enough]
    return points if _looked_beyond(said) else [replace(point, recall=None) for point in points]


def suggestion(points: Sequence[Point], *, wanted: float) -> Suggestion | None:
    """Return the lowest threshold that gives the precision that is wanted."""
    return suggested(points, precision=wanted)


def _units(said: Sequence[Opinion], entity: str, version: int | None) -> tuple[list[Judged], dict[str, int]]:
    # What is not asked about stays in its stratum as neither found nor real: it is part of what was drawn.
    units = []
    for one in said:
        counts = version is None or one.version == version
        units.append(
            Judged(
                stratum=one.stratum,
                is_found=counts and bool(one.found) and entity in ("", one.found),
                is_real=counts and bool(one.real) and entity in ("", one.real),
                score=one.score,
            )
        )
    return units, {one.stratum: one.population for one in said}


def _looked_beyond(said: Sequence[Opinion]) -> bool:
    return any(not one.found for one in said)


def _real(label: Label) -> str:
    if label.said == Said.MISSED:
        return label.entity
    return label.item.entity if label.said == Said.RIGHT else ""
