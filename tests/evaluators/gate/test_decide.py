from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from evaluators import NotApplicable, Outcome, Score, Unscored
from evaluators.gate import Case, Decision, Gate, Margin, Metric, Rule, Trial, decide
from tests.evaluators.gate.simulation import RIGHT, WRONG, decided, shares

LOST = Unscored(code="judge_error", reason="the judge was down")
NEVER = NotApplicable(reason="no expected answer")


def run_of(
    baseline: Iterable[Outcome | float],
    candidate: Iterable[Outcome | float],
    rule: Rule | None = None,
    *,
    metric: Metric | None = None,
    looks: tuple[int, ...] = (1,),
    is_stopped: bool = False,
    **gate: Any,
) -> Decision:
    """Decide on one trial per case and arm of a metric called m."""
    arms = {"baseline": list(baseline), "candidate": list(candidate)}
    trials = [
        Trial(case=str(i), arm=arm, number=1, outcomes={"m": scored(value)})
        for arm, values in arms.items()
        for i, value in enumerate(values)
    ]
    cases = [Case(id=str(i)) for i in range(max(len(values) for values in arms.values()))]
    return decide(
        trials,
        gate=Gate(rules=(rule or Rule(metric="m", margin=Margin(value=5)),), looks=looks, **gate),
        metrics={"m": metric or Metric(name="m")},
        cases=cases,
        is_stopped=is_stopped,
    )


def scored(value: Outcome | float) -> Outcome:
    return (
        value if isinstance(value, (Score, Unscored, NotApplicable)) else Score(value=value, reason="given")
    )


def test_an_unchanged_suite_passes_when_it_is_large_enough() -> None:
    decision = run_of([RIGHT] * 100, [RIGHT] * 100)
    assert (decision.state, decision.is_final) == ("PASS", True)
    assert decision.findings[0].reason == "non-inferior"


def test_a_few_cases_never_pass_however_alike_the_arms() -> None:
    decision = run_of([RIGHT] * 20, [RIGHT] * 20)
    assert decision.state == "INCONCLUSIVE"
    assert "cannot exclude the margin" in decision.reason


def test_a_broken_prompt_fails_and_names_what_it_broke() -> None:
    decision = run_of([RIGHT] * 40, [WRONG] * 12 + [RIGHT] * 28)
    assert decision.state == "FAIL"
    assert decision.findings[0].difference == pytest.approx(-0.3)
    assert decision.findings[0].mcnemar is not None
    assert decision.findings[0].mcnemar.worse == 12
    assert len(decision.newly_broken) == 12
    assert decision.newly_fixed == ()


def test_a_real_drop_within_the_margin_passes_and_says_so() -> None:
    base, candidate = [0.9 + 0.001 * (i % 7) for i in range(50)], [0.89 + 0.001 * (i % 5) for i in range(50)]
    decision = run_of(base, candidate)
    assert decision.state == "PASS"
    assert decision.findings[0].reason == "worse, but within the margin"


def test_lower_is_better_turns_the_comparison_round() -> None:
    metric = Metric(name="m", direction="lower")
    assert run_of([RIGHT] * 40, [WRONG] * 20 + [RIGHT] * 20, metric=metric).state == "PASS"
    worse = run_of([WRONG] * 40, [RIGHT] * 20 + [WRONG] * 20, metric=metric)
    assert worse.state == "FAIL"
    assert worse.findings[0].difference == pytest.approx(0.5)


def test_a_ratio_compares_geometric_means() -> None:
    metric = Metric(name="m", direction="lower", bounds=None)
    rule = Rule(metric="m", margin=Margin(value=1.2, unit="ratio"))
    base = [100.0 + i for i in range(40)]
    same = run_of(
        base, [value * (1.02 + 0.01 * (i % 3)) for i, value in enumerate(base)], rule, metric=metric
    )
    slow = run_of(base, [value * (1.5 + 0.01 * (i % 3)) for i, value in enumerate(base)], rule, metric=metric)
    assert same.state == "PASS"
    assert same.findings[0].difference == pytest.approx(1.03, abs=0.01)
    assert slow.state == "FAIL"


def test_a_drop_below_the_margin_is_no_failure_when_the_rule_asks_for_more() -> None:
    base = [0.9 + 0.02 * (i % 7) for i in range(30)]
    candidate = [0.87 + 0.02 * (i % 5) for i in range(30)]
    rule = Rule(metric="m", margin=Margin(value=4.5))
    strict = run_of(base, candidate, rule)
    patient = run_of(base, candidate, replace(rule, fail_when="beyond_margin", margin=Margin(value=5.1)))
    assert strict.state == "FAIL"
    assert patient.state == "INCONCLUSIVE"


