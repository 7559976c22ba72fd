"""Every example does what its README says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evaluators.cli.command import environment, parapet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree("examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_broken_prompt_fails_and_names_the_metric(folder: Path) -> None:
    run = parapet(folder, "eval", "run", "examples/support/broken.yaml", "-o", "json")
    states = {
        (finding["metric"], finding["check"]): finding["state"]
        for finding in run.json["decision"]["findings"]
    }
    assert run.code == 1
    assert states["names_order", "margin"] == "FAIL"
    assert states["names_order", "floor"] == "FAIL"


def test_a_harmless_change_breaks_no_invariant(folder: Path) -> None:
    run = parapet(folder, "eval", "run", "examples/support/suite.yaml", "-o", "json")
    states = {finding["metric"]: finding["state"] for finding in run.json["decision"]["findings"]}
    # The model is drawn by chance: about one run in twenty fails a margin, as the gate promises.
    assert (states["shape"], states["refusal"]) == ("PASS", "PASS")
    assert run.json["stop"] == ""


def test_the_judge_is_compared_with_people(folder: Path) -> None:
    found = parapet(folder, "eval", "calibrate", "resolves", "examples/judge/labels.jsonl", "-o", "json")
    assert found.json["trust"] == "calibrated"
    assert found.json["card"]["labels"] == 240
    assert 0.7 < found.json["card"]["ceiling"] < 1.0
    mapped = found.json["card"]["reliability"]
    assert mapped["held_out"]["brier"] < mapped["raw"]["brier"] + 0.01


def test_pytest_decides(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "evaluators.pytest_plugin.plugin",
        "examples/in_pytest",
    ]
    known = environment(folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PATH=os.environ["PATH"])
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "PASS  every gated metric passes" in done.stdout


def test_the_other_tools_configuration_is_imported(folder: Path) -> None:
    done = parapet(
        folder, "eval", "import", "examples/promptfoo/promptfooconfig.yaml", "imported", "-o", "json"
    )
    assert done.json["cases"] == 2
    assert len(done.json["not_translated"]) == 1
    assert done.json["not_translated"][0].startswith("assertion 'javascript' was left out: it is code")
