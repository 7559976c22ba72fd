"""Labels are read strictly, and what is wrong is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.calibration import labels
from evaluators.errors import SuiteError

OPTIONS = {"resolved": 1.0, "partly": 0.5, "open": 0.0}


def file(folder: Path, *rows: Any) -> Path:
    path = folder / "labels.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("label", "value"), [(True, 1.0), ("No", 0.0), (0.25, 0.25), ("partly", 0.5), ("pass", 1.0), (1, 1.0)]
)
def test_a_label_is_what_people_write(tmp_path: Path, label: Any, value: float) -> None:
    (row,) = labels.read(file(tmp_path, {"output": "x", "label": label}), options=OPTIONS)
    assert row.label == value


def test_several_people_are_averaged_and_kept(tmp_path: Path) -> None:
    (row,) = labels.read(file(tmp_path, {"output": "x", "labels": ["yes", "no", "yes", "yes"]}))
    assert row.label == 0.75
    assert row.ratings == (1.0, 0.0, 1.0, 1.0)


def test_labels_the_judge_was_made_with_are_left_out(tmp_path: Path) -> None:
    path = file(
        tmp_path, {"output": "a", "label": 1, "split": "dev"}, {"output": "b", "label": 0, "split": "test"}
    )
    assert [row.sample.output for row in labels.read(path) if row.sample] == ["b"]
    assert len(labels.read(path, with_development=True)) == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "expected a mapping, found list"),
        ({"output": "x", "lable": 1}, "unknown key 'lable'; did you mean 'label'?"),
        ({"output": "x"}, "`label` is needed"),
        ({"label": 1}, "`output` is needed"),
        ({"output": "x", "label": "partially"}, "'partially' is no label; did you mean 'partly'?"),
        ({"output": "x", "label": 3}, "a number from 0 to 1"),
        ({"output": "x", "label": None}, "a number from 0 to 1"),
        ({"output": 5, "label": 1}, "`output` must be a text"),
        ("", "no labels are left"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, row: Any, words: str) -> None:
    with pytest.raises(SuiteError) as error:
        labels.read(file(tmp_path, row), options=OPTIONS)
    assert words in str(error.value)


def test_one_answer_labelled_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="labelled twice"):
        labels.read(file(tmp_path, {"output": "x", "label": 1}, {"output": "x", "label": 0}))
