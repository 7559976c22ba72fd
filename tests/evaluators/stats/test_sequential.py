import numpy as np
import pytest

from evaluators.stats.sequential import crossing_probability, nominal_level, obrien_fleming_constant


def equal(looks: int) -> tuple[float, ...]:
    return tuple((look + 1) / looks for look in range(looks))


@pytest.mark.parametrize(
    ("looks", "alpha", "constant"),
    # Jennison and Turnbull, Group Sequential Methods, table 2.3 (two-sided 0.05), and K = 1 by definition.
    [
        (1, 0.025, 1.960),
        (2, 0.025, 1.977),
        (3, 0.025, 2.004),
        (4, 0.025, 2.024),
        (5, 0.025, 2.040),
        (1, 0.05, 1.645),
    ],
)
def test_the_constants_are_those_of_the_published_table(looks: int, alpha: float, constant: float) -> None:
    assert obrien_fleming_constant(equal(looks), alpha) == pytest.approx(constant, abs=6e-4)


def test_five_looks_at_five_per_cent_one_sided_need_1_751() -> None:
    constant = obrien_fleming_constant(equal(5), 0.05)
    generator = np.random.default_rng(5)
    walks = np.cumsum(generator.standard_normal((400_000, 5)) * 0.2**0.5, axis=1).max(axis=1)

    assert constant == pytest.approx(1.7509, abs=1e-4)
    assert np.mean(walks >= constant) == pytest.approx(0.05, abs=0.0015)


def test_unequal_looks_spend_the_same_alpha() -> None:
    shares = (0.4, 0.5, 1.0)
    assert crossing_probability(shares, obrien_fleming_constant(shares, 0.05)) == pytest.approx(
        0.05, abs=1e-9
    )


def test_the_first_look_asks_for_far_more_than_the_last() -> None:
    levels = [nominal_level((1, 2, 3, 4, 5), look, 0.05) for look in range(5)]
    assert levels == sorted(levels)
    assert levels[0] < 1e-4
    assert levels[-1] == pytest.approx(0.04, abs=0.001)


def test_shares_that_do_not_end_in_one_are_refused() -> None:
    with pytest.raises(ValueError, match="ascend"):
        obrien_fleming_constant((0.5, 0.9), 0.05)
