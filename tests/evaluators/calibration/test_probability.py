"""Scores become probabilities that mean what they say."""

import numpy as np
import pytest
from scipy import optimize, special

from evaluators.calibration import probability
from evaluators.stats.clustered import Array


def overconfident(count: int, seed: int = 3) -> tuple[Array, Array]:
    """Scores of a judge that is three times too sure of itself on the scale of logits."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0.3, 1.0, count)
    labels = (generator.random(count) < special.expit(logits)).astype(np.float64)
    return special.expit(3.0 * logits), labels


def test_platts_curve_finds_the_slope_and_offset() -> None:
    scores, labels = overconfident(20_000)
    fitted = probability.fit_platt(scores, labels)
    assert fitted.slope == pytest.approx(1 / 3, abs=0.02)
    assert fitted.intercept == pytest.approx(0.0, abs=0.04)


def test_isotonic_steps_are_scipys() -> None:
    scores, labels = overconfident(500)
    order = np.argsort(scores)
    ours = probability.fit_isotonic(scores, labels)(scores[order])
    assert ours == pytest.approx(optimize.isotonic_regression(labels[order]).x)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_held_out_probabilities_are_calibrated(method: probability.Method) -> None:
    scores, labels = overconfident(2000)
    mapped = probability.cross_fitted(scores, labels, np.arange(2000), method)
    before = probability.expected_calibration_error(scores, labels)
    assert before > 0.12
    assert probability.expected_calibration_error(mapped, labels) < before / 3
    assert probability.brier(mapped, labels) < probability.brier(scores, labels)
    assert probability.log_loss(mapped, labels) < probability.log_loss(scores, labels)


def test_a_cluster_never_helps_to_fit_its_own_probabilities() -> None:
    # Scores say nothing, but each cluster has one label: a leak would show as foresight.
    generator = np.random.default_rng(1)
    clusters = np.repeat(np.arange(100), 4)
    labels = np.repeat(generator.random(100) < 0.5, 4).astype(np.float64)
    scores = np.repeat(generator.random(100), 4)
    mapped = probability.cross_fitted(scores, labels, clusters, "isotonic")
    assert probability.brier(mapped, labels) > 0.24


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_map_survives_being_stored(method: probability.Method) -> None:
    scores, labels = overconfident(100)
    fitted = probability.fit(scores, labels, method)
    restored = probability.from_json(probability.as_json(fitted))
    assert restored(scores) == pytest.approx(fitted(scores))


def test_a_perfect_judge_gets_no_infinite_slope() -> None:
    labels = np.array([0.0, 1.0] * 20)
    fitted = probability.fit_platt(labels, labels)
    assert 0.9 < fitted(np.array([1.0]))[0] < 1.0
