"""Topics and names are found in any form of their words, and other words are not."""

import pytest

from guardrails.guards.topic_words import TOPICS, forms
from guardrails.guards.topics import build
from guardrails.policy import PolicyError


def found(text: str, **parameters: object) -> list[tuple[str, str]]:
    findings = build(parameters).scanner().advance(text, 0, is_final=True)
    return [(each.entity, text[each.start : each.end]) for each in findings]


@pytest.mark.parametrize(
    ("topic", "text", "word"),
    [
        ("weapons", "He sold GUNS there.", "GUNS"),
        ("weapons", "two machine guns", "machine guns"),
        ("weapons", "seine Schusswaffen", "Schusswaffen"),
        ("drugs", "a bit of co\u200bcaine", "co\u200bcaine"),
        ("drugs", "Il vend de la cocaïne", "cocaïne"),
        ("gambling", "he gambled it away", "gambled"),
        ("gambling", "Glücksspiele sind verboten", "Glücksspiele"),
        ("medical_advice", "the dosages are", "dosages"),
        ("financial_advice", "criptomonedas", "criptomonedas"),
        ("legal_advice", "tre avvocati", "avvocati"),
        ("self_harm", "I want to die", "want to die"),
        ("politics", "the elections", "elections"),
        ("religion", "in der Kirche", "Kirche"),
        ("adult", "Pornografie", "Pornografie"),
    ],
)
def test_a_topic_is_found_by_its_words_in_any_form(topic: str, text: str, word: str) -> None:
    assert (topic.upper(), word) in found(text, topics=[topic])


@pytest.mark.parametrize(
    "text",
    [
        "The beginning of the gunwale is begun with a bombastic speech.",
        "Seine Heroine singt; the grenadine and the pistachio; a suicidology",
        "a casinoesque churchyard",
        "",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert found(text, topics=[topic for topic in TOPICS if topic not in ("drugs",)]) == []


def test_a_name_is_found_with_its_endings_and_in_any_dress() -> None:
    text = "Acme, acme's, Acmes and ＡＣＭＥ, not acmeology or Acme-like"

    matches = [word for _, word in found(text, competitors=["Acme"])]

    assert matches == ["Acme", "acme", "Acmes", "ＡＣＭＥ", "Acme"]


def test_a_name_that_is_also_a_word_of_a_topic_is_a_name() -> None:
    assert found("Jackpot", topics=["gambling"], competitors=["Jackpot"]) == [("COMPETITOR", "Jackpot")]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("gamble", "gambling"), ("party", "parties"), ("diagnose", "diagnosed"), ("gun", "guns")],
)
def test_words_are_spelled_as_english_does(word: str, expected: str) -> None:
    assert expected in set(forms(word, ("", "s", "es", "ed", "ing")))


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "needs something to look for"),
        ({"topics": ["weather"]}, "unknown 'weather'; known: "),
        ({"competitors": ["x" * 1_001]}, "longer than 1000"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)
