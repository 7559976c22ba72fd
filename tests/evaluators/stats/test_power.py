import pytest

from evaluators.stats.power import cases_needed, minimum_detectable_effect, planned_standard_error


@pytest.mark.parametrize(
    ("cases", "trials", "points"),
    [(50, 1, 14.5), (50, 3, 8.4), (100, 1, 10.3), (100, 5, 4.6), (200, 3, 4.2), (400, 1, 5.1), (400, 5, 2.3)],
)
def test_the_smallest_visible_effect_shrinks_with_cases_and_trials(
    cases: int, trials: int, points: float
) -> None:
    effect = minimum_detectable_effect(planned_standard_error(cases, trials))
    assert effect * 100 == pytest.approx(points, abs=0.06)


def test_four_times_the_cases_halve_the_effect() -> None:
    needed = cases_needed(0.05, 100, planned_standard_error(100, 1))
    assert needed is not None
    assert minimum_detectable_effect(planned_standard_error(needed, 1)) == pytest.approx(0.05, rel=0.01)
    assert cases_needed(0.0, 100, 0.1) is None
