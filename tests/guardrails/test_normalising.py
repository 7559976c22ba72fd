"""What is invisible or only looks different does not hide a word, and every finding is where it stands in the original."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards import pattern, words
from guardrails.normalising import Normalised, as_read, as_seen, as_skimmed
from guardrails.session import GuardSession
from tests.guardrails.makers import cut, guard, policy, run, streamed, whole

ALPHABET = "ab oOß é\u0301ﬁ㏂\u200b\u00ad\U000e0061\ufe0fｂ𝐨о각"
HIDDEN = (
    "b\u200bomb",
    "ＢＯＭＢ",
    "𝐛𝐨𝐦𝐛",
    "b\u0336o\u0336m\u0336b",
    "b\U000e0062o\u00admb",
    "bоmb",
    "launch\u2060 code",
    "ｓecret\u200d",
    "geheimnis voll",
    "gro\u0308ße",
    "größe",
)
BESIDE = (
    "bombay",
    "a",
    "Größen",
    "\u200b\u200b",
    "éa",
    "secretary ",
    "launch",
    " ",
    ". ",
    "\ufe0f",
    "日本語",
    "e\u0301",
)
LISTED = {"words": ["bomb", "launch code", "secret", "geheimnis voll", "größe"]}
NUMBERS = {"patterns": ["email", "credit_card", "us_ssn"], "normalise": True}
HIDING = policy(guard("words", parameters=LISTED), guard(parameters=NUMBERS))


def origins(text: Normalised) -> list[int]:
    return [text.start(offset) for offset in range(len(text.text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b\u200bomb", "bomb"),
        ("ＢＯＭＢ", "bomb"),
        ("ⓑⓞⓜⓑ 𝕓𝕠𝕞𝕓", "bomb bomb"),
        ("Straße ﬁne", "strasse fine"),
        ("раураl", "paypal"),
        ("e\u0301", as_read("é").text),
        ("각 が", "각 か\u3099"),
        ("", ""),
    ],
)
def test_a_text_is_read_as_a_careless_reader_would(text: str, expected: str) -> None:
    assert as_read(text).text == expected


def test_what_is_only_made_plain_keeps_its_case_and_accents() -> None:
    assert as_seen("É\u200b４１ Ｂob@exämple.de").text == "É41 Bob@exämple.de"


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=ALPHABET, max_size=20))
def test_every_offset_leads_back_to_the_character_it_came_from(text: str) -> None:
    normalised = as_read(text)

    apart = [(index, character) for index, one in enumerate(text) for character in as_read(one).text]
    assert normalised.text == "".join(character for _, character in apart)
    assert origins(normalised) == [index for index, _ in apart]
    assert [normalised.count_before(at) for at in range(len(text) + 1)] == [
        sum(index < at for index, _ in apart) for at in range(len(text) + 1)
    ]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_listed_word_is_found_however_it_is_dressed(hidden: str) -> None:
    text = f"make a {hidden} now"

    (finding,) = words.build(LISTED).scanner().advance(text, 0, is_final=True)

    assert text[finding.start : finding.end] == hidden.rstrip("\u200d")


@pytest.mark.parametrize("text", ["bombay", "Größen", "secretary", "launching code"])
def test_a_longer_word_is_another_word(text: str) -> None:
    assert words.build(LISTED).scanner().advance(text, 0, is_final=True) == []


def test_a_letter_with_an_accent_is_another_letter_in_any_writing() -> None:
    guard = words.build({"words": ["か", "e"], "whole_words": False})

    assert guard.scanner().advance("が é e\u0301", 0, is_final=True) == []


def test_words_are_taken_as_they_are_written_when_the_policy_says_so() -> None:
    guard = words.build({"words": ["bomb"], "normalise": False})

    assert guard.scanner().advance("b\u200bomb ｂｏｍｂ", 0, is_final=True) == []


@pytest.mark.parametrize(
    "card", ["４１１１ １１１１ １１１１ １１１１", "4111\u200b111111111111", "4111 1111 1111 111𝟏"]
)
def test_a_pattern_sees_through_wide_digits_when_it_is_told_to(card: str) -> None:
    finding = pattern.build(NUMBERS).scanner().advance(f"pay {card}.", 0, is_final=True)[0]

    assert (finding.entity, finding.start, finding.end) == ("CREDIT_CARD", 4, 4 + len(card))


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from((*HIDDEN, *BESIDE, "４１１１ 1111 1111 111\u200b1", "bob@\u200bexample.com")),
        max_size=8,
    ),
    seed=st.integers(0, 2**32),
)
def test_a_stream_of_dressed_words_is_the_masked_whole(pieces: list[str], seed: int) -> None:
    text = "".join(pieces)

    out, stored, _ = run(streamed(GuardSession(HIDING), cut(text, seed)))

    assert (out, stored) == whole(HIDING, text)[:2]


@settings(max_examples=200)
@given(st.text(max_size=40) | st.text("Aaé\u0301ßİſǅꭰᏰ\ufb01\u200bо", max_size=80))
def test_every_character_is_changed_by_itself_however_many_others_there_are(text: str) -> None:
    for normalise in (as_read, as_seen, as_skimmed):
        assert normalise(text).text == "".join(normalise(character).text for character in text)
