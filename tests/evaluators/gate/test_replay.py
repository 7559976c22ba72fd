"""The replay benchmark decides as the gate does, and knows the truth of the changes it replays."""

from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.replay import changes, decided_state, gate_state, replayed

HEADER = "judge,strategy,set,item,label,winner,winner_when_swapped\n"


@pytest.fixture
def verdicts(tmp_path: Path) -> Path:
    """Two judges, one with three strategies: plain is right nine times in ten, worse six times, same as plain."""
    generator = np.random.default_rng(5)
    chances = {("a", "plain"): 0.9, ("a", "worse"): 0.6, ("a", "same"): 0.9, ("b", "alone"): 0.5}
    lines = []
    for (judge, strategy), chance in chances.items():
        for item in range(300):
            first, second = (1 if right else 2 for right in generator.random(2) < chance)
            lines.append(f"{judge},{strategy},Natural,{item},1,{first},{second}\n")
    path = tmp_path / "verdicts.csv"
    path.write_text(HEADER + "".join(lines))
    return path


def test_every_ordered_pair_within_a_judge_is_a_change(verdicts: Path) -> None:
    found = changes(verdicts)
    effects = sorted(change.effect for change in found)
    assert len(found) == 6
    assert effects[:2] == pytest.approx([-0.3, -0.3], abs=0.06)
    assert sum(effects) == pytest.approx(0)


def test_a_true_regression_of_thirty_points_is_never_passed(verdicts: Path) -> None:
    rows = [row for row in replayed(verdicts, draws=5, suites=((100, 2),)) if row.get("truth") == "D <= -10"]
    assert [(row["gate PASS"], row["gate FAIL"], row["suites"]) for row in rows] == [(0.0, 1.0, 10)]


@pytest.mark.parametrize("trials", [1, 2])
@pytest.mark.parametrize("cases", [12, 60])
def test_the_replay_decides_as_the_gate_does(verdicts: Path, cases: int, trials: int) -> None:
    generator = np.random.default_rng(cases)
    pairs = []
    for change in changes(verdicts):
        chosen = generator.integers(0, 300, size=cases)
        before, after = change.before[chosen, :trials], change.after[chosen, :trials]
        pairs.append((gate_state(before, after), decided_state(before, after)))
    assert [ours for ours, _ in pairs] == [gates for _, gates in pairs]
