"""A judge that favours one arm misleads the gate, and labels of some cases put it right."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from evaluators.gate import Case, Gate, Margin, Metric, Rule, Trial, decide
from evaluators.gate.correction import corrected_mean
from evaluators.stats.clustered import Array, clustered_mean
from evaluators.stats.paired import evidence
from tests.evaluators.gate.simulation import outcome

CASES = 300


def errors(repetitions: int, *, drop: float, hidden: float, invented: float, labels: int) -> dict[str, float]:
    """Return how often evidence of a drop, and against the margin, is found at 5 % each.

    The judge takes a share `hidden` of the candidate's wrong answers for right, and `invented` of its right for wrong.
    """
    found = Counter[str]()
    for seed in range(repetitions):
        generator = np.random.default_rng([seed, labels, int(drop * 100)])
        truth, judged = answers(generator, drop=drop, hidden=hidden, invented=invented)
        labelled = np.full(CASES, np.nan)
        asked = generator.permutation(CASES)[:labels]
        labelled[asked] = (truth[1] - truth[0])[asked]
        clusters = np.arange(CASES)
        differences = judged[1] - judged[0]
        mean = corrected_mean(differences, labelled, clusters)
        weighed = evidence(differences, clusters, margin=0.1, spread=1.0, mean=mean)
        found["PASS"] += weighed.p_noninferior <= 0.05
        found["FAIL"] += weighed.p_regression <= 0.05
    return {state: count / repetitions for state, count in found.items()}


def answers(
    generator: np.random.Generator, *, drop: float, hidden: float, invented: float
) -> tuple[Array, Array]:
    """Return what is true and what the judge sees, baseline first."""
    chances = generator.beta(4.0, 1.0, size=CASES)
    before = generator.random(CASES) < chances
    # Where a chance is smaller than the drop, others lose more, so that the mean drop is exact.
    after = generator.random(CASES) < chances * (1.0 - drop / 0.8)
    luck = generator.random(CASES)
    seen = np.where(after, luck >= invented, luck < hidden)
    return np.array([before, after], dtype=np.float64), np.array([before, seen], dtype=np.float64)


def test_labels_stop_a_flattered_candidate_whose_drop_is_the_margin() -> None:
    scenario = {"drop": 0.1, "hidden": 0.6, "invented": 0.0}
    assert errors(300, **scenario, labels=0)["PASS"] > 0.6
    assert errors(2000, **scenario, labels=120)["PASS"] <= 0.06


def test_labels_save_a_slandered_candidate_that_changed_nothing() -> None:
    scenario = {"drop": 0.0, "hidden": 0.0, "invented": 0.12}
    assert errors(300, **scenario, labels=0)["FAIL"] > 0.8
    assert errors(2000, **scenario, labels=120)["FAIL"] <= 0.06


def test_labels_of_a_fair_judge_widen_nothing_much() -> None:
    truth, judged = answers(np.random.default_rng(1), drop=0.0, hidden=0.0, invented=0.0)
    labelled = np.where(np.arange(CASES) < 120, truth[1] - truth[0], np.nan)
    corrected = corrected_mean(judged[1] - judged[0], labelled, np.arange(CASES))
    plain = clustered_mean(judged[1] - judged[0], np.arange(CASES))
    assert corrected is not None
    assert corrected.standard_error < 1.1 * plain.standard_error


@pytest.mark.parametrize(("labels", "state"), [(0, "untrusted judge"), (79, "untrusted judge"), (150, "")])
def test_an_untrusted_judge_may_decide_when_labels_correct_it(labels: int, state: str) -> None:
    generator = np.random.default_rng(3)
    right = generator.random((2, CASES)) < 0.9
    trials = [
        Trial(
            case=str(case),
            arm=arm,
            number=1,
            outcomes={"good": outcome(bool(right[row, case]))},
            labels={"good": float(right[row, case])} if case < labels else {},
        )
        for row, arm in enumerate(("baseline", "candidate"))
        for case in range(CASES)
    ]
    gate = Gate(rules=(Rule(metric="good", margin=Margin(value=10)),))
    metric = replace(Metric(name="good", source="judge"), trust="uncalibrated")
    cases = [Case(id=str(number)) for number in range(CASES)]
    found = decide(trials, gate=gate, metrics={"good": metric}, cases=cases)
    assert ("untrusted judge" in found.reason) == bool(state)
