"""CI asks whether a prompt change may ship; the answers come through the proxy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, completion
from tests.journeys.instance import Instance

SUITE = """
suite: order-answers
target:
  prompt: {model: gpt-4o-mini}
  arms:
    baseline: {prompt: "file:baseline.md"}
    candidate: {prompt: "file:candidate.md"}
cases: {file: cases.jsonl}
trials: 1
evaluators:
  - contains: {id: names_order, value: "{{ expected.order }}"}
gate:
  names_order: {margin: 5pt}
"""
GOOD = "Name the order in your answer. The question: {{ inputs.question }}"


@pytest.fixture
def suite(tmp_path: Path, upstream: FakeUpstream) -> Path:
    cases = [
        {"id": f"c{n}", "inputs": {"question": f"Where is order A-{n}?"}, "expected": {"order": f"A-{n}"}}
        for n in range(80)
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(json.dumps(case) for case in cases))
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "baseline.md").write_text(GOOD)
    upstream.always(answer_as_told)
    return tmp_path


def answer_as_told(request: Received) -> Reply:
    """Be a model that does what its prompt says: it names the order only when it is told to."""
    asked = request.json["messages"][-1]["content"]
    order = asked.rpartition("order ")[2].rstrip("?")
    said = f"Order {order} left the warehouse." if "Name the order" in asked else "It left the warehouse."
    return as_json(completion(said, model="gpt-4o-mini-2024-07-18"))


def run(instance: Instance, suite: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("parapet")), "eval", "run", "suite.yaml", "-o", "json"],
        cwd=suite,
        env=instance.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_harmless_change_passes_and_a_broken_prompt_does_not(instance: Instance, suite: Path) -> None:
    (suite / "candidate.md").write_text(GOOD + " Be brief.")
    harmless = run(instance, suite)
    (suite / "candidate.md").write_text("Answer briefly. The question: {{ inputs.question }}")
    broken = run(instance, suite)

    assert (harmless.returncode, broken.returncode) == (0, 1), harmless.stderr + broken.stderr
    assert json.loads(harmless.stdout)["decision"]["state"] == "PASS"
    assert json.loads(broken.stdout)["decision"]["state"] == "FAIL"
