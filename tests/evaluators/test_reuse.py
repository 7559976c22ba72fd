"""A baseline taken over from earlier runs: what is asked again, and what happens when it no longer holds."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import trials
from evaluators.cli.run import run_suite
from evaluators.completion import ChatMessage, Complete, Completion
from evaluators.gate.trials import Metric
from evaluators.judgements import Judgements
from evaluators.recheck import Before, Recheck, disagreement
from evaluators.reuse import stored_baseline, taken_over
from evaluators.runner import RunResult
from evaluators.stored import gate_trials, header_of
from evaluators.suites import LoadedSuite, load
from evaluators.targets import Target
from evaluators.targets.python import PythonTarget
from evaluators.trials import TrialKey, TrialLog

SUITE = """
suite: letters
target:
  python: tests.evaluators.test_reuse.reply
  arms: {baseline: {tone: %(tone)s}, candidate: {tone: new}}
cases: {file: cases.jsonl}
trials: %(trials)s
evaluators:
  - contains: {id: right, value: "{{ expected }}"}
  - rubric: {id: polite, question: "Is it polite?"}
judges: {main: {model: judge}}
gate: {right: 15pt, polite: {margin: 15pt, trust: assume} %(more)s}
reuse_baseline: {days: 7, again: 10%%}
"""


@dataclass
class World:
    """What answers and judges, and how often each was asked."""

    broken: bool = False
    model: str = "snapshot-1"
    polite: str = "A"
    asked: Counter[str] = field(default_factory=Counter)


WORLD = World()


@pytest.fixture(autouse=True)
def _a_new_world() -> None:
    for name, value in vars(World()).items():
        setattr(WORLD, name, value)


def reply(inputs: Mapping[str, Any], *, tone: str) -> dict[str, Any]:
    """Answer with the letter that is asked for, unless the world is broken."""
    WORLD.asked[tone] += 1
    number = inputs["number"]
    output = f"{tone} {'?' if WORLD.broken and number % 10 else number}"
    return {"output": output, "model": WORLD.model, "cost_usd": 0.01}


async def judge(
    messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
) -> Completion:
    """Find everything polite, or everything rude."""
    WORLD.asked["judge"] += 1
    return Completion(text=WORLD.polite)


def suite(folder: Path, *, tone: str = "old", trials: str = "1", more: str = "") -> LoadedSuite:
    rows = [{"id": f"c{n}", "inputs": {"number": n}, "expected": str(n)} for n in range(60)]
    (folder / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "suite.yaml").write_text(SUITE % {"tone": tone, "trials": trials, "more": more})
    return load(folder / "suite.yaml")


def run(loaded: LoadedSuite, root: Path, *, later: timedelta = timedelta()) -> tuple[RunResult, TrialLog]:
    """Run a suite, taking over what it may."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[tuple[Target, Mapping[str, Complete]]]:
        yield PythonTarget(place="reply", function=reply, arms=loaded.arms), {"main": judge}

    known = stored_baseline(root, suite="letters", days=7, share=0.1, now=datetime.now(UTC) + later)
    log = trials.create(root, header_of(loaded))
    result = run_suite(loaded, log, Judgements.at(root / "judgements.jsonl"), connect, baseline=known)
    log.close()
    return result, trials.read(log.directory)


