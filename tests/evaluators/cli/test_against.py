"""What a candidate is compared with: a commit of the repository, another checkout, a stored run."""

import json
import subprocess
from pathlib import Path

import pytest

from evaluators import settings, trials
from evaluators.cli.run import run
from evaluators.errors import SuiteError, TrialLogError
from evaluators.reuse import taken_over
from evaluators.trials import TrialLog

SUITE = """
suite: words
target:
  python: words_%(module)s.reply
  arms: {baseline: {tone: old}, candidate: {tone: file:tone.md}}
cases: {file: cases.jsonl}
trials: 1..2
evaluators:
  - contains: {id: right, value: "{{ expected }}"}
  - rubric: {id: polite, question: "Is it polite?"}
judges: {main: {model: judge-model, base_url: "http://127.0.0.1:9/v1"}}
gate: {right: 8pt}
"""
TARGET = """
from pathlib import Path

def reply(inputs, *, tone):
    return f"{tone}: {inputs['word']}" if tone != "mute" else "nothing"
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main branch holds a suite of 60 cases; the work is in its folder `evals`."""
    folder = tmp_path / "repository"
    (folder / "evals").mkdir(parents=True)
    cases = [{"id": f"c{n}", "inputs": {"word": f"w{n}"}, "expected": f"w{n}"} for n in range(60)]
    (folder / "evals" / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    name = tmp_path.name.replace("-", "_")
    (folder / "evals" / f"words_{name}.py").write_text(TARGET)
    (folder / "evals" / "suite.yaml").write_text(SUITE % {"module": name})
    (folder / "evals" / "tone.md").write_text("kind\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message=first")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PARAPET_HOME", str(tmp_path / "home"))
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def ended(*arguments: str) -> tuple[int, TrialLog]:
    """Run the suite, and return the exit code and the stored run."""
    code = run.main(["evals/suite.yaml", "--offline", *arguments], standalone_mode=False)
    return code, trials.read(trials.find(settings.read().home / "evals", "latest"))


def answers(log: TrialLog, arm: str) -> set[str]:
    """Return how an arm began its answers."""
    return {answer.output.partition(":")[0] for key, answer in log.answers.items() if key.arm == arm}


def test_a_branch_is_compared_with_and_the_repository_left_alone(repository: Path) -> None:
    (repository / "evals" / "tone.md").write_text("mute\n")
    before = git(repository, "status", "--porcelain"), git(repository, "worktree", "list")
    code, log = ended("--against", "main")

    assert code == 1
    assert (answers(log, "baseline"), answers(log, "candidate")) == ({"kind"}, {"nothing"})
    assert (git(repository, "status", "--porcelain"), git(repository, "worktree", "list")) == (*before,)


def test_a_commit_is_found_from_a_folder_inside_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "evals")
    code = run.main(["suite.yaml", "--offline", "--against", "HEAD"], standalone_mode=False)
    assert code == 0


def test_a_stored_run_is_a_baseline_that_nobody_asks(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, first = ended()
    (repository / "evals" / "tone.md").write_text("mute\n")
    capsys.readouterr()
    code, log = ended("--against", f"run:{first.name}")
    again, _ = ended("--against", "run:latest", "-k", "c1", "--trials", "1")

    assert code == 1
    assert answers(log, "baseline") == {"kind"}
    assert taken_over(log) == sum(key.arm == "baseline" for key in log.answers)
    assert f"the baseline is what run {first.name} was answered then" in capsys.readouterr().err
    assert again == 0


@pytest.mark.parametrize("wanted", ["no-such-branch", "--upload-pack=x", "run:1999"])
def test_what_is_nothing_of_these_is_named(repository: Path, wanted: str) -> None:
    with pytest.raises((SuiteError, TrialLogError), match=wanted.removeprefix("run:")):
        ended(f"--against={wanted}")


def test_a_dry_run_says_what_it_would_cost_and_asks_nobody(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run.main(["evals/suite.yaml", "--dry-run", "-k", "c1"], standalone_mode=False)
    assert code == 0
    assert "words  11 cases" in capsys.readouterr().out
    assert not settings.read().home.exists()


def test_offline_leaves_out_what_asks_a_model_elsewhere(repository: Path) -> None:
    _, log = ended()
    assert {metric for _, metric, _ in log.scores} == {"right"}
    path = repository / "evals" / "suite.yaml"
    path.write_text(path.read_text().replace('  - contains: {id: right, value: "{{ expected }}"}\n', ""))
    path.write_text(path.read_text().replace("gate: {right: 8pt}", ""))
    with pytest.raises(SuiteError, match="every evaluator of the suite asks a model elsewhere"):
        ended()
