from typing import Any

import pytest

from evaluators import NotApplicable, Unscored
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("parameters", "output", "expected", "value"),
    [
        ({}, "{}", {}, 1),
        ({}, "[]", [], 1),
        ({}, "{}", {"a": None}, 0),
        ({}, '{"a": null}', {"a": None}, 1),
        ({}, "1", True, 0),
        ({}, "0", 0, 1),
        ({}, "1e400", 5, 0),
        ({}, '{"a": 1, "b": "xy"}', {"a": 1, "b": "xz"}, 0.75),
        ({"strings": "equal"}, '{"a": 1, "b": "xy"}', {"a": 1, "b": "xz"}, 0.5),
        ({"numbers": "equal"}, "[1, 2]", [1, 3], 0.5),
        ({"lists": "any_order"}, "[2, 1]", [1, 2], 1),
        ({"lists": "any_order", "numbers": "equal"}, "[2, 1, 7]", [1, 2], 2 / 3),
        ({"lists": "any_order"}, "[]", [1], 0),
        ({}, '```json\n{"a": 1}\n```', '{"a": 1}', 1),
        ({"allow_fence": False}, "```json\n{}\n```", {}, 0),
        ({}, "not json", {}, 0),
        ({}, "NaN", 1, 0),
        ({}, "[" * 100_000, [], 0),
    ],
)
async def test_json_is_compared_as_the_table_says(
    parameters: dict[str, Any], output: str, expected: Any, value: float
) -> None:
    assert await value_of("json_diff", parameters, output, expected=expected) == pytest.approx(value)


async def test_without_an_expected_value_there_is_nothing_to_compare() -> None:
    assert isinstance(await outcome_of("json_diff", {}, "{}"), NotApplicable)


async def test_lists_too_long_to_pair_are_unscored() -> None:
    numbers = list(range(1_100))
    outcome = await outcome_of("json_diff", {"lists": "any_order"}, str(numbers), expected=numbers)
    assert isinstance(outcome, Unscored)
    assert outcome.code == "too_large"
