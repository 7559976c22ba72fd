"""Words are found in any case and as whole words."""

import pytest

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