@pytest.mark.parametrize(("right", "state"), [(100, "PASS"), (95, "INCONCLUSIVE"), (60, "FAIL")])
def test_a_floor_is_held_with_wilsons_interval(right: int, state: str) -> None:
    rule = Rule(metric="m", compare=False, floor=0.92)
    decision = run_of([], [RIGHT] * right + [WRONG] * (100 - right), rule)
    assert decision.state == state


def test_an_invariant_fails_on_one_broken_trial() -> None:
    rule = Rule(metric="m", must_pass=True)
    decision = run_of([], [RIGHT] * 9 + [WRONG], rule)
    assert decision.state == "FAIL"
    assert decision.reason == "m: broken by 9"
    assert run_of([], [RIGHT] * 10, rule).state == "PASS"


def test_an_invariant_that_was_never_checked_does_not_pass() -> None:
    rule = Rule(metric="m", must_pass=True)
    assert run_of([], [RIGHT] * 99 + [LOST], rule).state == "INCONCLUSIVE"
    assert run_of([], [RIGHT] * 9 + [LOST], rule).state == "ERROR"


def test_one_no_of_a_judge_waits_for_confirmation() -> None:
    judge = Metric(name="m", source="judge", trust="calibrated")
    rule = Rule(metric="m", must_pass=True)

    def trials_with(noes: int) -> list[Trial]:
        outcomes = [WRONG] * noes + [RIGHT] * (3 - noes)
        return [
            Trial(case="a", arm="candidate", number=n + 1, outcomes={"m": o}) for n, o in enumerate(outcomes)
        ]

    gate = Gate(rules=(rule,), looks=(1, 2, 3))
    states = [
        decide(trials_with(noes), gate=gate, metrics={"m": judge}, cases=[Case(id="a")]).state
        for noes in (0, 1, 2)
    ]
    first = decide(trials_with(1)[:1], gate=gate, metrics={"m": judge}, cases=[Case(id="a")])
    assert states == ["PASS", "PASS", "FAIL"]
    assert (first.state, first.is_final) == ("INCONCLUSIVE", False)


def test_missing_scores_are_an_error_and_never_a_pass() -> None:
    decision = run_of([RIGHT] * 100, [RIGHT] * 90 + [LOST] * 10)
    assert decision.state == "ERROR"
    assert "10 of 100 answers of the candidate" in decision.reason
    low, high = decision.findings[0].worst_case or (0, 0)
    assert (low, high) == pytest.approx((-0.1, 0.0))


def test_unequal_silence_is_an_error_even_when_it_is_rare() -> None:
    decision = run_of([RIGHT] * 300, [RIGHT] * 288 + [LOST] * 12)
    assert decision.state == "ERROR"
    assert "not alike" in decision.reason


def test_cases_without_a_question_do_not_count() -> None:
    decision = run_of([RIGHT] * 80 + [NEVER] * 20, [RIGHT] * 80 + [NEVER] * 20)
    assert decision.state == "PASS"
    assert decision.findings[0].cases == 80
    assert run_of([NEVER] * 5, [NEVER] * 5).state == "ERROR"


def test_an_uncalibrated_judge_cannot_decide_unless_told_to() -> None:
    judge = Metric(name="m", source="judge")
    rule = Rule(metric="m", margin=Margin(value=5))
    answers = ([RIGHT] * 100, [WRONG] * 100)
    assert run_of(*answers, rule, metric=judge).state == "INCONCLUSIVE"
    assert "untrusted judge" in run_of(*answers, rule, metric=judge).reason
    assert run_of(*answers, replace(rule, trust="assume"), metric=judge).state == "FAIL"
    assert run_of(*answers, rule, metric=replace(judge, trust="calibrated")).state == "FAIL"
    assert run_of(*answers, rule, metric=replace(judge, trust="stale")).state == "INCONCLUSIVE"


def several(states: dict[str, tuple[int, int]]) -> Decision:
    """Decide on metrics of which so many of 60 cases became worse, better."""
    trials = [
        Trial(
            case=str(i),
            arm=arm,
            number=1,
            outcomes={name: choose(arm, i, *counts) for name, counts in states.items()},
        )
        for arm in ("baseline", "candidate")
        for i in range(60)
    ]
    return decide(
        trials,
        gate=Gate(rules=tuple(Rule(metric=name, margin=Margin(value=5)) for name in states)),
        metrics={name: Metric(name=name) for name in states},
        cases=[Case(id=str(i)) for i in range(60)],
    )


