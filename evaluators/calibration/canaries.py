"""Canaries: labelled answers that every run has judged again, to tell a judge that moved from an app that moved."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import special

from evaluators.calibration import labels
from evaluators.calibration.labels import Labelled
from evaluators.stats.clustered import Array
from evaluators.stats.tails import t_upper

CHANCE = 0.005
"""How often a judge that did not move may alarm by each of the two rules."""
_SMALLEST_SHIFT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryCheck:
    """What the canaries of one run said about one metric's judge."""

    metric: str
    agreed: int
    total: int
    limit: int
    """Fewer agreements than these are an alarm."""
    shift: float | None
    """How much higher than at its calibration the judge scored, in shares of the scale."""
    alarm: str
    """Why the judge must not decide, or nothing."""
    cost_usd: float = 0.0


def check(
    metric: str,
    canaries: Sequence[Labelled],
    scores: Array,
    bounds: tuple[float, float],
    *,
    cost_usd: float = 0.0,
) -> CanaryCheck:
    """Compare today's scores of the canaries (NaN: not judged) with their labels and with the judge's scores of then."""
    middle, width = (bounds[0] + bounds[1]) / 2.0, bounds[1] - bounds[0]
    truth = np.array([row.label >= middle for row in canaries])
    before = np.array([math.nan if row.score is None else row.score for row in canaries])
    total = len(canaries)
    agreed_then = int(np.sum((before >= middle) == truth))
    agreed = int(np.sum(((scores >= middle) == truth) & ~np.isnan(scores)))
    # One miss more than was seen: the judge's true agreement is not known better than that.
    share = (agreed_then + 1.0) / (total + 2.0)
    limit = int(np.searchsorted(special.bdtr(np.arange(total), total, share), CHANCE))
    shift, p_shift = _shift((scores - before) / width)
    alarm = ""
    missing = int(np.count_nonzero(np.isnan(scores)))
    if agreed < limit:
        alarm = f"the judge agrees with {agreed} of {total} canaries, at least {limit} are needed"
        alarm += f"; {missing} it could not judge" if missing else ""
    elif shift is not None and p_shift < CHANCE and abs(shift) >= _SMALLEST_SHIFT:
        alarm = f"the judge scores the same {total} canaries {shift * 100:+.1f} points from where it did"
    return CanaryCheck(
        metric=metric, agreed=agreed, total=total, limit=limit, shift=shift, alarm=alarm, cost_usd=cost_usd
    )


def _shift(moved: Array) -> tuple[float | None, float]:
    known = moved[~np.isnan(moved)]
    if len(known) < 3:
        return None, 1.0
    mean, error = float(known.mean()), float(known.std(ddof=1) / math.sqrt(len(known)))
    if error == 0:
        return mean, 1.0 if mean == 0 else 0.0
    return mean, 2.0 * t_upper(abs(mean) / error, len(known) - 1)


def chosen(rows: Sequence[Labelled], scores: Array, count: int) -> list[tuple[Labelled, float]]:
    """Choose canaries among labelled answers that the judge has scored, always the same ones."""
    known = [
        (row, float(score))
        for row, score in zip(rows, scores, strict=True)
        if row.sample is not None and not math.isnan(score)
    ]
    order = np.random.default_rng(20_261_121).permutation(len(known))
    return [known[index] for index in order[:count]]


def write(path: Path, canaries: Sequence[tuple[Labelled, float]]) -> None:
    """Store canaries as labels with the judge's scores of today."""
    lines = []
    for row, score in canaries:
        assert row.sample is not None
        sample = {key: value for key, value in asdict(row.sample).items() if value}
        known = {key: sample[key] for key in labels.SAMPLE_FIELDS if key in sample}
        content = {
            "id": row.id,
            "label": row.label,
            "score": score,
            "cluster": row.cluster,
            "output": "",
            **known,
        }
        content |= {"inputs": dict(row.inputs)} if row.inputs else {}
        lines.append(json.dumps(content, ensure_ascii=False, sort_keys=True, default=sorted) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), "utf-8")


def read(path: Path, bounds: tuple[float, float]) -> list[Labelled]:
    """Read stored canaries; none when there are none."""
    return labels.read(path, bounds=bounds) if path.exists() else []
