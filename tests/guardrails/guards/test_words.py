"""Words are found in any case and as whole words."""

import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards.words import build
from guardrails.policy import PolicyError


@pytest.mark.parametrize(
    ("words", "whole", "text", "expected"),
    [
        (["art"], True, "Modern ART, artful party art", ["ART", "art"]),
        (["art"], False, "party", ["art"]),
        (["launch code"], True, "the Launch Code!", ["Launch Code"]),
        (["straße"], True, "Die STRASSE und die Straße.", ["STRASSE", "Straße"]),
        (["c++"], True, "I like C++, not C+", ["C++"]),
        (["日本"], False, "これは日本語", ["日本"]),
        (["a", "a b"], True, "a b", ["a", "a b"]),
    ],
)
def test_words_are_found(words: list[str], whole: bool, text: str, expected: list[str]) -> None:
    guard = build({"words": words, "whole_words": whole})

    findings = guard.scanner().advance(text, 0, is_final=True)

    assert [text[each.start : each.end] for each in findings] == expected


def test_a_word_is_not_settled_before_the_next_character_shows_its_end() -> None:
    scanner = build({"words": ["art"]}).scanner()

    assert scanner.advance("an art", 0, is_final=False) == []
    assert scanner.settled == 3
    assert scanner.advance("an artful", 0, is_final=False) == []
    assert scanner.settled == 9


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "at least one word"),
        ({"words": [" "]}, "at least one word"),
        ({"words": [""]}, "texts that are not empty"),
        ({"words": ["x" * 1_001]}, "longer than 1000"),
        ({"words": ["x"], "whole_words": "yes"}, "must be true or false"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)


LISTED = ("sesame", "launch code", "word1", "word12", "ab", "é")
PIECES = st.sampled_from(
    (*LISTED, "SESAME", "word", "a", "1", "_", "2", ".", " ", "\n", "x", "é", "日", "\u0301", "-")
)


def one_by_one(text: str, *, whole_words: bool) -> Iterator[tuple[int, int]]:
    """Look for each word by itself, and at what stands before and behind it."""
    folded = text.casefold()
    for word in LISTED:
        start = folded.find(word)
        while start >= 0:
            end = start + len(word)
            is_whole = not any(
                _is_of_word(before) and _is_of_word(after)
                for before, after in ((folded[start - 1 : start], word[0]), (word[-1], folded[end : end + 1]))
            )
            if (is_whole or not whole_words) and not unicodedata.combining(folded[end : end + 1] or " "):
                yield start, end
            start = folded.find(word, start + 1)


def _is_of_word(character: str) -> bool:
    return bool(character) and (
        character.isalnum() or character == "_" or unicodedata.combining(character) != 0
    )


@settings(max_examples=50, deadline=None)
@given(pieces=st.lists(PIECES, max_size=20), whole_words=st.booleans())
def test_words_are_found_together_as_each_by_itself(pieces: list[str], whole_words: bool) -> None:
    text = "".join(pieces)
    guard = build({"words": LISTED, "whole_words": whole_words, "normalise": False})

    findings = guard.scanner().advance(text, 0, is_final=True)

    assert sorted((each.start, each.end) for each in findings) == sorted(
        one_by_one(text, whole_words=whole_words)
    )
