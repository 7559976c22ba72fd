"""Quantiles of two arms: the exact test against every swap spelt out, and how often it is wrong."""

import itertools

import numpy as np
import pytest

from evaluators.stats.quantiles import quantile_ratio


def log_normal(seed: int, *, cases: int, trials: int, slower: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw latencies with long tails, of cases that differ among themselves."""
    generator = np.random.default_rng(seed)
    easy = generator.normal(0.0, 0.4, size=(cases, 1))
    arms = [np.exp(easy + generator.normal(0.0, 0.5, size=(cases, trials))) for _ in range(2)]
    return arms[0], slower * arms[1]


def test_few_clusters_are_swapped_in_every_way() -> None:
    before = np.array([[3.0, np.nan], [5.0, 9.0], [4.0, 4.5], [8.0, 2.0]])
    after = np.array([[6.0, 7.0], [5.5, 8.0], [np.nan, 9.5], [16.0, 3.0]])
    clusters = np.array([0, 1, 1, 2])

    def ratio(a: np.ndarray, b: np.ndarray) -> float:
        tops = [np.quantile(x[~np.isnan(x)], 0.75, method="inverted_cdf") for x in (a, b)]
        return float(np.log(tops[1] / tops[0]))

    swapped = []
    for pattern in itertools.product([False, True], repeat=3):
        flip = np.array(pattern)[clusters][:, None]
        swapped.append(ratio(np.where(flip, after, before), np.where(flip, before, after)))
    found = quantile_ratio(before, after, clusters, quantile=0.75, margin=1.2)

    assert found.p_regression == pytest.approx(np.mean(np.array(swapped) >= ratio(before, after) - 1e-12))
    assert np.log(found.ratio) == pytest.approx(ratio(before, after))


def test_equal_arms_are_no_regression_and_within_any_margin() -> None:
    before, _ = log_normal(1, cases=80, trials=2, slower=1.0)
    found = quantile_ratio(before, before.copy(), np.arange(80), quantile=0.95, margin=1.5)
    assert (found.ratio, found.p_regression) == (1.0, 1.0)
    assert found.p_noninferior < 0.01


# Four standard errors of a share of 0.05 among 200 runs are 0.06.
@pytest.mark.parametrize("slower", [1.0, 1.2])
def test_wrong_decisions_on_long_tails_stay_rare(slower: float) -> None:
    found = [
        quantile_ratio(
            *log_normal(seed, cases=40, trials=1, slower=slower), np.arange(40), quantile=0.95, margin=1.2
        )
        for seed in range(200)
    ]
    wrong = {
        1.0: [one.p_regression <= 0.05 for one in found],
        1.2: [one.p_noninferior <= 0.05 for one in found],
    }
    assert np.mean(wrong[slower]) <= 0.11


def test_the_interval_covers_the_true_ratio() -> None:
    found = [
        quantile_ratio(
            *log_normal(seed, cases=60, trials=2, slower=1.3), np.arange(60), quantile=0.9, margin=1.2
        )
        for seed in range(150)
    ]
    assert np.mean([one.low <= 1.3 <= one.high for one in found]) >= 0.88
