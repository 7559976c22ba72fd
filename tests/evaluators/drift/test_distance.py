import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

from evaluators.drift.distance import decile_edges, distances, grouped, shifts
from evaluators.drift.sketch import Sketch, all_bins, index_of, merge, middle_of, upper_of
from tests.evaluators.drift.traffic import MONDAY, block_of

GENERATOR = np.random.default_rng(3)
BEFORE = GENERATOR.lognormal(6.0, 0.5, 20_000)
AFTER = GENERATOR.lognormal(6.1, 0.6, 5_000)


def sketches() -> tuple[Sketch, Sketch]:
    blocks = [block_of(MONDAY, 0, BEFORE), block_of(MONDAY, 1, AFTER)]
    bins = all_bins(blocks)
    return merge(blocks[:1], bins), merge(blocks[1:], bins)


@pytest.mark.parametrize("value", [1e-7, 0.004, 0.99, 1.0, 1.01, 512.3, 4e6])
def test_a_bin_holds_its_values_within_one_per_cent(value: float) -> None:
    index = index_of(value)
    assert upper_of(index - 1) < value * (1 + 1e-12)
    assert value <= upper_of(index) * (1 + 1e-12)
    assert middle_of(index) == pytest.approx(value, rel=0.0101)


def test_zero_has_a_bin_of_its_own() -> None:
    assert (index_of(0.0), index_of(-3.0), middle_of(0)) == (0, 0, 0.0)


def test_moments_are_exact_and_quantiles_near() -> None:
    before, _ = sketches()
    assert before.observations == 20_000
    assert before.mean == pytest.approx(BEFORE.mean())
    assert before.deviation == pytest.approx(BEFORE.std(), rel=1e-6)
    assert before.quantile(0.95) == pytest.approx(np.quantile(BEFORE, 0.95), rel=0.02)


def test_distances_agree_with_scipy_on_the_raw_values() -> None:
    found = distances(*sketches())
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(BEFORE, AFTER), rel=0.01)
    assert found.kolmogorov_smirnov == pytest.approx(stats.ks_2samp(BEFORE, AFTER).statistic, abs=0.005)


def test_jensen_shannon_is_scipys_over_the_deciles() -> None:
    before, after = sketches()
    edges = decile_edges(before)
    theirs = distance.jensenshannon(grouped(before, edges), grouped(after, edges), base=2)
    assert distances(before, after).jensen_shannon == pytest.approx(theirs, abs=1e-12)


def test_the_stability_index_is_about_zero_when_nothing_changed() -> None:
    found = []
    for _ in range(200):
        blocks = [block_of(MONDAY, 0, GENERATOR.lognormal(6, 0.5, 200)) for _ in range(2)]
        bins = all_bins(blocks)
        found.append(distances(merge(blocks[:1], bins), merge(blocks[1:], bins)).population_stability)
    assert np.mean(found) == pytest.approx(0.0, abs=0.01)


def test_the_largest_shift_comes_first() -> None:
    top = shifts(*sketches())
    changes = [abs(shift.current - shift.reference) for shift in top]
    assert changes == sorted(changes, reverse=True)
    assert top[0].current > top[0].reference
    assert top[0].low > np.quantile(BEFORE, 0.88)
