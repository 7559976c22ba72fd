"""When a judge may decide, and when its canaries take that back."""

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from evaluators import Sample
from evaluators.calibration import canaries, card
from evaluators.calibration.card import Card, card_of, trust_of
from evaluators.calibration.labels import Labelled
from evaluators.stats.clustered import Array

TODAY = date(2026, 11, 21)


def labelled(count: int, *, ratings: int = 1) -> list[Labelled]:
    return [
        Labelled(
            id=f"a{number}",
            sample=Sample(output="x" * (number % 7)),
            label=float(number % 3 != 0),
            ratings=(float(number % 3 != 0),) * ratings,
            cluster=f"a{number}",
            score=None,
        )
        for number in range(count)
    ]


def scores_of(rows: list[Labelled], *, right: float, seed: int = 1) -> Array:
    """Judge so that this share is right, leaning and never certain."""
    generator = np.random.default_rng(seed)
    is_right = generator.random(len(rows)) < right
    said = np.array([row.label if ok else 1 - row.label for row, ok in zip(rows, is_right, strict=True)])
    return np.asarray(0.15 + 0.7 * said + generator.normal(0, 0.05, len(rows)))


def made(count: int = 200, right: float = 0.92) -> Card:
    rows = labelled(count)
    return card_of(
        rows, scores_of(rows, right=right), judge="resolves", build="b1", bounds=(0.0, 1.0), today=TODAY
    )


def test_a_judge_that_agrees_with_people_may_decide() -> None:
    trust, reason = trust_of(made(), "b1")
    assert trust == "calibrated"
    assert reason.endswith("on 200 labels")


@pytest.mark.parametrize(
    ("change", "build", "trust", "words"),
    [
        ({}, "b2", "stale", "have changed since 2026-11-21"),
        ({"labels": 49}, "b1", "uncalibrated", "49 labels are too few; 50 are needed"),
        ({"specificity": (4, 4)}, "b1", "uncalibrated", "only 4 of its labels are of the rarer kind"),
        ({"unscored": 20}, "b1", "uncalibrated", "could not judge 20 of 220"),
        ({"development": True}, "b1", "uncalibrated", "those it was made with"),
        ({"ceiling": 0.99}, "b1", "uncalibrated", "needed 0.84"),
    ],
)
def test_a_judge_that_proves_too_little_may_not(
    change: dict[str, object], build: str, trust: str, words: str
) -> None:
    found = trust_of(replace(made(), **change), build)  # type: ignore[arg-type]
    assert found[0] == trust
    assert words in found[1]


def test_a_judge_nobody_compared_is_uncalibrated() -> None:
    assert trust_of(None, "b1")[0] == "uncalibrated"


def test_a_judge_little_better_than_chance_is_uncalibrated() -> None:
    assert "too weak or too uncertain" in trust_of(made(right=0.65), "b1")[1]


def test_a_card_survives_being_stored(tmp_path: Path) -> None:
    written = made()
    card.write(tmp_path / "calibration" / "resolves.json", written)
    read = card.read(tmp_path / "calibration" / "resolves.json")
    assert read is not None
    assert read.as_json() == written.as_json()
    assert trust_of(read, "b1") == trust_of(written, "b1")
    assert card.read(tmp_path / "nothing.json") is None


def test_a_score_that_could_not_be_given_is_counted_and_never_a_no() -> None:
    rows = labelled(100)
    scores = scores_of(rows, right=0.95)
    scores[:30] = math.nan
    found = card_of(rows, scores, judge="j", build="b", bounds=(0.0, 1.0), today=TODAY)
    assert (found.labels, found.unscored) == (70, 30)
    assert found.accuracy > 0.9


def test_people_who_agree_set_the_ceiling() -> None:
    rows = labelled(60, ratings=3)
    found = card_of(rows, scores_of(rows, right=0.9), judge="j", build="b", bounds=(0.0, 1.0), today=TODAY)
    assert found.ceiling == pytest.approx(1.0)


def test_the_scale_of_the_judge_does_not_matter() -> None:
    rows = labelled(100)
    wide = [replace(row, label=1 + 4 * row.label, ratings=(1 + 4 * row.label,)) for row in rows]
    narrow = scores_of(rows, right=0.9)
    a = card_of(rows, narrow, judge="j", build="b", bounds=(0.0, 1.0), today=TODAY)
    b = card_of(wide, 1 + 4 * narrow, judge="j", build="b", bounds=(1.0, 5.0), today=TODAY)
    assert a.kappa.value == pytest.approx(b.kappa.value)
    assert a.reliability["held_out"]["brier"] == pytest.approx(b.reliability["held_out"]["brier"])


def canary_set(count: int = 50, right: float = 0.9) -> list[Labelled]:
    rows = labelled(count)
    return [
        replace(row, score=float(score))
        for row, score in zip(rows, scores_of(rows, right=right), strict=True)
    ]


def then(rows: list[Labelled]) -> Array:
    return np.array([math.nan if row.score is None else row.score for row in rows])


@pytest.mark.parametrize(
    ("moved", "alarm"),
    [
        (lambda scores: scores, ""),
        (lambda scores: 1.0 - scores, "the judge agrees with"),
        (lambda scores: scores + 0.04, "scores the same 50 canaries +4.0 points from where it did"),
        (lambda scores: scores + 0.001, ""),
        (lambda scores: np.full(50, math.nan), "50 it could not judge"),
    ],
)
def test_canaries_alarm_when_the_judge_moves(moved: object, alarm: str) -> None:
    rows = canary_set()
    found = canaries.check("resolves", rows, moved(then(rows)), (0.0, 1.0))  # type: ignore[operator]
    assert bool(found.alarm) == bool(alarm)
    assert alarm in found.alarm


def test_canaries_of_a_judge_that_did_not_move_hardly_ever_alarm() -> None:
    rows = labelled(50)
    alarms = 0
    for seed in range(400):
        before = scores_of(rows, right=0.9, seed=seed)
        known = [replace(row, score=float(score)) for row, score in zip(rows, before, strict=True)]
        noise = np.random.default_rng([seed, 1]).normal(0, 0.03, 50)
        alarms += bool(canaries.check("j", known, before + noise, (0.0, 1.0)).alarm)
    assert alarms <= 8


def test_canaries_survive_being_stored(tmp_path: Path) -> None:
    rows = labelled(80)
    kept = canaries.chosen(rows, scores_of(rows, right=0.9), 50)
    canaries.write(tmp_path / "c.jsonl", kept)
    read = canaries.read(tmp_path / "c.jsonl", (0.0, 1.0))
    assert [(row.id, row.label, row.score, row.sample) for row in read] == [
        (row.id, row.label, score, row.sample) for row, score in kept
    ]
    assert canaries.read(tmp_path / "none.jsonl", (0.0, 1.0)) == []
