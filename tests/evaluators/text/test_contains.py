from typing import Any

import pytest

from evaluators import NotApplicable, ParameterError, registry
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("parameters", "output", "value"),
    [
        ({"value": "refund"}, "your refund is on its way", 1),
        ({"value": "Refund"}, "your refund is on its way", 0),
        ({"value": "Refund", "ignore_case": True}, "your refund is on its way", 1),
        ({"values": ["a", "z"], "mode": "all"}, "abc", 0),
        ({"values": ["a", "z"], "mode": "any"}, "abc", 1),
        ({"values": ["x", "z"], "mode": "none"}, "abc", 1),
        ({"value": "a", "mode": "none"}, "abc", 0),
    ],
)
async def test_an_answer_contains_what_it_must(parameters: dict[str, Any], output: str, value: float) -> None:
    assert await value_of("contains", parameters, output) == value


async def test_the_expected_text_is_looked_for_when_none_is_set() -> None:
    assert await value_of("contains", {}, "It is Paris.", expected="Paris") == 1
    assert isinstance(await outcome_of("contains", {}, "It is Paris."), NotApplicable)


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ParameterError, match="every answer"):
        registry.build("contains", {"value": ""})
