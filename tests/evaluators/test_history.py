"""Runs in a row: a decline that no single gate sees."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import Score, trials
from evaluators.cli.show import show
from evaluators.gate import Case, Gate, Margin, Metric, Rule, Trial, decide
from evaluators.history import Series, chart, declines, outcome_of, series_of
from evaluators.stats.cusum import LIMIT
from evaluators.trials import StoredAnswer, TrialKey, TrialLog

RIGHT = Metric(name="right")
LATENCY = Metric(name="latency", direction="lower", bounds=None)
CASES = 200


@pytest.fixture(params=["evals", "evals.db"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where runs are kept: a folder, and a database."""
    return tmp_path / str(request.param)


def means_of(run: int, *, lost_per_run: float = 0.0, seed: int = 0) -> np.ndarray:
    """Draw the share of three answers that are right, of cases that lose a little with every run."""
    chances = np.random.default_rng(11).beta(1.7, 0.3, size=CASES)
    drawn = np.random.default_rng([seed, run]).random((3, CASES)) < chances * (
        1.0 - lost_per_run * run / 0.85
    )
    return np.asarray(drawn.mean(axis=0))


def ended(
    root: Path, means: np.ndarray, *, suite: str = "s", let_through: bool = True, **more: Any
) -> TrialLog:
    """Store a run that measured these means."""
    header: dict[str, Any] = {
        "suite": suite,
        "cases": [{"id": f"c{n}", "cluster": "", "tags": []} for n in range(len(means))],
        "metrics": [asdict(RIGHT)],
        "gate": asdict(Gate(rules=(Rule(metric="right"),))),
    }
    header["gate"]["rules"][0]["tags"] = []
    log = trials.create(root, header)
    right = {f"c{n}@abcdef": float(mean) for n, mean in enumerate(means)}
    log.add_outcome(
        {"state": "PASS", "look": 3, "let_through": let_through, "means": {"right": right} | more}
    )
    log.close()
    return trials.read(log.directory)


def series(root: Path, log: TrialLog, **options: Any) -> Series:
    (found,) = series_of(root, log, {"right": RIGHT}, **options)
    return found


def test_a_slow_decline_is_seen_although_the_gate_lets_every_run_through(root: Path) -> None:
    drawn = [means_of(run, lost_per_run=0.008, seed=4) for run in range(12)]
    states = [gate_between(before, after) for before, after in zip(drawn, drawn[1:], strict=False)]
    logs = [ended(root, means) for means in drawn]
    found = series(root, logs[-1])

    assert set(states) == {"PASS", "INCONCLUSIVE"}
    assert found.is_declining
    assert found.falls[4] < LIMIT < found.falls[-1]
    (sentence,) = declines([found])
    assert sentence.startswith("slow decline: right has moved by −")
    assert "each of which the gate let through" in sentence


def gate_between(before: np.ndarray, after: np.ndarray) -> str:
    """Let the gate compare two neighbours, with a margin of five points."""
    arms = {"baseline": before, "candidate": after}
    found = decide(
        [
            Trial(case=str(n), arm=arm, number=1, outcomes={"right": Score(value=float(mean), reason="")})
            for arm, means in arms.items()
            for n, mean in enumerate(means)
        ],
        gate=Gate(rules=(Rule(metric="right", margin=Margin(value=5)),)),
        metrics={"right": RIGHT},
        cases=[Case(id=str(n)) for n in range(CASES)],
    )
    return found.state


def test_runs_that_only_scatter_do_not_alarm(root: Path) -> None:
    logs = [ended(root, means_of(run)) for run in range(15)]
    assert not series(root, logs[-1]).is_declining


def test_a_decline_of_a_fifth_of_a_point_a_day_is_found_within_a_month() -> None:
    alarmed = []
    for seed in range(30):
        scores = np.array([means_of(run, lost_per_run=0.005, seed=seed) for run in range(30)])
        heights = chart(scores, np.arange(CASES))
        assert heights is not None
        alarmed.append(max(heights) > LIMIT)
    assert np.mean(alarmed) >= 0.9


def test_only_runs_of_the_suite_that_were_let_through_count(root: Path) -> None:
    for run in range(4):
        ended(root, means_of(run))
        ended(root, means_of(run) * 0.1, let_through=False)
        ended(root, means_of(run) * 0.1, suite="other")
    assert len(series(root, ended(root, means_of(9))).runs) == 5


def test_a_new_start_and_too_few_runs_show_nothing_yet(root: Path) -> None:
    logs = [ended(root, means_of(run, lost_per_run=0.05)) for run in range(6)]
    assert series(root, logs[-1]).is_declining
    assert len(series(root, logs[-1], since=logs[2].name).runs) == 4
    assert series_of(root, logs[-1], {"right": RIGHT}, since=logs[3].name) == []


def test_cases_that_came_later_are_left_out_and_a_suite_made_anew_begins_anew(root: Path) -> None:
    for run in range(4):
        ended(root, means_of(run))
    grown = ended(root, np.concatenate([means_of(5), np.zeros(20)]))
    assert (series(root, grown).cases, len(series(root, grown).runs)) == (CASES, 5)
    doubled = ended(root, np.concatenate([means_of(6), np.zeros(CASES)]))
    assert series_of(root, doubled, {"right": RIGHT}) == []


def test_measurements_without_limits_are_told_as_ratios(root: Path) -> None:
    generator = np.random.default_rng(2)
    for run in range(8):
        slower = 500.0 * 1.05**run * np.exp(generator.normal(0, 0.1, size=CASES))
        log = ended(root, means_of(run), latency={f"c{n}@abcdef": value for n, value in enumerate(slower)})
    (found,) = series_of(root, log, {"latency": LATENCY})
    assert found.is_declining
    assert "latency is ×1." in found.sentence()


def test_scores_that_never_vary_have_no_chart() -> None:
    assert chart(np.ones((6, 50)), np.arange(50)) is None


def test_an_outcome_holds_the_candidates_means_by_case_and_version(tmp_path: Path) -> None:
    header = {
        "suite": "s",
        "cases": [{"id": "a", "cluster": "", "tags": []}],
        "metrics": [{"name": "right"}],
    }
    log = trials.create(tmp_path, header)
    for arm, number, value in (("baseline", 1, 0.0), ("candidate", 1, 1.0), ("candidate", 2, 0.0)):
        key = TrialKey("a", arm, number, arm)
        log.add_answer(key, StoredAnswer(output=""))
        log.add_score(key, "right", "123456789abc", Score(value=value, reason=""))
    gate = Gate(rules=(Rule(metric="right", margin=Margin(value=5)),), looks=(2,))
    decision = decide([], gate=gate, metrics={"right": RIGHT}, cases=[Case(id="a")])
    outcome = outcome_of(log, replace(decision, look=2), gate, let_through=True)
    log.close()
    assert outcome["means"] == {"right": {"a@123456": 0.5}}


def test_the_series_is_shown_on_the_command_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run in range(6):
        log = ended(root, means_of(run, lost_per_run=0.05))
    show.main(["--series", "--store", str(root)], standalone_mode=False)
    shown = capsys.readouterr().out
    assert f"right  {CASES} cases, limit 5" in shown
    assert log.name in shown
    assert "slow decline: right has moved by −" in shown
