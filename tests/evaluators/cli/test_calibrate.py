"""A judge is compared with people, then decides, and loses that right when it changes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evaluators.cli.command import Finished, parapet
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, completion

SUITE = """
suite: replies
target: {python: replies.reply, arms: {baseline: {}, candidate: {}}}
cases: {file: cases.jsonl}
trials: 1
evaluators:
  - rubric: {id: polite, question: "Is the reply polite?"}
judges: {main: {model: judge-one}}
gate: {polite: {margin: 10pt}}
"""
REPLIES = "def reply(inputs):\n    return 'Please, number ' + str(inputs['number']) + '.'\n"


def luck(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]


def fair(request: Received) -> Reply:
    """Say yes to what begins with please, and be wrong about one in sixteen."""
    shown = request.json["messages"][-1]["content"]
    answer = shown.split("the answer to examine\n")[1].split("\n")[0]
    is_polite = answer.startswith("Please") != (luck(answer) < 16)
    return as_json(completion("A" if is_polite else "B", usage={"cost": 0.0001}))


def harsh(request: Received) -> Reply:
    return as_json(completion("B", usage={"cost": 0.0001}))


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(default=fair) as upstream:
        yield upstream


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A suite of 120 polite replies, and 120 labelled answers of which a third are rude."""
    cases = [{"id": f"c{number}", "inputs": {"number": number}} for number in range(120)]
    words = ["Please, friend" if number % 3 else "Go away" for number in range(120)]
    labels = [
        {"output": f"{text} {number}.", "label": "yes" if text.startswith("Please") else "no"}
        for number, text in enumerate(words)
    ]
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "replies.py").write_text(REPLIES)
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    return tmp_path


def asked(folder: Path, upstream: FakeUpstream, *arguments: str) -> Finished:
    access = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-test"}
    return parapet(folder, "eval", *arguments, **access)


def calibrated(folder: Path, upstream: FakeUpstream) -> Finished:
    return asked(
        folder, upstream, "calibrate", "polite", "labels.jsonl", "--suite", "suite.yaml", "-o", "json"
    )


def test_a_calibrated_judge_decides_and_a_changed_one_no_longer(folder: Path, upstream: FakeUpstream) -> None:
    before = asked(folder, upstream, "run", "suite.yaml")
    card = calibrated(folder, upstream)
    after = asked(folder, upstream, "run", "suite.yaml", "-o", "json")
    suite = folder / "suite.yaml"
    suite.write_text(SUITE.replace("judge-one", "judge-two"))
    changed = asked(folder, upstream, "run", "suite.yaml")

    assert "untrusted judge: uncalibrated, nobody has compared it" in before.err
    assert card.json["trust"] == "calibrated"
    assert card.json["card"]["kappa"]["low"] > 0.6
    assert "CALIBRATED  κ" in card.err
    assert after.json["decision"]["state"] == "PASS"
    assert "untrusted judge: stale, its model, prompt or parameters have changed" in changed.err


def test_a_judge_that_moved_is_an_error_before_anything_is_asked(
    folder: Path, upstream: FakeUpstream
) -> None:
    calibrated(folder, upstream)
    upstream.always(harsh)
    asked_before = len(upstream.requests)
    run = asked(folder, upstream, "run", "suite.yaml", "-o", "json")
    again = asked(folder, upstream, "gate", "latest")

    assert run.code == 3
    assert "polite: the judge has moved: the judge agrees with" in run.json["decision"]["reason"]
    assert len(upstream.requests) - asked_before == 50
    assert run.json["cost_usd"] == pytest.approx(0.005)
    assert again.code == 3


def test_rates_of_a_stored_run_are_corrected_by_labels_of_its_answers(
    folder: Path, upstream: FakeUpstream
) -> None:
    asked(folder, upstream, "run", "suite.yaml")
    labels = [{"case": f"c{number}", "arm": "candidate", "label": True} for number in range(40)]
    with (folder / "labels.jsonl").open("a") as file:
        file.writelines(json.dumps(label) + "\n" for label in labels)
    found = asked(
        folder, upstream, "calibrate", "polite", "labels.jsonl", "--suite", "suite.yaml", "--over", "latest",
        "-o", "json",
    )  # fmt: skip
    baseline, candidate = found.json["rates"]

    assert (baseline["method"], candidate["method"]) == ("Rogan-Gladen", "PPI++")
    assert candidate["labels"] == 40
    assert baseline["judged"] < 0.97
    # Every reply is polite; the judge's one slip in sixteen is taken back.
    assert baseline["corrected"]["high"] == pytest.approx(1.0, abs=0.02)
    assert candidate["corrected"]["high"] > 0.97


def test_scores_that_are_known_need_no_judge_and_no_suite(tmp_path: Path) -> None:
    rows = [{"output": str(n), "label": n % 2, "score": 0.2 + 0.6 * (n % 2)} for n in range(80)]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = parapet(tmp_path, "eval", "calibrate", "mine", "labels.jsonl", "-o", "json")
    assert found.code == 0
    assert found.json["card"]["auroc"]["value"] == 1.0
    assert "not stored" in found.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["polit", "labels.jsonl", "--suite", "suite.yaml"], "did you mean 'polite'?"),
        (["polite", "labels.jsonl"], "120 of 120 labels hold no `score`; give --suite"),
        (["polite", "nothing.jsonl"], "nothing.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_named(folder: Path, arguments: list[str], words: str) -> None:
    found = parapet(folder, "eval", "calibrate", *arguments)
    assert found.code == 4
    assert words in found.err


def test_a_stored_run_is_decided_again_with_peoples_labels(folder: Path, upstream: FakeUpstream) -> None:
    asked(folder, upstream, "run", "suite.yaml")
    rows = [
        {"case": f"c{number}", "arm": arm, "label": True}
        for number in range(90)
        for arm in ("baseline", "candidate")
    ]
    (folder / "seen.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = asked(folder, upstream, "gate", "latest", "--labels", "polite=seen.jsonl", "-o", "json")
    (folder / "seen.jsonl").write_text('{"case": "c999", "arm": "candidate", "label": true}\n')
    unknown = asked(folder, upstream, "gate", "latest", "--labels", "polite=seen.jsonl")
    (finding,) = found.json["decision"]["findings"]
    assert (finding["state"], finding["labels"]) == ("PASS", 90)
    assert "corrected by labels of 90 cases" in found.err
    assert "has no case 'c999', arm 'candidate', trial 1" in unknown.err
