"""Corrected rates against the authors' own library and by hand."""

import math

import numpy as np
import pytest

from evaluators.calibration.card import kappa
from evaluators.calibration.correction import ppi_plus_plus, rogan_gladen
from evaluators.stats.tails import normal_quantile

GENERATOR = np.random.default_rng(11)
LABELS = (GENERATOR.random(40) < 0.7).astype(float)
JUDGED = np.clip(0.3 + 0.5 * LABELS + GENERATOR.normal(0, 0.2, 40), 0, 1)
UNLABELLED = np.clip(0.3 + 0.5 * (GENERATOR.random(300) < 0.7) + GENERATOR.normal(0, 0.2, 300), 0, 1)


@pytest.mark.parametrize(
    ("weight", "value", "half_width"),
    # ppi_python 0.2: ppi_mean_pointestimate and ppi_mean_ci at 95 % on these arrays; None is its own lambda, clipped to 1.
    [(None, 0.72295387, 0.0798923), (1.0, 0.72295387, 0.0798923), (0.5, 0.74897694, 0.0966116)],
)
def test_ppi_is_the_authors_own(weight: float | None, value: float, half_width: float) -> None:
    found = ppi_plus_plus(LABELS, JUDGED, UNLABELLED, weight=weight)
    assert found.estimate.value == pytest.approx(value, abs=1e-8)
    # Theirs divides by n, ours by n - 1.
    theirs = half_width / normal_quantile(0.975)
    assert found.standard_error == pytest.approx(theirs, rel=0.015)


def test_a_judge_that_says_nothing_leaves_the_labels_alone() -> None:
    found = ppi_plus_plus(LABELS, np.full(40, 0.5), np.full(300, 0.5))
    assert found.weight == 0.0
    assert found.estimate == found.labels_only
    assert found.labels_worth == 1.0


def test_a_faithful_judge_is_worth_many_labels() -> None:
    truth = (np.random.default_rng(1).random(2040) < 0.7).astype(float)
    found = ppi_plus_plus(truth[:40], truth[:40] * 0.8 + 0.1, truth[40:] * 0.8 + 0.1)
    assert found.weight == 1.0
    assert found.labels_worth > 5


def test_one_cluster_alone_gives_no_interval() -> None:
    found = ppi_plus_plus(LABELS, JUDGED, UNLABELLED, clusters=np.zeros(40, dtype=np.int64))
    assert (found.estimate.low, found.estimate.high) == (0.0, 1.0)


def test_rogan_and_gladen_by_hand() -> None:
    # (.6 + .8 - 1) / (.9 + .8 - 1) = .4 / .7
    found = rogan_gladen(0.6, 1000, sensitivity=(900, 1000), specificity=(800, 1000))
    assert found.value == pytest.approx(4 / 7)
    # The delta method, which holds where labels are many.
    error = math.sqrt(0.24 / 1000 + (4 / 7) ** 2 * 0.09 / 1000 + (3 / 7) ** 2 * 0.16 / 1000) / 0.7
    assert found.low == pytest.approx(4 / 7 - 1.96 * error, abs=2e-3)
    assert found.high == pytest.approx(4 / 7 + 1.96 * error, abs=2e-3)


@pytest.mark.parametrize(("hits", "rejections"), [(5, 5), (2, 5), (0, 0)])
def test_a_judge_no_better_than_chance_excludes_nothing(hits: int, rejections: int) -> None:
    found = rogan_gladen(0.5, 1000, sensitivity=(hits, 10), specificity=(rejections, 10))
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("table", "value", "low", "high"),
    # statsmodels 0.14, cohens_kappa
    [((20, 5, 10, 15), 0.4, 0.15109, 0.64891), ((60, 12, 9, 39), 0.63918, 0.49952, 0.77884)],
)
def test_kappa_and_its_interval_are_statsmodels(
    table: tuple[int, ...], value: float, low: float, high: float
) -> None:
    a, b = (np.repeat(values, table) for values in ([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]))
    found = kappa(a, b, np.arange(len(a)))
    assert found.value == pytest.approx(value, abs=1e-5)
    # Never narrower: t instead of normal quantiles, and a lower end that few disagreements cannot lift.
    assert low - 0.03 < found.low <= low
    assert high <= found.high < high + 0.03


def test_perfect_agreement_on_few_answers_is_no_proof() -> None:
    says = np.array([0.0, 1.0] * 6)
    assert kappa(says, says, np.arange(12)).low == pytest.approx(0.51, abs=0.02)
