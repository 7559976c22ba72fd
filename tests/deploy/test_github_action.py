"""The GitHub action, rehearsed: a repository with a base and a pull request, and a stand-in for GitHub's comments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.evaluators.cli.command import CODE, environment, parapet
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json

ACTION = Path("deploy/github-action").resolve()
SUITE = """
suite: replies
target:
  python: shop.replies.answer
  arms: {production: {prompt: file:prompt.md}}
cases: {file: cases.jsonl}
trials: 1..2
evaluators:
  - contains: {id: names_order, value: "{{ expected }}"}
gate: {names_order: {floor: 50%}}
"""
GATED = SUITE.replace(
    "production: {prompt: file:prompt.md}", "base: {}, head: {prompt: file:prompt.md}"
).replace("floor: 50%", "margin: 5pt")
CODE_OF_BASE = """
def answer(inputs, *, prompt):
    print("this is no answer")
    return inputs["order"] if "order number" in prompt else "On its way."
"""


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A shop whose base answers well; the work tree is a pull request's."""
    root = tmp_path / "shop"
    (root / "evals").mkdir(parents=True)
    (root / "shop").mkdir()
    cases = [{"id": f"c{n}", "inputs": {"order": f"AB-{n}"}, "expected": f"AB-{n}"} for n in range(60)]
    (root / "evals" / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (root / "evals" / "suite.yaml").write_text(GATED)
    (root / "evals" / "prompt.md").write_text("Repeat the order number.")
    (root / "shop" / "__init__.py").write_text("")
    (root / "shop" / "replies.py").write_text(CODE_OF_BASE)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "base")
    return root


def environment_of_a_job(repository: Path) -> dict[str, str]:
    """Return the environment a job has, with `parapet` on the path."""
    tools = repository.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "parapet").write_text(f"#!{sys.executable} -Werror\n{CODE}\n")
    (tools / "parapet").chmod(0o755)
    known = environment(repository.parent)
    return known | {"PATH": f"{tools}{os.pathsep}{known['PATH']}"}


