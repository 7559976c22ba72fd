"""Ninety-five per cent means ninety-five: on populations whose truth is known."""

import pytest

from tests.evaluators.calibration.population import Population, agreement_coverage, coverage

POPULATIONS = {
    "ordinary": Population(),
    "rare noes": Population(rate=0.9, sensitivity=0.95, specificity=0.6),
    "a good judge": Population(rate=0.5, sensitivity=0.97, specificity=0.97),
    "a useless judge": Population(rate=0.5, sensitivity=0.5, specificity=0.5),
    "few unlabelled": Population(labels=100, judged=400, rate=0.7, sensitivity=0.6, specificity=0.6),
}


@pytest.mark.parametrize("name", sorted(POPULATIONS))
def test_corrected_intervals_cover_the_truth(name: str) -> None:
    found = coverage(POPULATIONS[name], draws=1000)
    assert found["PPI++"]["coverage"] >= 0.93
    assert found["Rogan-Gladen"]["coverage"] >= 0.93
    assert found["PPI++"]["width"] <= found["labels only"]["width"] * 1.02


def test_intervals_of_clustered_answers_cover_the_truth() -> None:
    found = coverage(Population(labels=120, judged=900, in_clusters_of=3), draws=1000)
    assert found["PPI++"]["coverage"] >= 0.93


def test_a_judge_taken_at_its_word_misses_the_truth() -> None:
    assert coverage(Population(rate=0.9, specificity=0.6), draws=200)["naive judge"]["coverage"] < 0.1


def test_intervals_of_agreement_cover_the_truth() -> None:
    found = agreement_coverage(Population(labels=80), draws=200)
    assert found["kappa"] >= 0.92
    assert found["auroc"] >= 0.92
