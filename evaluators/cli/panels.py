"""What `parapet eval calibrate` says of a panel: the weights its members should have, and whether it is worth its price."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluators import settings
from evaluators.calibration.judging import judged, values_of
from evaluators.calibration.labels import Labelled, clusters_of
from evaluators.calibration.panel import PanelCard, panel_card
from evaluators.cli.connections import connected_judges
from evaluators.stats.clustered import Array
from evaluators.suites import LoadedSuite
from evaluators.suites.entries import Entry
from evaluators.suites.model import JudgePanel

FEWEST_LABELS = 30


def card_of_panel(
    suite: LoadedSuite, entry: Entry, rows: Sequence[Labelled], concurrency: int
) -> PanelCard | None:
    """Ask each member about every labelled answer and weigh them; None for a judge that is no panel, or for few labels.

    Answers that a member could not judge, and labels in the middle of the scale, are left out.
    """
    panel = suite.suite.judges[entry.judge or ""]
    rows = [row for row in rows if row.sample is not None]
    if not isinstance(panel, JudgePanel) or len(rows) < FEWEST_LABELS:
        return None
    low, high = entry.scale.bounds or (0.0, 1.0)
    scores = {
        name: (asyncio.run(_asked(suite, replace(entry, judge=name), rows, concurrency)) - low) / (high - low)
        for name in panel.panel
    }
    labels = (np.array([row.label for row in rows]) - low) / (high - low)
    kept = np.isin(labels, (0.0, 1.0)) & ~np.isnan(np.column_stack(list(scores.values()))).any(axis=1)
    if kept.sum() < FEWEST_LABELS or len(set(labels[kept])) < 2:
        return None
    chosen = [row for row, is_kept in zip(rows, kept, strict=True) if is_kept]
    return panel_card(
        {name: column[kept] for name, column in scores.items()}, labels[kept], clusters_of(chosen)
    )


def as_text(card: PanelCard) -> str:
    """Return what people read about a panel."""
    weights = ", ".join(f"{name}: {weight:g}" for name, weight in card.weights.items())
    best = card.best_member
    advice = "worth asking" if card.is_worth_it else f"not worth its price: ask {best} alone"
    return (
        f"panel  weights by these labels {{{weights}}} · log loss {card.log_loss:.3f} against {card.members[best]:.3f} "
        f"of {best}, its best member · worth {card.independent:.1f} independent judges · {advice}"
    )


async def _asked(suite: LoadedSuite, entry: Entry, rows: Sequence[Labelled], concurrency: int) -> Array:
    async with connected_judges(suite, settings.read()) as judges:
        return values_of(await judged(entry, rows, judges, concurrency=concurrency))