def choose(arm: str, case: int, worse: int, better: int) -> Outcome:
    is_right = case < worse if arm == "baseline" else worse <= case < worse + better
    return RIGHT if is_right or case >= worse + better else WRONG


def test_every_metric_must_pass_and_failures_are_held_to_holm() -> None:
    assert several({"a": (0, 0), "b": (0, 0)}).state == "PASS"
    assert several({"a": (0, 0), "b": (6, 0)}).state == "FAIL"
    assert several({"a": (5, 0)}).state == "FAIL"
    crowded = several({"a": (5, 0), "b": (3, 3), "c": (4, 4), "d": (2, 2)})
    assert crowded.state == "INCONCLUSIVE"
    assert crowded.findings[0].p_holm == pytest.approx(4 * 0.5**5, rel=0.05)


def test_looks_stop_as_soon_as_the_answer_is_clear() -> None:
    clear = decided(1, cases=200, drop=0.4)
    assert (clear.state, clear.look) == ("FAIL", 1)


def test_an_unfinished_run_asks_for_more_until_it_is_stopped() -> None:
    open_run = run_of([RIGHT] * 30, [RIGHT] * 30, looks=(1, 2, 3))
    stopped = run_of([RIGHT] * 30, [RIGHT] * 30, looks=(1, 2, 3), is_stopped=True)
    assert (open_run.state, open_run.is_final) == ("INCONCLUSIVE", False)
    assert (stopped.state, stopped.is_final) == ("INCONCLUSIVE", True)


def test_a_run_that_broke_off_in_its_first_look_decides_nothing() -> None:
    decision = run_of([RIGHT] * 100, [WRONG] * 99, is_stopped=True)
    assert decision.state == "INCONCLUSIVE"
    assert decision.reason == "m: the first look is not complete"


def test_a_run_that_never_began_is_inconclusive_and_one_that_only_failed_an_error() -> None:
    begun = run_of([], [RIGHT], is_stopped=True)
    failed = run_of([LOST] * 10, [LOST] * 9, is_stopped=True)
    assert begun.state == "INCONCLUSIVE"
    assert failed.state == "ERROR"


def test_the_suite_as_it_stands_can_be_the_question() -> None:
    trials = [
        Trial(
            case=str(i), arm=arm, number=n, outcomes={"m": Score(value=0.8 + 0.01 * n + shift * i, reason="")}
        )
        for arm, shift in (("baseline", 0.0), ("candidate", 0.001))
        for i in range(12)
        for n in (1, 2, 3)
    ]
    gate = Gate(rules=(Rule(metric="m", margin=Margin(value=2)),), looks=(3,), estimand="suite")
    decision = decide(
        trials, gate=gate, metrics={"m": Metric(name="m")}, cases=[Case(id=str(i)) for i in range(12)]
    )
    assert decision.state == "PASS"
    assert decision.findings[0].method == "t"


def test_metrics_without_a_rule_are_reported_and_decide_nothing() -> None:
    trials = [
        Trial(
            case=str(i), arm=arm, number=1, outcomes={"m": RIGHT, "n": RIGHT if arm == "baseline" else WRONG}
        )
        for arm in ("baseline", "candidate")
        for i in range(100)
    ]
    decision = decide(
        trials,
        gate=Gate(rules=(Rule(metric="m", margin=Margin(value=5)),)),
        metrics={name: Metric(name=name) for name in ("m", "n")},
        cases=[Case(id=str(i)) for i in range(100)],
    )
    assert decision.state == "PASS"
    assert [(finding.metric, finding.reason) for finding in decision.advisory] == [("n", "worse")]


def test_the_default_margin_is_what_the_suite_can_see() -> None:
    rule = Rule(metric="m")
    assert run_of([RIGHT] * 250, [RIGHT] * 250, rule).findings[0].margin == pytest.approx(0.02)
    assert run_of([RIGHT] * 100, [RIGHT] * 100, rule).findings[0].margin == pytest.approx(0.0513, abs=1e-3)


