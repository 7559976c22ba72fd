import json
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import evaluators.cli
from tests.evaluators.cli.command import parapet

EXAMPLE = Path("evaluators/cli/example")


def test_a_new_user_starts_offline_breaks_a_prompt_and_is_told(tmp_path: Path) -> None:
    assert parapet(tmp_path, "eval", "init").code == 0
    planned = parapet(tmp_path, "eval", "plan", "evals/suite.yaml", "-o", "json")
    first = parapet(tmp_path, "eval", "run", "evals/suite.yaml", "-o", "json")
    candidate = tmp_path / "evals" / "prompts" / "candidate.md"
    candidate.write_text(candidate.read_text().replace("- Always repeat the order number.\n", ""))
    second = parapet(tmp_path, "eval", "run", "evals/suite.yaml")
    compared = parapet(tmp_path, "eval", "compare", first.json["run"], "latest", "-o", "json")

    assert planned.json["answers"] == [320, 960]
    assert planned.json["metrics"][0]["smallest_visible"] == pytest.approx(0.047, abs=0.001)
    # The example is drawn by chance: about one run in ten stays undecided.
    assert first.json["decision"]["findings"][2]["state"] == "PASS"
    assert second.code == 1
    assert "FAIL  names_order: worse than the baseline" in second.err
    assert compared.code == 1
    assert compared.json["baseline"] == "baseline"


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "mine")
    again = parapet(tmp_path, "eval", "init", "mine")
    assert again.code == 4
    assert "exists already" in again.err


@pytest.mark.parametrize(
    ("change", "arguments", "code", "words"),
    [
        ({"evaluatros": []}, [], 4, "did you mean 'evaluators'"),
        ({"cases": []}, [], 5, "no cases"),
        ({}, ["--tag", "unknown"], 5, "none of the 160 cases"),
        ({"target": {"python": "answers.replly", "arms": {"a": {}}}, "gate": {}}, [], 4, "has no 'replly'"),
        (
            {"target": {"prompt": {"model": "m"}, "arms": {"a": {"prompt": "hi"}}}, "gate": {}},
            [],
            4,
            "no endpoint is known",
        ),
        ({}, ["--trials", "many"], 4, "neither a number nor a range"),
        ({}, ["--nonsense"], 4, "No such option"),
    ],
)
def test_a_suite_that_cannot_run_says_why(
    tmp_path: Path, change: dict[str, object], arguments: list[str], code: int, words: str
) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "evals")
    path = tmp_path / "evals" / "suite.yaml"
    path.write_text(json.dumps(yaml.safe_load(path.read_text()) | change))
    run = parapet(tmp_path, "eval", "run", "evals/suite.yaml", *arguments)
    assert run.code == code
    assert words in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["eval"],
        *(["eval", name] for name in ("init", "plan", "run", "gate", "compare", "show", "schema")),
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    shown = CliRunner().invoke(evaluators.cli.parapet, [*command, "--help"])
    assert shown.exit_code == 0
    assert "Usage: " in shown.output


def test_the_schema_is_json(tmp_path: Path) -> None:
    assert "evaluators" in parapet(tmp_path, "eval", "schema").json["required"]


def test_an_unknown_run_is_named_with_those_that_exist(tmp_path: Path) -> None:
    run = parapet(tmp_path, "eval", "gate", "19990101")
    assert run.code == 4
    assert "no run is called '19990101'" in run.err
