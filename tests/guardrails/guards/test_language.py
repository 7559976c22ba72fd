"""The language of a text is told, and in doubt nothing is claimed."""

import pytest

from guardrails.guards.language import build, language_of
from guardrails.policy import PolicyError

TEXTS = {
    "en": "The weather is nice today, and we are going to the park with our friends.",
    "de": "Das Wetter ist heute schön, und wir gehen mit unseren Freunden in den Park.",
    "fr": "Il fait beau aujourd'hui et nous allons au parc avec nos amis pour jouer.",
    "es": "Hoy hace buen tiempo y vamos al parque con nuestros amigos para jugar un poco.",
    "it": "Oggi è una bella giornata e andiamo al parco con i nostri amici per giocare.",
    "nl": "Het is vandaag mooi weer en we gaan met onze vrienden naar het park om te spelen.",
    "pt": "Hoje o tempo está bom e nós vamos ao parque com os nossos amigos para brincar.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_enough(language: str) -> None:
    told, score = language_of(TEXTS[language])

    assert told == language
    assert score > 0.6


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Сегодня хорошая погода, и мы идём в парк.", "other"),
        ("今日は天気がいいので公園に行きます。", "other"),
        ("هذا يوم جميل جدا", "other"),
        ("", "unknown"),
        ("OK, thanks", "unknown"),
        ("Berlin Paris Madrid Roma Amsterdam Lisboa London", "unknown"),
        ("123 456 789 !!! ??? --- 10 11 12 13", "unknown"),
        (f"{TEXTS['en']} {TEXTS['de']}", "unknown"),
        (f"{TEXTS['de']} ```\nthis is the code of a function that we are in\n```", "de"),
        (f"{TEXTS['en']} Токио", "en"),
    ],
)
def test_in_doubt_nothing_is_claimed(text: str, language: str) -> None:
    assert language_of(text)[0] == language


def test_only_what_is_surely_unexpected_is_a_finding() -> None:
    guard = build({"expected": ["en", "de"]})

    assert [bool(guard.judge(text)) for text in TEXTS.values()] == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
    ]
    (finding,) = guard.judge(TEXTS["fr"])
    assert (finding.entity, finding.start, finding.end) == ("LANGUAGE_FR", 0, len(TEXTS["fr"]))
    assert guard.judge("今日は天気がいいので公園に行きます。")[0].entity == "OTHER_SCRIPT"
    assert not build({"other_scripts": False}).judge("今日は天気がいいので公園に行きます。")
    assert not guard.judge("OK, merci")


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [({"expected": []}, "at least one language"), ({"expected": ["xx"]}, "unknown 'xx'")],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)
