"""The numbers that decide, against numbers known otherwise."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from guardrails.training.calibrating import Judged, fitted
from guardrails.training.examples import Example, Span
from guardrails.training.metrics import (
    auroc,
    calibration_error,
    characters,
    threshold_at,
    together,
    typed_spans,
)
from guardrails.training.rows import OverlapError, assert_unseen, fingerprint, without
from guardrails.training.summary import AIMS, short_of, summary

CHANCE = np.random.default_rng(1)


def example(text: str, task: str = "") -> Example:
    return Example(text=text, task=task, spans=None, toxicity=None, injection=None, source="s", group="g")


def test_auroc_agrees_with_scikit_learn() -> None:
    truth = CHANCE.integers(0, 2, 500).astype(float)
    scores = np.round(truth + CHANCE.normal(size=500), 1)

    assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def test_characters_count_whatever_their_kind_and_without_spaces() -> None:
    counts = characters([("ab cd ef", [Span("PERSON", 0, 5)], [Span("LOCATION", 3, 8)])])

    assert (counts.found, counts.wrong, counts.missed) == (2, 2, 2)


def test_spans_count_when_kind_and_place_agree() -> None:
    true = [Span("PERSON", 0, 10), Span("AGE", 20, 22)]
    said = [Span("PERSON", 0, 8), Span("PERSON", 20, 22)]
    counts = typed_spans([("x" * 30, true, said)])

    assert counts["PERSON"].f1 == pytest.approx(2 / 3)
    assert together(counts).recall == 0.5


def test_the_threshold_lets_one_in_a_hundred_through() -> None:
    benign = CHANCE.random(1000)

    assert (benign > threshold_at(benign, share=0.01)).sum() <= 10


def test_true_probabilities_have_no_calibration_error() -> None:
    chances = CHANCE.random(50_000)
    truth = (CHANCE.random(50_000) < chances).astype(float)

    assert calibration_error(chances, truth) < 0.01
    assert calibration_error(np.clip(chances * 2, 0, 1), truth) > 0.2


def test_a_line_makes_logits_true() -> None:
    chances = CHANCE.random(20_000) * 0.98 + 0.01
    truth = (CHANCE.random(20_000) < chances).astype(float)
    line = fitted(Judged(3 * np.log(chances / (1 - chances)) + 2, truth))

    assert line.slope == pytest.approx(1 / 3, abs=0.02)
    assert line.offset == pytest.approx(-2 / 3, abs=0.05)


def test_a_text_is_the_same_in_other_capitals_and_spaces_but_not_beside_another_task() -> None:
    assert fingerprint(example("Hello  World")) == fingerprint(example("hello world\n"))
    assert fingerprint(example("a", "b")) != fingerprint(example("a"))


def test_nothing_is_judged_on_what_was_learned() -> None:
    seen = frozenset([fingerprint(example("Hello"))])

    with pytest.raises(OverlapError, match="1 texts of the test"):
        assert_unseen([example("hello")], seen, where="the test")
    assert without([example("hello"), example("other")], seen) == [example("other")]


def measured(value: float) -> dict[str, object]:
    result: dict[str, object] = {}
    for aim in AIMS:
        at = result
        for step in aim.path[:-1]:
            at = at.setdefault(step, {})  # type: ignore[assignment]
        at[aim.path[-1]] = value
    return result


def test_the_summary_says_what_falls_short() -> None:
    assert set(summary(measured(1.0)).values()) == {1.0}
    assert all("at most" in text for texts in short_of(measured(1.0)).values() for text in texts)
    assert set(short_of(measured(0.01))) == {"pii", "toxicity", "injection"}