# Four standard errors of a share of 0.05 among 300 runs are 0.05; the full card is tests/benchmarks/gate.py.
@pytest.mark.parametrize(
    ("scenario", "state", "at_most"),
    [
        ({"cases": 60, "drop": 0.05}, "PASS", 0.10),
        ({"cases": 60, "drop": 0.0}, "FAIL", 0.10),
        ({"cases": 30, "drop": 0.0, "broken": 0.05}, "PASS", 0.10),
        ({"cases": 120, "drop": 0.0, "redrawn": 0.2, "clusters": 30}, "FAIL", 0.10),
        ({"cases": 60, "drop": 0.10}, "PASS", 0.01),
    ],
)
def test_wrong_decisions_stay_rare(scenario: dict[str, Any], state: str, at_most: float) -> None:
    assert shares(300, **scenario)[state] <= at_most


def test_right_decisions_are_common() -> None:
    assert shares(60, cases=100, drop=0.0)["PASS"] >= 0.7
    assert shares(60, cases=100, drop=0.10)["FAIL"] >= 0.9


def test_a_slice_that_got_worse_is_named_and_decides_nothing() -> None:
    tags = [frozenset({"german"} if i % 5 == 0 else {"english"}) for i in range(300)]
    trials = [
        Trial(case=str(i), arm=arm, number=1, outcomes={"m": WRONG if _breaks(i, arm) else RIGHT})
        for arm in ("baseline", "candidate")
        for i in range(300)
    ]
    decision = decide(
        trials,
        gate=Gate(rules=(Rule(metric="m", margin=Margin(value=10), fail_when="beyond_margin"),)),
        metrics={"m": Metric(name="m")},
        cases=[Case(id=str(i), tags=tags[i]) for i in range(300)],
    )

    assert decision.state != "FAIL"
    assert {(finding.label, finding.reason) for finding in decision.slices} == {
        ("german", "worse"),
        ("english", "no change for the worse seen"),
    }
    assert all(finding.check == "advisory" for finding in decision.slices)


def _breaks(number: int, arm: str) -> bool:
    return arm == "candidate" and number % 15 == 0


def test_tags_of_few_cases_and_of_all_are_no_slices() -> None:
    tags = [frozenset({"all", "rare"} if i < 9 else {"all"}) for i in range(100)]
    trials = [
        Trial(case=str(i), arm=arm, number=1, outcomes={"m": RIGHT})
        for arm in ("baseline", "candidate")
        for i in range(100)
    ]
    decision = decide(
        trials,
        gate=Gate(rules=(Rule(metric="m", margin=Margin(value=5)),)),
        metrics={"m": Metric(name="m")},
        cases=[Case(id=str(i), tags=tags[i]) for i in range(100)],
    )

    assert decision.slices == ()


def test_a_change_beyond_chance_is_told_from_one_that_may_be_chance() -> None:
    def answers(arm: str, case: int) -> list[Outcome]:
        if arm == "candidate" and case == 0:
            return [WRONG] * 5
        return [RIGHT, RIGHT, WRONG, WRONG, WRONG] if arm == "candidate" and case == 1 else [RIGHT] * 5

    trials = [
        Trial(case=str(case), arm=arm, number=number + 1, outcomes={"m": outcome})
        for arm in ("baseline", "candidate")
        for case in range(40)
        for number, outcome in enumerate(answers(arm, case))
    ]
    decision = decide(
        trials,
        gate=Gate(rules=(Rule(metric="m", margin=Margin(value=5)),), looks=(5,)),
        metrics={"m": Metric(name="m")},
        cases=[Case(id=str(case)) for case in range(40)],
    )
    broken = {change.case: change for change in decision.newly_broken}
    assert broken["0"].q_value < 0.05 < broken["1"].q_value
    assert broken["1"].probability > 0.95


def test_an_open_comparison_says_what_would_close_it() -> None:
    answers = {"baseline": ("10", "10"), "candidate": ("11", "00")}
    trials = [
        Trial(
            case=str(case),
            arm=arm,
            number=number,
            outcomes={"m": RIGHT if kinds[case % 2][number - 1] == "1" else WRONG},
            again={"m": 1.0} if number == 1 else {},
        )
        for arm, kinds in answers.items()
        for case in range(80)
        for number in (1, 2)
    ]
    decision = decide(
        trials,
        gate=Gate(rules=(Rule(metric="m", margin=Margin(value=8)),), looks=(2,)),
        metrics={"m": Metric(name="m")},
        cases=[Case(id=str(case)) for case in range(80)],
    )
    (finding,) = decision.findings
    assert finding.reason == (
        "too uncertain; about 165 more cases, or 7 trials of each, would show a harmless change to be one"
    )
    assert finding.noise is not None
    assert finding.noise.shares == pytest.approx((0.01, 0.49, 0.49), abs=0.01)
