"""What each member of a panel should weigh, and whether the panel is worth having.

Weights are those of a logistic regression of people's labels on the members' log-odds, none below zero and kept small
(stacked generalisation, Wolpert 1992). Members and panel are compared by log loss on answers of clusters that neither was
fitted to.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluators.calibration.probability import cross_fitted, folds_of, log_loss
from evaluators.stats.clustered import Array, Clusters

_SMALLEST = 1e-4
_PENALTY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCard:
    """What labels say about a panel."""

    weights: Mapping[str, float]
    """For the suite; a member that adds nothing weighs 0."""
    log_loss: float
    """Of the panel, on clusters it was not fitted to."""
    members: Mapping[str, float]
    """Each member's log loss by a map of its own, likewise."""
    independent: float
    """How many independent judges the panel is worth: m / (1 + (m - 1) ρ), ρ the mean correlation within a label."""

    @property
    def best_member(self) -> str:
        """The member that does best alone."""
        return min(self.members, key=self.members.__getitem__)

    @property
    def is_worth_it(self) -> bool:
        """Whether the panel beats its best member."""
        return self.log_loss < self.members[self.best_member]


def panel_card(scores: Mapping[str, Array], labels: Array, clusters: Clusters) -> PanelCard:
    """Fit a panel of at least two members to labels of 0 and 1; scores are 0 to 1 and complete."""
    names = list(scores)
    design = np.column_stack([_log_odds(scores[name]) for name in names])
    fitted = np.empty(len(labels))
    folds = folds_of(clusters)
    for fold in np.unique(folds):
        inside = folds == fold
        weights, intercept = _fit(design[~inside], labels[~inside])
        fitted[inside] = special.expit(design[inside] @ weights + intercept)
    members = {
        name: log_loss(cross_fitted(scores[name], labels, clusters, "platt"), labels) for name in names
    }
    weights, _ = _fit(design, labels)
    return PanelCard(
        weights={name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)},
        log_loss=log_loss(fitted, labels),
        members=members,
        independent=_independent(design, labels),
    )


def _fit(design: Array, labels: Array) -> tuple[Array, float]:
    from scipy import optimize  # noqa: PLC0415 - slow to import, and needed here alone

    with_one = np.column_stack([design, np.ones(len(design))])
    prior = np.full(design.shape[1], 1.0 / design.shape[1])

    def loss(found: Array) -> float:
        z = with_one @ found
        fit = float(np.mean(np.logaddexp(0.0, z) - labels * z))
        return fit + _PENALTY * float(np.sum((found[:-1] - prior) ** 2))

    def slope(found: Array) -> Array:
        step: Array = with_one.T @ (special.expit(with_one @ found) - labels) / len(labels)
        step[:-1] += 2.0 * _PENALTY * (found[:-1] - prior)
        return step

    bounds = [(0.0, None)] * design.shape[1] + [(None, None)]
    found = optimize.minimize(loss, np.append(prior, 0.0), jac=slope, method="L-BFGS-B", bounds=bounds).x
    return found[:-1], float(found[-1])


def _independent(design: Array, labels: Array) -> float:
    """Correlate what remains of the log-odds within each label: all good judges agree across labels."""
    errors = design.T.copy()
    count = len(errors)
    for label in (0.0, 1.0):
        errors[:, labels == label] -= errors[:, labels == label].mean(axis=1, keepdims=True)
    if (errors.std(axis=1) == 0).any():
        return math.nan
    together = np.corrcoef(errors)
    mean = float((together.sum() - count) / (count * (count - 1)))
    return count / max(1.0, 1.0 + (count - 1) * mean)


def _log_odds(scores: Array) -> Array:
    found: Array = special.logit(np.clip(scores, _SMALLEST, 1.0 - _SMALLEST))
    return found
