"""The parts of a difference's variance, against what was put in."""

import numpy as np
import pytest

from evaluators.stats.components import Components, components


def drawn(*, case: float, answer: float, cases: int = 4000, trials: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Draw two arms whose cases differ by so much, and whose answers scatter by so much, as standard deviations."""
    generator = np.random.default_rng(7)
    shared = generator.normal(0.5, 0.2, size=(cases, 1))
    moved = generator.normal(0.0, case, size=(cases, 1))
    arms = [generator.normal(0.0, answer, size=(cases, trials)) for _ in range(2)]
    return shared + arms[0], shared + moved + arms[1]


def test_cases_and_answers_are_told_apart() -> None:
    found = components(*drawn(case=0.1, answer=0.3))
    assert found is not None
    assert (found.case, found.answer) == pytest.approx((0.01, 2 * 0.09), rel=0.15)
    assert found.shares[:2] == pytest.approx((0.01 / 0.055, 0.045 / 0.055), abs=0.04)


def test_a_judge_that_was_asked_twice_takes_its_part_of_the_answers() -> None:
    found = components(*drawn(case=0.0, answer=0.3), judge_variance=0.04)
    assert found is not None
    assert found.judge == pytest.approx(0.08)
    assert found.answer == pytest.approx(0.10, rel=0.15)
    assert found.shares[2] == pytest.approx(0.08 / 0.18, abs=0.06)


def test_missing_scores_and_single_trials_are_no_trouble() -> None:
    before, after = drawn(case=0.1, answer=0.3, cases=50)
    before[:10, 1:] = np.nan
    after[20, 2] = np.nan
    assert components(before, after) is not None
    assert components(before[:, :1], after[:, :1]) is None


@pytest.mark.parametrize(
    ("case", "answer", "needed"), [(0.0, 0.19, 8), (0.01, 0.2, 14), (0.025, 0.2, None), (0.03, 0.2, None)]
)
def test_more_trials_help_only_as_far_as_the_answers_are_to_blame(
    case: float, answer: float, needed: int | None
) -> None:
    assert Components(case, answer, None, 1.0).trials_needed(100, (0.025 / 100) ** 0.5) == needed