@pytest.fixture
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where runs are kept: a folder, or a database."""
    return tmp_path / str(getattr(request, "param", "store"))


both = pytest.mark.parametrize("root", ["store", "store.db"], indirect=True)


@both
def test_a_baseline_that_still_holds_is_asked_for_a_tenth(tmp_path: Path, root: Path) -> None:
    first, _ = run(suite(tmp_path), root)
    asked_before = Counter(WORLD.asked)
    second, log = run(suite(tmp_path), root)

    assert asked_before["old"] == 60
    assert WORLD.asked["old"] == 60 + 10
    assert (first.decision.state, second.decision.state) == ("PASS", "PASS")
    assert log.recheck is not None
    assert (log.recheck.state, len(log.recheck.again), taken_over(log)) == ("held", 10, 50)
    assert second.cost_usd == pytest.approx(0.01 * (60 + 10))
    assert len(gate_trials(log)) == 120
    assert "10 of its cases were asked again, and it holds" in log.recheck.sentence(taken_over(log))


@both
def test_a_model_that_answers_differently_today_is_asked_for_everything(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    WORLD.broken = True
    result, log = run(suite(tmp_path), root)

    assert WORLD.asked["old"] == 120
    assert log.recheck is not None
    assert log.recheck.state == "refused"
    assert "right of 10 cases asked again is −" in log.recheck.reason
    assert taken_over(log) == 0
    # Both arms have fallen alike: against today's baseline the candidate is no worse.
    assert result.decision.findings[0].difference == pytest.approx(0.0)


def test_a_judge_that_has_moved_refuses_a_baseline_too(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    WORLD.polite = "B"
    _, log = run(suite(tmp_path), root)

    assert log.recheck is not None
    assert log.recheck.state == "refused"
    assert log.recheck.reason.startswith("polite of 10 cases")


def test_another_snapshot_of_the_model_is_noticed_at_once(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    WORLD.model = "snapshot-2"
    _, log = run(suite(tmp_path), root)
    assert log.recheck is not None
    assert log.recheck.reason == "snapshot-2 answers now, where snapshot-1 did"
    assert WORLD.asked["old"] == 120


def test_another_prompt_and_old_answers_are_not_taken_over(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    _, other = run(suite(tmp_path, tone="older"), root)
    _, late = run(suite(tmp_path), root, later=timedelta(days=8))
    assert (taken_over(other), other.recheck) == (0, None)
    assert (taken_over(late), late.recheck) == (0, None)


def test_what_was_taken_over_does_not_grow_young_by_it(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    _, log = run(suite(tmp_path), root)
    known = stored_baseline(root, suite="letters", days=7, share=0.1, now=datetime.now(UTC))
    assert len(known.answers) == 60
    assert {answer.reused for answer in known.answers.values()} == {
        run_.name for run_ in trials.stored_runs(root)
    }
    assert sum(answer.reused == log.name for answer in known.answers.values()) == 10


def test_more_trials_than_are_stored_are_asked_for(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    _, log = run(suite(tmp_path, trials="2"), root)
    assert taken_over(log) == 50
    assert WORLD.asked["old"] == 60 + 10 + 60


def test_a_gated_latency_is_measured_side_by_side(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    _, log = run(suite(tmp_path, more=", latency_p95: 900%"), root)
    assert log.recheck is not None
    assert "latency_p95 is gated" in log.recheck.reason
    assert WORLD.asked["old"] == 120


def test_what_no_longer_holds_decides_nothing_even_when_the_run_breaks_off(
    tmp_path: Path, root: Path
) -> None:
    run(suite(tmp_path), root)
    _, log = run(suite(tmp_path), root)
    held = gate_trials(log)
    log.recheck = Recheck(state="refused", reason="it moved")
    assert len(held) - len(gate_trials(log)) == 50


@both
def test_a_replaced_answer_takes_its_scores_with_it(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    _, log = run(suite(tmp_path), root)
    key = next(key for key, answer in log.answers.items() if answer.reused)
    writer = trials.open_for_writing(log.directory)
    writer.add_answer(key, replace(log.answers[key], reused="", output="anew"))
    writer.close()
    again = trials.read(log.directory)
    assert again.answers[key].output == "anew"
    assert not [scored for scored in again.scores if scored[0] == key]


def test_a_baseline_that_holds_is_rarely_refused_and_one_that_moved_rarely_not() -> None:
    assert np.mean([bool(_seen(seed, moved=0.0)) for seed in range(300)]) <= 0.08
    assert np.mean([bool(_seen(seed, moved=0.8)) for seed in range(100)]) >= 0.85


def _seen(seed: int, *, moved: float) -> str:
    """Ask 20 cases again, of two metrics, one of which may have moved."""
    generator = np.random.default_rng(seed)
    chances = generator.beta(1.7, 0.3, size=20)
    metrics = [
        Before(
            metric=Metric(name=name),
            then=(generator.random(20) < chances).astype(float),
            now=(generator.random(20) < chances * (1.0 - drop)).astype(float),
            clusters=np.arange(20),
        )
        for name, drop in (("a", moved), ("b", 0.0))
    ]
    return disagreement(metrics, looks=(1,), look=1)


def test_a_key_is_only_its_own(tmp_path: Path, root: Path) -> None:
    run(suite(tmp_path), root)
    known = stored_baseline(root, suite="letters", days=7, share=0.1, now=datetime.now(UTC))
    assert known.answer(TrialKey("c1", "baseline", 1, "another")) is None
    assert stored_baseline(root, suite="numbers", days=7, share=0.1, now=datetime.now(UTC)).answers == {}
