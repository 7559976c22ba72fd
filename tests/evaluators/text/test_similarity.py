from typing import Any

import pytest

from evaluators import NotApplicable, ParameterError, Unscored, registry
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("kind", "parameters", "output", "expected", "value"),
    [
        ("levenshtein", {}, "", "", 1),
        ("levenshtein", {}, "", "abc", 0),
        ("levenshtein", {}, "kitten", "sitting", 4 / 7),
        ("levenshtein", {}, "abc", ["xyz", "abd"], 2 / 3),
        ("levenshtein", {"normalize": "casefold"}, " ABC ", "abc", 1),
        ("levenshtein", {"expected": "abc"}, "abc", "xyz", 1),
        ("token_f1", {}, "The cat!", "a cat", 1),
        ("token_f1", {}, "the", "an", 1),
        ("token_f1", {}, "", "word", 0),
        ("token_f1", {}, "cat cat", ["dog", "cat"], 2 / 3),
        ("bleu", {}, "", "word", 0),
        ("bleu", {}, "word", "", 0),
        ("bleu", {}, "word", "word", 1),
        ("bleu", {}, "no match", "at all", 0),
        ("bleu", {"ignore_case": True}, "WORD", "word", 1),
        ("chrf", {}, "", "", 0),
        ("chrf", {}, "a", "a", 1),
        ("chrf", {}, "日本", "日本", 1),
        ("chrf", {}, "abc", ["xyz", "abc"], 1),
        ("rouge", {}, "", "", 0),
        ("rouge", {"variant": "rouge2"}, "word", "word", 0),
        ("rouge", {}, "running dogs", "run dog", 1),
        ("rouge", {"stem": False}, "running dogs", "run dog", 0),
        ("rouge", {"variant": "rouge1", "measure": "recall"}, "one two", "one two three four", 0.5),
        ("rouge", {"variant": "rouge1", "measure": "precision"}, "one two", "one two three four", 1),
        ("rouge", {"variant": "rougeLsum"}, "a b\nc d", "c d\na b", 1),
        ("starts_with", {"value": "Dear"}, "  Dear all", None, 1),
        ("starts_with", {"value": "Dear", "strip": False}, " Dear all", None, 0),
        ("starts_with", {}, "Hello", ["Good", "Hell"], 1),
        ("ends_with", {"value": "REGARDS", "ignore_case": True}, "Kind regards\n", None, 1),
        ("ends_with", {"value": "?"}, "No.", None, 0),
    ],
)
async def test_texts_are_compared_as_the_table_says(
    kind: str, parameters: dict[str, Any], output: str, expected: Any, value: float
) -> None:
    assert await value_of(kind, parameters, output, expected=expected) == pytest.approx(value)


@pytest.mark.parametrize(
    "kind", ["levenshtein", "token_f1", "bleu", "chrf", "rouge", "starts_with", "ends_with"]
)
@pytest.mark.parametrize("expected", [None, [], 5, {"a": 1}, ["a", 1]])
async def test_without_an_expected_text_there_is_nothing_to_compare(kind: str, expected: Any) -> None:
    assert isinstance(await outcome_of(kind, {}, "answer", expected=expected), NotApplicable)


@pytest.mark.parametrize("kind", ["levenshtein", "bleu", "chrf", "rouge"])
async def test_a_text_too_long_to_compare_is_unscored(kind: str) -> None:
    outcome = await outcome_of(kind, {}, "a" * 50_001, expected="a")
    assert isinstance(outcome, Unscored)
    assert outcome.code == "too_large"


async def test_a_table_too_large_to_fill_is_unscored() -> None:
    text = "a " * 3_000
    outcome = await outcome_of("rouge", {"variant": "rougeLsum"}, text, expected=text)
    assert isinstance(outcome, Unscored)
    assert outcome.code == "too_large"


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("bleu", {"longest": 0}),
        ("chrf", {"letters": 0}),
        ("chrf", {"beta": 0}),
        ("starts_with", {"value": ""}),
        ("ends_with", {"value": ""}),
    ],
)
def test_parameters_that_measure_nothing_are_refused(kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        registry.build(kind, parameters)
