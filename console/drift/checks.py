"""A drift check: the last day against the week before it, series by series, decided together."""

import dataclasses
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from console.accounts import audit
from console.accounts.models import Project, User
from console.drift.models import Comparison
from console.drift.series import WATCHED
from console.store import store
from evaluators.drift import Block, DriftResult, Thresholds, adjusted, compare
from ingest.queries.sketches import Series, Sketch, sketches

CURRENT, REFERENCE = timedelta(hours=24), timedelta(days=7)
BUSIEST = 5
"""So many models are compared beside all of them together, if their day has calls enough."""
KEPT = timedelta(days=90)
_COLUMNS = 40
_GROWTH, _OFFSET = 1.02, 1000


def check(project: Project, *, now: datetime) -> list[Comparison]:
    """Compare every series of a project up to the last whole hour, and keep what came of it.

    Repeating a check within the hour replaces it.
    """
    current_to = now.replace(minute=0, second=0, microsecond=0)
    current_from, reference_from = current_to - CURRENT, current_to - CURRENT - REFERENCE
    found: list[tuple[DriftResult, str, dict[str, Any]]] = []
    for series, watched in WATCHED.items():
        rows = sketches(
            store(), project_id=project.id, series=watched.key, since=reference_from, until=current_to
        )
        for model in ["", *_busiest(rows, since=current_from)]:
            mine = [row for row in rows if not model or row.model == model]
            before = _blocks(row for row in mine if row.hour < current_from)
            after = _blocks(row for row in mine if row.hour >= current_from)
            result = compare(before, after, series=series, kind=watched.kind)
            found.append((result, model, _distribution(before, after)))
    decided = adjusted([result for result, _, _ in found])
    with transaction.atomic():
        Comparison.objects.filter(project=project, current_to__lt=now - KEPT).delete()
        return [
            Comparison.objects.update_or_create(
                project=project,
                series=result.series,
                model=model,
                current_to=current_to,
                defaults={
                    "current_from": current_from,
                    "reference_from": reference_from,
                    "state": result.state,
                    "effect": result.effect,
                    "p_value": result.p_value,
                    "q_value": result.q_value,
                    "details": _details(result) | {"distribution": distribution},
                    "checked_at": now,
                },
            )[0]
            for result, (_, model, distribution) in zip(decided, found, strict=True)
        ]


@transaction.atomic
def acknowledge(*, comparison: Comparison, by: User, now: datetime) -> None:
    """Note that a person has seen a finding."""
    comparison.acknowledged_by, comparison.acknowledged_at = by, now
    comparison.save(update_fields=["acknowledged_by", "acknowledged_at"])
    audit.record(
        project=comparison.project,
        by=by,
        action="drift.acknowledged",
        target=str(comparison),
        id=str(comparison.pk),
    )


def course(
    project: Project, *, series: Series, model: str, since: datetime, until: datetime
) -> dict[datetime, tuple[float, int]]:
    """Return the total and the number of observations of a series by hour, for drawing its mean over time."""
    hours: dict[datetime, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    for row in sketches(store(), project_id=project.id, series=series, since=since, until=until, model=model):
        total, seen = hours[row.hour]
        hours[row.hour] = (total + row.total, seen + row.observations)
    return dict(hours)


def _busiest(rows: Iterable[Sketch], *, since: datetime) -> list[str]:
    seen: Counter[str] = Counter()
    for row in rows:
        if row.hour >= since and row.model:
            seen[row.model] += row.observations
    if len(seen) < 2:
        return []
    return [model for model, calls in seen.most_common(BUSIEST) if calls >= Thresholds().observations]


def _blocks(rows: Iterable[Sketch]) -> list[Block]:
    """Put the models of an hour and block together."""
    together: dict[tuple[datetime, int], list[Sketch]] = defaultdict(list)
    for row in rows:
        together[row.hour, row.block].append(row)
    return [
        Block(
            hour=hour,
            block=block,
            bins=dict(sum((Counter(part.bins) for part in parts), Counter())),
            observations=sum(part.observations for part in parts),
            total=sum(part.total for part in parts),
            total_of_squares=sum(part.total_of_squares for part in parts),
        )
        for (hour, block), parts in sorted(together.items())
    ]


def _details(result: DriftResult) -> dict[str, Any]:
    return {
        "reason": result.reason,
        "threshold": result.threshold,
        "reference": dataclasses.asdict(result.reference) if result.reference else None,
        "current": dataclasses.asdict(result.current) if result.current else None,
        "top_bins": [dataclasses.asdict(shift) for shift in result.top_bins],
    }


def _distribution(before: Sequence[Block], after: Sequence[Block]) -> dict[str, list[float]]:
    """Return both windows as shares over at most forty columns of equal width on a logarithmic axis."""
    windows = [_counts(before), _counts(after)]
    indexes = sorted({index for counts in windows for index in counts if index > 0})
    if len(indexes) < 2 or not all(windows):
        return {}
    width = max(1, math.ceil((indexes[-1] - indexes[0] + 1) / _COLUMNS))
    columns = range(indexes[0] // width, indexes[-1] // width + 1)
    shares = []
    for counts in windows:
        grouped: Counter[int] = Counter()
        for index, seen in counts.items():
            grouped[index // width] += seen if index > 0 else 0
        whole = sum(counts.values())
        shares.append([round(grouped[column] / whole, 6) for column in columns])
    middles = [_GROWTH ** ((column + 0.5) * width - _OFFSET) for column in columns]
    return {"values": middles, "reference": shares[0], "current": shares[1]}


def _counts(blocks: Iterable[Block]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for block in blocks:
        counts.update(block.bins)
    return counts
