"""Agreement against published examples and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from evaluators.calibration.agreement import auroc, cohen_kappa, gwet_ac1, krippendorff_alpha, spearman

GENERATOR = np.random.default_rng(7)
NOTHING = math.nan

# Krippendorff, "Computing Krippendorff's alpha-reliability" (2011): four observers, twelve units.
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NOTHING, NOTHING, NOTHING],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NOTHING, 3],
        [NOTHING, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NOTHING],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NOTHING],
    ]
)


@pytest.mark.parametrize(("scale", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_example(scale: str, alpha: float) -> None:
    assert krippendorff_alpha(FOUR_OBSERVERS, scale=scale) == pytest.approx(alpha, abs=5e-4)  # type: ignore[arg-type]


def test_kappa_and_ac1_of_a_table_counted_by_hand() -> None:
    # 20 both yes, 5 and 10 apart, 15 both no: agreement .7, chance .5 for kappa, .495 for AC1.
    a = np.repeat([1.0, 1.0, 0.0, 0.0], [20, 5, 10, 15])
    b = np.repeat([1.0, 0.0, 1.0, 0.0], [20, 5, 10, 15])
    assert cohen_kappa(a, b) == pytest.approx(0.4)
    assert gwet_ac1(a, b) == pytest.approx((0.7 - 0.495) / (1 - 0.495))


def test_kappa_is_ruined_by_prevalence_where_ac1_is_not() -> None:
    # 118 both yes, 5 and 2 apart, none both no.
    a = np.repeat([1.0, 1.0, 0.0], [118, 5, 2])
    b = np.repeat([1.0, 0.0, 1.0], [118, 5, 2])
    assert cohen_kappa(a, b) == pytest.approx(-0.0234, abs=1e-3)
    assert gwet_ac1(a, b) == pytest.approx(0.9406, abs=1e-3)


def test_quadratic_kappa_of_two_equal_spreads_is_their_correlation() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0, 5.0] * 4)
    b = GENERATOR.permutation(a)
    assert cohen_kappa(a, b, weights="quadratic") == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_the_area_under_the_curve_is_mann_whitneys_u() -> None:
    labels, scores = GENERATOR.random(200) < 0.4, GENERATOR.integers(0, 6, 200).astype(float)
    u = stats.mannwhitneyu(scores[labels], scores[~labels]).statistic
    assert auroc(labels, scores) == pytest.approx(u / (labels.sum() * (~labels).sum()))


def test_rank_correlation_is_scipys() -> None:
    a, b = GENERATOR.integers(0, 9, 60).astype(float), GENERATOR.random(60)
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)


@pytest.mark.parametrize(
    "value",
    [
        cohen_kappa(np.ones(9), np.ones(9)),
        gwet_ac1(np.ones(9), np.ones(9)),
        auroc(np.ones(9, dtype=bool), np.arange(9.0)),
        spearman(np.ones(9), np.arange(9.0)),
        krippendorff_alpha(np.ones((1, 9))),
    ],
)
def test_what_is_undefined_is_no_number(value: float) -> None:
    assert math.isnan(value)
