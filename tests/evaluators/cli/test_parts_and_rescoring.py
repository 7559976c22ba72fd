"""Shards that are merged, stored answers that are judged again, and cases that failed."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.evaluators.cli.command import parapet

SUITE = """
suite: numbers
target:
  python: numbers_.reply
  arms: {baseline: {breaks: 0}, candidate: {breaks: %d}}
cases: {file: cases.jsonl, cluster: group}
trials: 1..2
evaluators:
  - contains: {id: right, value: "{{ expected }}"}
  - length: {id: short, unit: words, at_most: 3}
gate: {right: {margin: 5pt}}
"""
TARGET = """
def reply(inputs, *, breaks):
    number = inputs["number"]
    return "<b>sorry</b>" if number < breaks else f"It is {number}."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hundred cases in fifty groups; the candidate breaks the first thirty."""
    cases = [
        {"id": f"c{n}", "inputs": {"number": n, "group": n // 2}, "expected": f"{n}."} for n in range(100)
    ]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (tmp_path / "numbers_.py").write_text(TARGET)
    (tmp_path / "suite.yaml").write_text(SUITE % 30)
    return tmp_path


def test_shards_decide_together_as_the_whole_does(folder: Path) -> None:
    shards = [
        parapet(folder, "eval", "run", "suite.yaml", "--shard", f"{part}/3", "-o", "json")
        for part in (1, 2, 3)
    ]
    names = [shard.json["run"] for shard in shards]
    merged = parapet(folder, "eval", "merge", *names, "-o", "json")
    whole = parapet(folder, "eval", "run", "suite.yaml", "-o", "json")

    assert [shard.code for shard in shards] == [0, 0, 0]
    assert "nothing is decided by it" in shards[0].err
    assert sum(shard.json["cases"] for shard in shards) == 100
    assert sum(shard.json["clusters"] for shard in shards) == 50
    assert merged.code == whole.code == 1
    for figure in ("difference", "low", "high", "p_regression", "clusters"):
        parts, alone = (run.json["decision"]["findings"][0][figure] for run in (merged, whole))
        assert parts == pytest.approx(alone)


def test_parts_that_do_not_fit_are_refused(folder: Path) -> None:
    first, third = (
        parapet(folder, "eval", "run", "suite.yaml", "--shard", part, "-o", "json").json["run"]
        for part in ("1/3", "3/3")
    )
    whole = parapet(folder, "eval", "run", "suite.yaml", "-o", "json").json["run"]
    (folder / "suite.yaml").write_text(SUITE % 5)
    other = parapet(folder, "eval", "run", "suite.yaml", "--shard", "2/3", "-o", "json").json["run"]

    missing = parapet(folder, "eval", "merge", first, third)
    assert missing.code == 4
    assert "shards are missing: 2/3" in missing.err
    assert "is no shard" in parapet(folder, "eval", "merge", first, whole).err
    assert "the suite has changed" in parapet(folder, "eval", "merge", first, other, third).err
    assert "such as 2/5" in parapet(folder, "eval", "run", "suite.yaml", "--shard", "4/3").err


def test_stored_answers_are_judged_again_without_asking_the_target(folder: Path) -> None:
    first = parapet(folder, "eval", "run", "suite.yaml", "-o", "json")
    (folder / "numbers_.py").write_text("def reply(inputs, *, breaks):\n    raise RuntimeError\n")
    more = "  - contains: {id: sorry, value: sorry}\n  - length"
    (folder / "suite.yaml").write_text((SUITE % 30).replace("  - length", more))
    again = parapet(folder, "eval", "score", "latest", "--suite", "suite.yaml", "-o", "json")
    alone = parapet(
        folder, "eval", "score", first.json["run"], "--suite", "suite.yaml", "-e", "sorry", "-o", "json"
    )

    assert again.code == 1
    assert again.json["decision"]["findings"][0]["difference"] == pytest.approx(-0.3)
    assert again.json["run"] != first.json["run"]
    assert [finding["metric"] for finding in alone.json["decision"]["advisory"]] == ["sorry"]
    assert alone.json["decision"]["advisory"][0]["candidate"] == pytest.approx(0.3)


def test_scoring_what_does_not_fit_is_refused(folder: Path) -> None:
    parapet(folder, "eval", "run", "suite.yaml")
    unknown = parapet(folder, "eval", "score", "--suite", "suite.yaml", "-e", "rihgt")
    (folder / "cases.jsonl").write_text(
        '{"id": "new", "inputs": {"number": 1, "group": 1}, "expected": "1"}\n'
    )
    nothing = parapet(folder, "eval", "score", "--suite", "suite.yaml")
    assert (unknown.code, nothing.code) == (4, 5)
    assert "did you mean 'right'?" in unknown.err
    assert "answers none of the suite's cases" in nothing.err


def test_only_what_failed_is_run_again_and_decides_nothing(folder: Path) -> None:
    parapet(folder, "eval", "run", "suite.yaml")
    again = parapet(folder, "eval", "run", "suite.yaml", "--failing", "-o", "json")
    assert again.code == 0
    assert again.json["cases"] == 30
    assert "chosen because they failed" in again.err


class Page(HTMLParser):
    """Notes what a page would fetch or run, and what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.shown += data


def test_the_page_stands_alone_and_shows_what_broke(folder: Path) -> None:
    run = parapet(folder, "eval", "run", "suite.yaml", "-o", "html")
    page = Page()
    page.feed(run.out)
    assert (page.links, "b" in page.tags) == ([], False)
    assert "<b>sorry</b>" in page.shown
    assert "broken (30)" in page.shown
    assert page.tags.count("details") > 100
    assert len(run.out) < 1_600_000


def test_two_runs_compared_show_their_answers_too(folder: Path) -> None:
    parapet(folder, "eval", "run", "suite.yaml")
    (name,) = [row["run"] for row in parapet(folder, "eval", "show", "-o", "json").json]
    compared = parapet(folder, "eval", "compare", name, name, "-o", "html")
    page = Page()
    page.feed(compared.out)
    assert "<b>sorry</b>" in page.shown


def test_annotations_are_workflow_commands(folder: Path) -> None:
    run = parapet(folder, "eval", "run", "suite.yaml", "-o", "github")
    lines = run.out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("::error title=numbers%3A FAIL::right: 1 → .700")
