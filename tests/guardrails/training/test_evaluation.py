"""Calibration, judgement and card, on a handful of texts."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from guardrails.encoder import Encoder
from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS
from guardrails.training.blending import NOTED
from guardrails.training.calibrating import calibrated
from guardrails.training.card import write_card
from guardrails.training.evaluation import COMMENTS, evaluated
from guardrails.training.examples import Example, Span
from guardrails.training.held_out import CALIBRATED_ON, HeldOut
from guardrails.training.likeness import alike
from guardrails.training.recipe import Recipe, note
from guardrails.training.rows import OverlapError, fingerprint
from tests.guardrails.encoder.small import small_model


def personal(number: int) -> Example:
    text = f"Mail jane{number}@example.org, or call Jane {number}."
    end = text.index(",")
    return Example(
        text=text,
        spans=(Span("EMAIL_ADDRESS", 5, end),),
        toxicity=None,
        injection=None,
        source="mails",
        group=text,
    )


def comment(number: int, source: str) -> Example:
    toxicity = dict.fromkeys(TRAINED_TOXICITY_LABELS, float(number % 2))
    return Example(
        text=f"comment {number} of {source}",
        spans=None,
        toxicity=toxicity,
        injection=None,
        source=source,
        group=str(number),
    )


def order(number: int, source: str) -> Example:
    return Example(
        text=f"order {number} of {source}",
        spans=None,
        toxicity=None,
        injection=float(number % 2),
        source=source,
        group=str(number),
    )


JUDGED = (COMMENTS, "madlibs-nl", *(f"toxicity-challenge-{language}" for language in ("en", "nl", "de")))
TEXTS = HeldOut(
    pii_dev=[personal(number) for number in range(8)],
    pii_test=[personal(number) for number in range(8, 16)],
    toxicity_dev=[comment(number, "dev") for number in range(8)],
    toxicity_test=[comment(number, source) for number in range(8) for source in JUDGED],
    injection_dev=[order(number, "dev") for number in range(8)],
    injection_benign=[order(2 * number, min(CALIBRATED_ON)) for number in range(8)],
    injection_hard=[order(number, "hard") for number in range(8)],
    injection_test=[order(number, "elsewhere") for number in range(8)],
    injection_written=[order(number, "written") for number in range(8)],
    injection_besides=[order(2 * number + 1, "attacks only") for number in range(4)]
    + [order(number, source) for number in range(8) for source in ("both", "challenge-third")],
)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    encoder = Encoder.load(small_model(tmp_path_factory.mktemp("weights")))
    return encoder.calibrated(calibrated(encoder, TEXTS))


@pytest.fixture(scope="module")
def measured(encoder: Encoder) -> Any:
    return evaluated(encoder, TEXTS, seen=frozenset(["something else"]), say=lambda line: None)


def test_everything_asked_for_is_measured(measured: Any) -> None:
    assert set(measured["summary"]) >= {"pii: character recall", "injection: recall at 1 % false alarms"}
    assert measured["rows_judged_on"] == 8 + 40 + 8 + 8 + 20
    assert json.loads(json.dumps(measured)) == measured


def test_further_sources_are_judged_each_alone(measured: Any) -> None:
    besides = measured["injection"]["besides"]

    assert besides["both"]["texts"] == 8
    assert besides["both"]["attacks"] == 4
    assert 0 <= besides["both"]["false_alarms"] <= 1
    assert besides["attacks only"]["false_alarms"] is None
    assert besides["attacks only"]["recall_at_1_percent_false_alarms"] is None


def test_what_another_hand_wrote_has_rows_of_its_own(measured: Any) -> None:
    rows = {name for name in measured["summary"] if "written by another hand, blind" in name}

    assert len(rows) == 5
    assert 0 <= measured["injection"]["besides"]["challenge-third"]["false_alarms_at_even_odds"] <= 1


def test_the_recognizers_find_what_has_a_form(measured: Any) -> None:
    assert measured["pii"]["recognizers"]["f1_by_entity"]["EMAIL_ADDRESS"] == 1.0
    assert measured["pii"]["presidio"]["f1_by_entity"]["EMAIL_ADDRESS"] == 1.0
    assert measured["pii"]["recognizers_and_encoder"]["character_recall"] == 1.0


def test_a_text_that_was_learned_from_stops_the_judgement(encoder: Encoder) -> None:
    with pytest.raises(OverlapError):
        evaluated(encoder, TEXTS, seen=frozenset([fingerprint(personal(9))]), say=lambda line: None)


def test_the_injection_threshold_spares_benign_texts(encoder: Encoder) -> None:
    assert 0.05 <= encoder.calibration.thresholds["injection"] <= 0.99


def test_hard_texts_say_how_far_probabilities_can_be_believed(encoder: Encoder) -> None:
    wrong = [replace(each, injection=1 - (each.injection or 0)) for each in TEXTS.injection_hard]
    calibration = calibrated(encoder, replace(TEXTS, injection_hard=wrong))

    assert calibration.injection != encoder.calibration.injection


def test_the_card_names_what_falls_short(measured: Any, tmp_path: Path) -> None:
    folder = small_model(tmp_path)
    others = {
        "embedding": {"mean_cosine": 0.9, "rank_agreement_of_pairs": 0.9},
        "recipe": asdict(Recipe()),
        "before": [],
        "blends": [[{"seed": 1, "share": 0.5}, {"seed": 2, "share": 0.5}]],
    }
    (folder / "evaluation.json").write_text(json.dumps({**measured, **others}))
    write_card(folder)

    card = (folder / "CARD.md").read_text()
    assert "Where it falls short" in card
    assert "in flag mode" in card
    assert "Wikigold" in (folder / "ATTRIBUTIONS.md").read_text()


def test_two_readers_of_the_same_weights_are_alike(encoder: Encoder) -> None:
    assert alike(encoder, encoder, ["some text", "another"])["same_spans"] == 1.0


def test_what_earlier_runs_learned_from_is_not_forgotten(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    note(first, Recipe(taught=1), frozenset("a"), start=None)
    note(second, Recipe(taught=2), frozenset("b"), start=first)
    note(third, Recipe(taught=3), frozenset("c"), start=second)
    noted = json.loads((third / NOTED).read_text())

    assert noted["seen"] == ["a", "b", "c"]
    assert [recipe["taught"] for recipe in (*noted["before"], noted["recipe"])] == [1, 2, 3]
    assert Recipe.from_json(noted["recipe"]) == Recipe(taught=3)