def gate(repository: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the action's script as a job does."""
    known = environment_of_a_job(repository) | {
        "REPORT": str(repository.parent / "report"),
        "SUITE": "evals/suite.yaml",
        "BASE": git(repository, "rev-parse", "HEAD"),
    }
    return subprocess.run(
        ["bash", str(ACTION / "gate.sh")],
        cwd=repository,
        env=known | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_change_that_does_no_harm_passes(repository: Path) -> None:
    (repository / "evals" / "prompt.md").write_text("Always repeat the order number, kindly.")
    done = gate(repository)
    report = json.loads((repository.parent / "report" / "report.json").read_text())
    assert (done.returncode, report["decision"]["state"]) == (0, "PASS")
    assert "::notice title=replies::every gated metric passes" in done.stdout
    assert (report["baseline"], report["candidate"]) == ("base", "head")
    assert git(repository, "worktree", "list").count("\n") == 0


def test_a_broken_prompt_is_caught_and_told_everywhere(repository: Path, tmp_path: Path) -> None:
    (repository / "evals" / "prompt.md").write_text("Be nice.")
    output, summary = tmp_path / "output", tmp_path / "summary"
    done = gate(repository, GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0
    assert "exit-code=1" in output.read_text()
    assert "::error title=replies%3A FAIL::names_order: 1 → 0" in done.stdout
    assert summary.read_text().startswith("### ❌ FAIL")
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "junit.xml", "report.html", "report.json", "report.md",
    ]  # fmt: skip


def test_code_of_the_base_answers_for_the_base(repository: Path) -> None:
    code = repository / "shop" / "replies.py"
    code.write_text(CODE_OF_BASE.replace('inputs["order"] if', '"Who knows?" if'))
    done = gate(repository)
    report = json.loads((repository.parent / "report" / "report.json").read_text())
    (finding,) = report["decision"]["findings"]
    assert done.returncode == 1
    assert (finding["baseline"], finding["candidate"]) == (1.0, 0.0)


def test_a_base_that_cannot_answer_is_an_error_and_no_pass(repository: Path) -> None:
    good = (repository / "shop" / "replies.py").read_text()
    (repository / "shop" / "replies.py").write_text("import nothing_of_this_name\n")
    git(repository, "commit", "--quiet", "-am", "broken base")
    (repository / "shop" / "replies.py").write_text(good)
    done = gate(repository)
    assert done.returncode == 3
    assert "cannot import 'shop.replies'" in done.stderr


def test_a_suite_the_base_has_not_is_run_with_its_own_arms(repository: Path) -> None:
    (repository / "evals" / "new.yaml").write_text(SUITE)
    done = gate(repository, SUITE="evals/new.yaml")
    assert done.returncode == 0
    assert "has no evals/new.yaml; the suite's own arms are compared" in done.stderr


def test_arguments_reach_the_command(repository: Path) -> None:
    assert gate(repository, ARGUMENTS="--sample 5 --trials 1").returncode == 0
    report = json.loads((repository.parent / "report" / "report.json").read_text())
    assert (report["cases"], report["decision"]["look"]) == (5, 1)
    assert gate(repository, BASE="", ARGUMENTS="--nonsense").returncode == 4


def test_two_worktrees_by_hand_decide_the_same(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "base"), "HEAD")
    (repository / "evals" / "prompt.md").write_text("Be nice.")
    run = parapet(repository, "eval", "run", "evals/suite.yaml", "--against", str(tmp_path / "base"))
    nowhere = parapet(repository, "eval", "run", "evals/suite.yaml", "--against", "nowhere")
    outside = parapet(
        tmp_path / "base", "eval", "run", str(repository / "evals" / "suite.yaml"), "--against", "."
    )
    assert run.code == 1
    assert "FAIL  names_order: worse than the baseline" in run.err
    assert (nowhere.code, outside.code) == (4, 4)
    assert "neither a folder, nor a commit" in nowhere.err
    assert "outside the working directory" in outside.err


@pytest.mark.parametrize(
    ("prompt", "code"), [("Always repeat the order number, kindly.", 0), ("Be nice.", 1)]
)
def test_gitlabs_template_decides_with_its_own_lines(
    repository: Path, tmp_path: Path, prompt: str, code: int
) -> None:
    (repository / "evals" / "prompt.md").write_text(prompt)
    template = yaml.safe_load(Path("deploy/gitlab/parapet.gitlab-ci.yml").read_text())[".parapet"]
    given = {name: str(value) for name, value in template["variables"].items()} | {
        "CI_BUILDS_DIR": str(tmp_path),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(repository, "rev-parse", "HEAD"),
    }
    done = job(repository, template["script"], given)
    after = job(repository, template["after_script"], given)
    assert (done.returncode, after.returncode) == (code, 0), done.stderr + after.stderr
    assert sorted(path.name for path in (repository / "parapet-report").iterdir()) == [
        "junit.xml", "report.html", "report.json", "report.md",
    ]  # fmt: skip
    assert git(repository, "worktree", "list").count("\n") == 0


def job(repository: Path, lines: list[str], given: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the lines of a job as GitLab does: one after the other, up to the first that fails."""
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        cwd=repository,
        env=environment_of_a_job(repository) | given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def comment(folder: Path, github: FakeUpstream, text: str) -> "subprocess.CompletedProcess[str]":
    (folder / "report.md").write_text(text)
    given = {
        "GITHUB_API_URL": github.url.removesuffix("/v1"),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_TOKEN": "t",
        "PULL_REQUEST": "7",
        "SUITE": "evals/suite.yaml",
    }
    return subprocess.run(
        [sys.executable, "-W", "error", str(ACTION / "comment.py"), "report.md"],
        cwd=folder,
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        timeout=30,
    )


class Comments:
    """A pull request's comments, a hundred of which are other people's."""

    def __init__(self) -> None:
        self.bodies = dict.fromkeys(range(100), "nice")

    def __call__(self, request: Received) -> Reply:
        if request.method == "GET":
            page = int(request.path.rpartition("page=")[2])
            known = [{"id": number, "body": body} for number, body in self.bodies.items()]
            return as_json(known[(page - 1) * 100 : page * 100])
        number = len(self.bodies) if request.method == "POST" else int(request.path.rpartition("/")[2])
        self.bodies[number] = request.json["body"]
        return as_json({"id": number})


def test_one_comment_is_kept_up_to_date(tmp_path: Path) -> None:
    comments = Comments()
    with FakeUpstream(default=comments) as github:
        first = comment(tmp_path, github, "first")
        second = comment(tmp_path, github, "second")
        kept = dict(comments.bodies)
    assert (first.returncode, second.returncode, len(kept)) == (0, 0, 101)
    assert kept[100] == "<!-- parapet: evals/suite.yaml -->\nsecond"
    assert kept[99] == "nice"


def test_a_token_that_may_not_write_stops_nothing(tmp_path: Path) -> None:
    with FakeUpstream(default=lambda _: as_json({}, status=403)) as github:
        done = comment(tmp_path, github, "text")
    assert done.returncode == 0
    assert done.stdout == "::notice::no comment was written: GitHub answered 403\n"


def test_the_definitions_are_yaml_that_calls_the_command() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    gitlab = yaml.safe_load(Path("deploy/gitlab/parapet.gitlab-ci.yml").read_text())
    assert [step.get("id") for step in action["runs"]["steps"]].count("gate") == 1
    assert "parapet eval run" in "\n".join(gitlab[".parapet"]["script"])
