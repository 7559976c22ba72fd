"""The chart of small shortfalls: its run lengths against published ones, and against its own runs."""

import numpy as np
import pytest

from evaluators.stats.cusum import LIMIT, average_run_length, falls, recursive_steps


# One side of the tables of Lucas and Crosier (1982) and of Montgomery's textbook; without a shift twice their two-sided.
@pytest.mark.parametrize(
    ("limit", "shift", "length"),
    [(4, 0, 335.4), (4, 0.5, 26.7), (4, 1, 8.38), (4, 2, 3.34), (5, 0, 930.9), (5, 1, 10.4), (5, 1.5, 5.75)],
)
def test_run_lengths_are_the_published_ones(limit: float, shift: float, length: float) -> None:
    assert average_run_length(shift, limit=limit) == pytest.approx(length, rel=0.004)


def test_steps_against_all_values_before_are_independent_and_normal() -> None:
    generator = np.random.default_rng(3)
    steps = np.array([recursive_steps(list(generator.normal(0.8, 0.02, size=12)), 0.02) for _ in range(4000)])
    assert steps.mean(axis=0) == pytest.approx(np.zeros(11), abs=0.06)
    assert np.cov(steps.T) == pytest.approx(np.eye(11), abs=0.09)


def test_without_a_change_the_chart_alarms_as_seldom_as_it_says() -> None:
    generator = np.random.default_rng(5)
    alarms = [
        max(falls(recursive_steps(list(generator.normal(0.8, 0.02, size=61)), 0.02))) > LIMIT
        for _ in range(1500)
    ]
    # 60 steps of 931 on average between alarms; the first cannot come at once.
    assert 0.03 <= np.mean(alarms) <= 1.3 * 60 / average_run_length(0.0)


def test_a_rise_is_no_alarm_and_makes_up_for_no_later_fall() -> None:
    assert max(falls([2.0] * 10)) == 0.0
    assert falls([3.0, -3.0, -3.0]) == [0.0, 2.5, 5.0]
