"""Answers, labels and judgements whose truth is known, and how often intervals cover it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluators.calibration.card import area_under_curve, kappa
from evaluators.calibration.correction import ppi_plus_plus, rogan_gladen
from evaluators.calibration.jackknife import Estimate
from evaluators.stats.clustered import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A share of yes, and a judge who sees so many of the yeses and of the noes."""

    labels: int = 60
    judged: int = 1000
    rate: float = 0.7
    sensitivity: float = 0.85
    specificity: float = 0.75
    in_clusters_of: int = 1

    def draw(self, generator: np.random.Generator) -> tuple[Array, Array]:
        """Return truth and judgements of labelled and unlabelled answers, one after the other."""
        total = (self.labels + self.judged) // self.in_clusters_of
        if self.in_clusters_of > 1:
            # Beta(a, b) with mean `rate` and correlation 1/3 within a cluster.
            chances = generator.beta(2.0 * self.rate, 2.0 * (1.0 - self.rate), size=total)
        else:
            chances = np.full(total, self.rate)
        truth = generator.random(total * self.in_clusters_of) < np.repeat(chances, self.in_clusters_of)
        luck = generator.random(len(truth))
        says = np.where(truth, luck < self.sensitivity, luck >= self.specificity)
        return truth.astype(np.float64), says.astype(np.float64)


def intervals(population: Population, generator: np.random.Generator) -> Mapping[str, Estimate]:
    """Draw once and return every interval there is for the share of yes."""
    truth, says = population.draw(generator)
    n = population.labels
    clusters = np.arange(len(truth)) // population.in_clusters_of
    corrected = ppi_plus_plus(
        truth[:n],
        says[:n],
        says[n:],
        clusters=clusters[:n],
        unlabelled_clusters=clusters[n:] - clusters[n],
    )
    yes = truth[:n] == 1.0
    return {
        "naive judge": ppi_plus_plus(says[n:], says[n:], np.zeros(0)).estimate,
        "labels only": corrected.labels_only,
        "PPI++": corrected.estimate,
        "Rogan-Gladen": rogan_gladen(
            float(says[n:].mean()),
            len(says) - n,
            sensitivity=(int(says[:n][yes].sum()), int(yes.sum())),
            specificity=(int((1.0 - says[:n])[~yes].sum()), int((~yes).sum())),
        ),
    }


def coverage(population: Population, draws: int, seed: int = 1) -> dict[str, dict[str, float]]:
    """Return how often each interval covers the true rate, and its mean width."""
    generator = np.random.default_rng(seed)
    found = [intervals(population, generator) for _ in range(draws)]
    return {
        name: {
            "coverage": float(np.mean([row[name].low <= population.rate <= row[name].high for row in found])),
            "width": float(np.mean([row[name].high - row[name].low for row in found])),
        }
        for name in found[0]
    }


def agreement_coverage(population: Population, draws: int, seed: int = 2) -> dict[str, float]:
    """Return how often the intervals of kappa and of the area under the curve cover what the whole population has."""
    p, s, q = population.rate, population.sensitivity, population.specificity
    yes = p * s + (1 - p) * (1 - q)
    chance = p * yes + (1 - p) * (1 - yes)
    true_kappa = (p * s + (1 - p) * q - chance) / (1 - chance)
    true_area = s * q + (s * (1 - q) + (1 - s) * q) / 2.0
    generator = np.random.default_rng(seed)
    clusters = np.arange(population.labels)
    hits = {"kappa": 0, "auroc": 0}
    for _ in range(draws):
        truth, says = (values[: population.labels] for values in population.draw(generator))
        agreed, area = kappa(says, truth, clusters), area_under_curve(truth == 1.0, says, clusters)
        hits["kappa"] += agreed.low <= true_kappa <= agreed.high
        hits["auroc"] += area.low <= true_area <= area.high
    return {name: count / draws for name, count in hits.items()}
