"""Letters that make no words are found; words of seven languages, code and addresses are not."""

import random
import re
import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards import gibberish
from guardrails.guards.gibberish import build
from guardrails.policy import PolicyError
from tests.guardrails.guards.test_code import CODE
from tests.guardrails.guards.test_language import TEXTS

MASHED = (
    "asdkjh qwpoeiru zxmcnbv lkjasd qpwoeiru zmxncb",
    "sdfjkl sdfkjlsd fsdjkflsdjf sdfkljsdf jklsdfj",
    "ｘｑｚｊｋｖｂｐ ｗｑｘｚｊｋ ｖｂｘｑｚｊ ｋｐｗｑｘｚ ｊｋｖｂｑｘ",
    "xkcdqz vbnmqw plmokn ijbuhv ygctfx rdzesw",
)


@pytest.mark.parametrize("text", MASHED)
def test_letters_that_make_no_words_are_found(text: str) -> None:
    (finding,) = build({}).judge(text)

    assert finding.entity == "GIBBERISH"
    assert text[finding.start : finding.end].startswith(text[:20])
    assert 0.4 < finding.score <= 1.0


@pytest.mark.parametrize(
    "text",
    [
        *TEXTS.values(),
        *CODE.values(),
        "",
        "hjkl",
        "commit 9f8a7c6b5d4e3f2a1b0c9f8a7c6b5d4e3f2a1b0c https://i.imgur.com/VsdIpGvQzXkWq.png",
        "Сегодня хорошая погода 今日は天気がいい",
        "HTML CSS SQL JSON HTTP XML PDF USA FBI NATO",
        "Rhythm, crypts and syzygy by the Schwarzschild strengths of Wroclaw",
    ],
)
def test_what_is_written_by_people_is_left_alone(text: str) -> None:
    assert list(build({}).judge(text)) == []


def test_only_the_stretch_that_makes_no_words_is_found() -> None:
    text = f"{TEXTS['en']} {MASHED[0]} {TEXTS['en']}"

    (finding,) = build({}).judge(text)

    assert abs(finding.start - text.index(MASHED[0])) < 30
    assert finding.end - finding.start < len(MASHED[0]) + 30


def test_nearly_all_random_letters_are_found() -> None:
    chance = random.Random(7)
    texts = [
        " ".join("".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9))) for _ in range(8))
        for _ in range(200)
    ]

    assert sum(bool(build({}).judge(text)) for text in texts) >= 196


def test_how_unlikely_letters_must_be_is_for_the_policy_to_say() -> None:
    assert not build({"threshold": 8.0}).judge(MASHED[0])
    with pytest.raises(PolicyError, match="must lie between 2.5 and 8.0"):
        build({"threshold": 1})


PIECES = st.sampled_from(
    ("xqzv", "kjwq", "zz", "q", "the", "quick", "fox", "q1", "é", " ", " ", " ", ", ", "\n", "-", "12")
)


def word_by_word(text: str, least: int) -> Iterator[tuple[int, int, float]]:
    """Add up how unlikely each letter is after the one before it, and begin anew after so many."""
    start, cost, pairs = -1, 0, 0
    for found in re.finditer(r"(?<![^\W_])[a-z]+(?![^\W_])", text):
        start = found.start() if start < 0 else start
        spaced = f" {found.group()} "
        for before, after in zip(spaced, spaced[1:], strict=False):
            row = gibberish._LETTERS.index(before) * len(gibberish._LETTERS)
            cost += int(gibberish._SURPRISE[row + gibberish._LETTERS.index(after)])
            pairs += 1
        if pairs >= least:
            yield start, found.end(), cost / pairs
            start, cost, pairs = -1, 0, 0


@settings(max_examples=50, deadline=None)
@given(pieces=st.lists(PIECES, max_size=60), least=st.sampled_from((8, 12, 30)))
def test_pieces_are_as_unlikely_as_their_letters_one_after_the_other(pieces: list[str], least: int) -> None:
    text = "".join(pieces)

    assert [*build({"least_letters": least})._pieces(text)] == [*word_by_word(text, least)]
