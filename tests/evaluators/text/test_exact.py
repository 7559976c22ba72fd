from typing import Any

import pytest

from evaluators import NotApplicable
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("normalize", "output", "expected", "value"),
    [
        ("strip", " Paris\n", "Paris", 1),
        ("strip", "paris", "Paris", 0),
        ("none", " Paris", "Paris", 0),
        ("casefold", "STRASSE", "straße", 1),
        ("squad", "The  Eiffel Tower!", "eiffel tower", 1),
        ("squad", "Theatre", "atre", 0),
        ("strip", "ﬁne", "fine", 1),
        ("strip", '{"b": 2, "a": 1.0}', {"a": 1, "b": 2}, 1),
        ("strip", "[1, true]", [1, 1], 0),
        ("strip", "not json", {"a": 1}, 0),
        ("strip", "[" * 100_000, [], 0),
        ("strip", "", "", 1),
    ],
)
async def test_an_answer_equals_the_expected_one(
    normalize: str, output: str, expected: Any, value: float
) -> None:
    assert await value_of("exact", {"normalize": normalize}, output, expected=expected) == value


async def test_nothing_to_compare_with_is_not_applicable() -> None:
    assert isinstance(await outcome_of("exact", {}, "Paris"), NotApplicable)
