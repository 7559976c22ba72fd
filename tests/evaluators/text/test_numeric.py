from typing import Any

import pytest

from evaluators import NotApplicable
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("parameters", "output", "expected", "value"),
    [
        ({}, "The answer is 42.", 42, 1),
        ({}, "2 + 2 = **4**", "4", 1),
        ({}, "$1,234.50", 1234.5, 1),
        ({"which": "first"}, "7, then 8", 7, 1),
        ({"which": "only"}, "7, then 8", 8, 0),
        ({"absolute_tolerance": 0.5}, "3.4", 3, 1),
        ({"relative_tolerance": 0.1}, "109", 100, 1),
        ({}, "\u22125", -5, 1),
        ({}, "1e3", 1000, 1),
        ({}, "none at all", 3, 0),
    ],
)
async def test_the_number_of_an_answer_is_compared(
    parameters: dict[str, Any], output: str, expected: Any, value: float
) -> None:
    assert await value_of("numeric", parameters, output, expected=expected) == value


async def test_an_expectation_without_a_number_is_not_applicable() -> None:
    assert isinstance(await outcome_of("numeric", {}, "3", expected="a few"), NotApplicable)
