"""What a judge's rates in a stored run come to once its errors are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluators.calibration.card import Card
from evaluators.calibration.correction import ppi_plus_plus, rogan_gladen
from evaluators.calibration.jackknife import Estimate
from evaluators.calibration.labels import Labelled
from evaluators.gate import Trial
from evaluators.score import Score
from evaluators.stats.clustered import Array, Clusters

FEWEST_LABELS = 20
"""With fewer labels among an arm's own answers, the judge's error rates elsewhere say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One arm's rate, as the judge has it and as people would."""

    arm: str
    answers: int
    labels: int
    judged: float
    corrected: Estimate
    method: Literal["PPI++", "Rogan-Gladen"]
    weight: float | None = None
    """How much the judge was believed, of PPI++."""


def rates(
    trials: Sequence[Trial],
    metric: str,
    clusters: Mapping[str, str],
    rows: Sequence[Labelled],
    card: Card,
) -> list[Rate]:
    """Correct every arm's rate: by labels of its own answers where there are enough, else by the card's error rates."""
    labelled = {row.trial: row.label for row in rows if row.trial is not None}
    found = []
    for arm in dict.fromkeys(trial.arm for trial in trials):
        scored = [
            (trial, outcome.value)
            for trial in trials
            if trial.arm == arm and isinstance(outcome := trial.outcomes.get(metric), Score)
        ]
        if scored:
            found.append(_rate(arm, scored, clusters, labelled, card))
    return found


def _rate(
    arm: str,
    scored: Sequence[tuple[Trial, float]],
    clusters: Mapping[str, str],
    labelled: Mapping[tuple[str, str, int], float],
    card: Card,
) -> Rate:
    low, width = card.bounds[0], card.bounds[1] - card.bounds[0]
    scores = (np.array([value for _, value in scored]) - low) / width
    labels = np.array([labelled.get((trial.case, arm, trial.number), np.nan) for trial, _ in scored])
    labels = (labels - low) / width
    groups = _numbered([clusters.get(trial.case) or trial.case for trial, _ in scored])
    known = ~np.isnan(labels)
    if known.sum() >= FEWEST_LABELS and (~known).sum() >= 2:
        corrected = ppi_plus_plus(
            labels[known],
            scores[known],
            scores[~known],
            clusters=_dense(groups[known]),
            unlabelled_clusters=_dense(groups[~known]),
        )
        return Rate(
            arm=arm,
            answers=len(scored),
            labels=int(known.sum()),
            judged=float(scores.mean()),
            corrected=corrected.estimate,
            method="PPI++",
            weight=corrected.weight,
        )
    says = float(np.mean(scores >= 0.5))
    # Answers to one case are no independent witnesses: as many count as there are clusters.
    count = float(groups.max()) + 1.0
    return Rate(
        arm=arm,
        answers=len(scored),
        labels=int(known.sum()),
        judged=says,
        corrected=rogan_gladen(says, count, sensitivity=card.sensitivity, specificity=card.specificity),
        method="Rogan-Gladen",
    )


def _numbered(names: Sequence[str]) -> Clusters:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _dense(clusters: Array | Clusters) -> Clusters:
    return np.unique(clusters, return_inverse=True)[1].astype(np.int64)
