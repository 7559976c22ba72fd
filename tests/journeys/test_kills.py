"""Workers that are killed in the middle of everything: each judgement and each trial counts once."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.journeys.instance import ROOT

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def rehearsed() -> Any:
    """What a small rehearsal of `tests/benchmarks/kill_jobs.py` came to."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.kill_jobs",
        "--jobs",
        "60",
        "--kills",
        "8",
        "--lease",
        "1.5",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_every_judgement_is_given_once_though_workers_are_killed(rehearsed: Any) -> None:
    judged = rehearsed["judge_jobs"]

    assert (judged["kills"], judged["lost"], judged["scored_twice"]) == (8, 0, 0)
    assert judged["given_up_but_not_poison"] == 0
    assert judged["states"] == {"done": 58, "unscored": 1, "dead": 1}


def test_every_trial_of_an_experiment_counts_once_though_workers_are_killed(rehearsed: Any) -> None:
    tried = rehearsed["experiment"]

    assert (tried["kills"], tried["experiment"], tried["verdict"]) == (2, "done", "FAIL")
    assert tried["scored_once_by_every_evaluator"] == tried["trials"] == 60
