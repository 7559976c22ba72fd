"""Latencies, costs and repeated answers as the gate decides on them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evaluators import Score
from evaluators.gate import Case, Decision, Gate, Margin, Metric, Rule, Trial, decide
from evaluators.gate.repeated import pass_k

LATENCY = Metric(name="latency", direction="lower", bounds=None)
P95 = Rule(metric="latency", quantile=0.95, margin=Margin(value=1.1, unit="ratio"))


def decided(before: np.ndarray, after: np.ndarray, rule: Rule, metric: Metric, **gate: object) -> Decision:
    """Decide on measurements, case by trial."""
    trials = [
        Trial(
            case=str(case), arm=arm, number=number + 1, outcomes={metric.name: Score(value=value, reason="")}
        )
        for arm, values in (("baseline", before), ("candidate", after))
        for (case, number), value in np.ndenumerate(values)
    ]
    looks = gate.pop("looks", (before.shape[1],))
    return decide(
        trials,
        gate=Gate(rules=(rule,), looks=looks, **gate),  # type: ignore[arg-type]
        metrics={metric.name: metric},
        cases=[Case(id=str(case)) for case in range(len(before))],
    )


def latencies(seed: int, *, slow_share: float = 0.0) -> np.ndarray:
    """Draw latencies of 300 cases; a share of the answers takes three times as long."""
    generator = np.random.default_rng(seed)
    drawn = np.exp(
        np.random.default_rng(0).normal(6, 0.1, size=(300, 1)) + generator.normal(0, 0.1, size=(300, 3))
    )
    return np.where(generator.random((300, 3)) < slow_share, 3 * drawn, drawn)


def test_a_slower_tail_fails_where_the_mean_would_not_say_so() -> None:
    before, after = latencies(1), latencies(2, slow_share=0.07)
    tail = decided(before, after, P95, LATENCY)
    mean = decided(
        before, after, replace(P95, quantile=None, margin=Margin(value=1.2, unit="ratio")), LATENCY
    )

    assert tail.state == "FAIL"
    assert tail.reason == "latency [p95]: worse than the baseline"
    assert (tail.findings[0].difference or 0.0) > 1.5
    assert mean.state == "PASS"


def test_the_same_tail_passes_and_is_told_as_a_ratio() -> None:
    decision = decided(latencies(1), latencies(3), P95, LATENCY)
    finding = decision.findings[0]
    assert (decision.state, finding.is_ratio, finding.margin) == ("PASS", True, 1.1)
    assert finding.difference == pytest.approx(1.0, abs=0.05)
    assert (finding.low or 9.0) < (finding.difference or 0.0) < (finding.high or 0.0)


def test_where_more_is_better_a_lower_quantile_fails() -> None:
    speed = replace(LATENCY, direction="higher")
    rule = replace(P95, quantile=0.05)
    slow = decided(1e4 / latencies(1), 1e4 / latencies(2, slow_share=0.07), rule, speed)
    same = decided(1e4 / latencies(1), 1e4 / latencies(3), rule, speed)
    assert (slow.state, same.state) == ("FAIL", "PASS")
    assert (slow.findings[0].difference or 1.0) < 0.7


def answers(right: Sequence[int], of: int) -> np.ndarray:
    """Return so many right answers of `of` for every case."""
    return np.array([[1.0] * count + [0.0] * (of - count) for count in right])


@pytest.mark.parametrize(
    ("right", "state"),
    [([3] * 80, "PASS"), ([3] * 60 + [2] * 20, "INCONCLUSIVE"), ([3] * 20 + [2] * 60, "FAIL")],
)
def test_pass_k_asks_for_answers_that_are_right_every_time(right: list[int], state: str) -> None:
    rule = Rule(metric="m", compare=False, floor=0.8, pass_k=3)
    decision = decided(answers(right, 3), answers(right, 3), rule, Metric(name="m"))
    finding = decision.findings[0]
    assert decision.state == state
    assert finding.name == "m [pass^3]"
    assert finding.candidate == pytest.approx(right.count(3) / 80)


def test_pass_k_is_the_share_of_choices_that_are_all_right() -> None:
    found = pass_k(np.array([4, 3, 1, 0]), np.array([4, 4, 4, 4]), 2)
    assert found == pytest.approx([1.0, 0.5, 0.0, 0.0])


def test_pass_k_waits_for_its_trials() -> None:
    rule = Rule(metric="m", compare=False, floor=0.8, pass_k=3)
    cases = answers([2] * 40, 2)
    decision = decided(cases, cases, rule, Metric(name="m"), looks=(1, 2, 3))
    assert (decision.state, decision.is_final) == ("INCONCLUSIVE", False)
    assert "no case has 3 scores yet" in decision.reason
