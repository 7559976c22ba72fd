import json
from pathlib import Path

from tests.evaluators.cli.command import parapet

SUITE = """
suite: agent
target: {python: agent.reply, arms: {only: {}}}
cases:
  - {id: one, inputs: {number: 1}, expected: [search, book]}
evaluators:
  - trajectory: {order: exact}
  - tool_calls: {arguments: ignore}
  - recall_at_k: {id: found, k: 2, relevant: [a, b]}
"""
AGENT = """
def reply(inputs):
    searching = {"role": "assistant", "content": None, "tool_calls": [{"name": "search", "arguments": "{}"}]}
    return {
        "output": "Booked.",
        "messages": [{"role": "user", "content": "Book"}, searching],
        "tool_calls": [{"name": "book", "arguments": "{}"}],
        "retrieved": ["a", "x", "b"],
    }
"""


def test_a_python_target_gives_its_conversation_calls_and_ids(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "agent.py").write_text(AGENT)
    run = parapet(tmp_path, "eval", "run", "suite.yaml", "--store", "kept")
    [log] = tmp_path.glob("kept/**/trials.jsonl")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    scores = {line["metric"]: line["outcome"]["value"] for line in lines if line["type"] == "score"}
    assert run.code == 0, run.err
    assert scores == {"trajectory": 1, "tool_calls": 0, "found": 0.5}
