"""Our statistics against scipy's, which are slower to import and know no clusters."""

import numpy as np
import pytest
from scipy import stats

from evaluators.stats.clustered import clustered_mean
from evaluators.stats.discordance import fisher_exact, mcnemar_exact
from evaluators.stats.intervals import wilson
from evaluators.stats.multiplicity import benjamini_hochberg, holm
from evaluators.stats.paired import evidence, rare_breaks
from evaluators.stats.permutation import sign_flip_interval, sign_flip_upper

GENERATOR = np.random.default_rng(11)


def test_the_paired_t_test_is_scipys() -> None:
    differences = GENERATOR.normal(-0.1, 1.0, 60)
    ours = evidence(differences, np.arange(60), margin=0.3, spread=None)
    worse = stats.ttest_1samp(differences, 0.0, alternative="less")
    inferior = stats.ttest_1samp(differences, -0.3, alternative="greater")
    interval = stats.ttest_1samp(differences, 0.0).confidence_interval(0.95)

    assert ours.method == "t"
    assert ours.p_regression == pytest.approx(worse.pvalue, abs=1e-12)
    assert ours.p_noninferior == pytest.approx(inferior.pvalue, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_clusters_of_one_give_the_ordinary_standard_error() -> None:
    values = GENERATOR.normal(size=25)
    assert clustered_mean(values, np.arange(25)).standard_error == pytest.approx(stats.sem(values), abs=1e-14)


def test_copies_of_a_case_in_one_cluster_add_no_certainty() -> None:
    values = GENERATOR.normal(size=25)
    copied = clustered_mean(np.repeat(values, 4), np.repeat(np.arange(25), 4))
    assert copied.standard_error == pytest.approx(stats.sem(values), abs=1e-14)


def test_sign_flips_are_exact_and_agree_with_scipy() -> None:
    totals = np.array([0.4, -0.1, 0.3, 0.2, 0.5, 0.1, -0.2, 0.6])
    theirs = stats.permutation_test(
        (totals,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert sign_flip_upper(totals) == pytest.approx(theirs.pvalue, abs=1e-12)


def test_the_sign_flip_interval_holds_what_the_test_does_not_reject() -> None:
    totals = GENERATOR.normal(0.3, 1.0, 12)
    low, high = sign_flip_interval(totals, np.ones(12))
    assert sign_flip_upper(totals - (low - 0.01)) <= 0.025 < sign_flip_upper(totals - (low + 0.01))
    assert sign_flip_upper((high + 0.01) - totals) <= 0.025 < sign_flip_upper((high - 0.01) - totals)


def test_three_clusters_reject_nothing() -> None:
    assert sign_flip_interval(np.array([1.0, 1.0, 1.0]), np.ones(3)) == (-np.inf, np.inf)


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (3, 0), (9, 2), (2, 9), (5, 5)])
def test_mcnemar_is_the_binomial_test_of_changed_cases(worse: int, better: int) -> None:
    ours = mcnemar_exact(worse=worse, better=better)
    total = max(worse + better, 1)
    assert ours.p_worse == pytest.approx(
        stats.binomtest(worse, total, alternative="greater").pvalue, abs=1e-12
    )
    assert ours.p_two_sided == pytest.approx(
        stats.binomtest(worse, total).pvalue if worse + better else 1.0, abs=1e-12
    )


@pytest.mark.parametrize(
    "table", [(0, 10, 5, 10), (3, 50, 4, 60), (0, 100, 9, 100), (0, 5, 0, 5), (5, 5, 0, 5)]
)
def test_fisher_is_scipys(table: tuple[int, int, int, int]) -> None:
    a, n, b, m = table
    theirs = stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue
    assert fisher_exact(a, n, b, m) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (7, 10), (10, 10), (812, 900)])
def test_wilson_is_scipys(hits: int, count: int) -> None:
    theirs = stats.binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert wilson(hits / count, count) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_holm_and_benjamini_hochberg_are_the_textbooks() -> None:
    p_values = [0.01, 0.04, 0.03, 0.005]
    assert holm(p_values) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(p_values) == pytest.approx(list(stats.false_discovery_control(p_values)))
    assert holm([]) == benjamini_hochberg([]) == []


def test_no_break_among_n_cases_excludes_three_in_n_and_no_more() -> None:
    assert rare_breaks(0.0, 59, 0.05, 1.0) == pytest.approx(0.95**59)
    assert rare_breaks(-2 / 59, 59, 0.05, 1.0) == pytest.approx(stats.binom.cdf(2, 59, 0.05))
    assert rare_breaks(0.1, 59, 0.05, 1.0) == pytest.approx(0.95**59)
    assert rare_breaks(-1.0, 5, 0.05, 1.0) == 1.0
