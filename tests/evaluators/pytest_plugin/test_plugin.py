"""The plugin as a user has it: pytest in a process of its own, alone and with workers."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from evaluators import trials
from tests.evaluators.cli.command import environment, parapet

SUITE = """
suite: replies
target: {tests: true}
cases: {file: cases.jsonl}
evaluators:
  - contains: {id: right, value: "{{ expected }}"}
  - length: {id: short, unit: words, at_most: 5}
gate:
  right: {floor: 60%, margin: 10pt}
  short: must_pass
"""
TESTS = """
import asyncio
from evaluators.pytest_plugin import cases

def answer(number):
    return f"It is {number}." if number not in BROKEN else "Who knows?"

@cases("suite.yaml")
def test_reply(case, trial):
    trial.record(answer(case.inputs["number"]))
    assert trial.check("short")

def test_of_another_kind():
    assert True
"""


@dataclass(frozen=True)
class Session:
    """A pytest session that has ended."""

    code: int
    out: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cases = [
        {"id": f"c{number}", "inputs": {"number": number}, "expected": f"{number}."} for number in range(60)
    ]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (tmp_path / "suite.yaml").write_text(SUITE)
    write_tests(tmp_path, broken=3)
    return tmp_path


def write_tests(folder: Path, *, broken: int, extra: str = "") -> None:
    code = TESTS.replace("BROKEN", f"range({broken})") + extra
    (folder / "test_replies.py").write_text(code)


def session(folder: Path, *arguments: str) -> Session:
    """Run pytest with nothing but our plugin and pytest-xdist."""
    plugins = ("-p", "evaluators.pytest_plugin.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", *plugins, *arguments],
        cwd=folder,
        env=environment(folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Session(done.returncode, done.stdout + done.stderr)


def test_tests_answer_and_the_gate_decides_once_at_the_end(folder: Path) -> None:
    found = session(folder)
    log = trials.read(trials.find(folder / "home" / "evals", "latest"))
    assert found.code == 0
    assert "61 passed" in found.out
    assert "PASS  every gated metric passes" in found.out
    assert len(log.answers) == 60


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_every_worker_counts_and_one_decides(folder: Path, workers: tuple[str, ...]) -> None:
    write_tests(folder, broken=40)
    found = session(folder, "--evals-trials", "2", *workers)
    assert "121 passed" in found.out
    assert "FAIL  right: below the floor" in found.out
    assert "2 trials" in found.out
    assert found.out.count("below the floor.") == 1
    assert found.code == 1


def properties(element: Xml.Element) -> dict[str, str]:
    return {item.attrib["name"]: item.attrib["value"] for item in element.findall("properties/property")}


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_pytests_own_junit_file_tells_scores_versions_costs_and_intervals(
    folder: Path, workers: tuple[str, ...]
) -> None:
    found = session(folder, "--junitxml", "junit.xml", "--evals-trials", "2", *workers)
    (suite,) = Xml.parse(folder / "junit.xml").getroot()
    of_suite = properties(suite)
    tests = {case.attrib["name"]: properties(case) for case in suite.findall("testcase")}

    assert found.code == 0
    assert (of_suite["replies.state"], of_suite["replies.cases"]) == ("PASS", "60")
    assert of_suite["replies.right.floor.state"] == "PASS"
    assert [float(end) for end in of_suite["replies.right.floor.interval"].split()] == pytest.approx(
        [0.863, 0.983], abs=0.01
    )
    assert of_suite["replies.short.must_pass.reason"] == "every trial keeps it"
    assert len(of_suite["replies.short.must_pass.version"]) == 12
    assert tests["test_of_another_kind"] == {}
    told = tests["test_reply[c7-trial2]"]
    assert (told["case"], told["trial"], told["right.score"], told["short.score"]) == ("c7", "2", "1", "1")
    assert told["right.reason"]
    assert len(told["right.version"]) == 12
    assert tests["test_reply[c0-trial1]"]["right.score"] == "0"
    assert len(tests) == 121


def test_a_session_is_compared_with_a_stored_run(folder: Path) -> None:
    session(folder)
    (first,) = parapet(folder, "eval", "show", "-o", "json").json
    write_tests(folder, broken=20)
    found = session(folder, "--evals-against", first["run"])
    assert "candidate against baseline" in found.out
    assert "FAIL  right: worse than the baseline" in found.out
    assert found.code == 1


def test_a_test_that_records_nothing_is_missing_and_no_pass(folder: Path) -> None:
    silent = '\n@cases("suite.yaml")\ndef test_silent(case, trial):\n    pass\n'
    (folder / "test_replies.py").write_text("from evaluators.pytest_plugin import cases\n" + silent)
    found = session(folder)
    assert found.code == 3
    assert "could not be scored" in found.out


def test_async_tests_may_check_at_once(folder: Path) -> None:
    inside = (
        '\n@cases("suite.yaml")\ndef test_inside(case, trial):\n    async def work():\n'
        '        trial.record({"word": 1}, cost_usd=0.1)\n        return trial.score("right").value\n'
        "    assert asyncio.run(work()) == 0.0\n"
    )
    write_tests(folder, broken=0, extra=inside)
    assert "60 passed" in session(folder, "-k", "inside").out


def test_a_broken_invariant_fails_its_own_test(folder: Path) -> None:
    code = (folder / "test_replies.py").read_text().replace('"Who knows?"', '"Who on earth could ever know?"')
    (folder / "test_replies.py").write_text(code)
    found = session(folder)
    assert "3 failed, 58 passed" in found.out
    assert "short: broken by c0, c1, c2" in found.out
    assert found.code == 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('check("short")', 'check("shrot")', "did you mean 'short'?"),
        ('@cases("suite.yaml")', '@cases("none.yaml")', "no such file"),
    ],
)
def test_mistakes_are_named(folder: Path, before: str, after: str, words: str) -> None:
    code = (folder / "test_replies.py").read_text()
    (folder / "test_replies.py").write_text(code.replace(before, after))
    found = session(folder)
    assert words in found.out
    assert found.code != 0


def test_without_marked_tests_the_plugin_loads_nothing_and_leaves_nothing(folder: Path) -> None:
    (folder / "test_replies.py").write_text(
        "import sys\n\ndef test_nothing():\n"
        "    assert not {'numpy', 'scipy', 'pydantic', 'aiohttp', 'evaluators.gate'} & sys.modules.keys()\n"
    )
    found = session(folder)
    assert "1 passed" in found.out
    assert "gate" not in found.out
    assert not (folder / "home").exists()
