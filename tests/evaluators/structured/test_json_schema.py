from typing import Any

import pytest

from evaluators import ParameterError, Score, Unscored, registry
from tests.evaluators.scoring import outcome_of, value_of

ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string", "pattern": "^[A-Z]{2}\\d+$"}, "lines": {"$ref": "#/$defs/lines"}},
    "additionalProperties": False,
    "$defs": {"lines": {"type": "array", "maxItems": 2}},
}


@pytest.mark.parametrize(
    ("schema", "output", "value"),
    [
        (ORDER, '{"id": "AB12"}', 1),
        (ORDER, '{"id": "ab12"}', 0),
        (ORDER, '{"id": "AB12", "lines": [1, 2, 3]}', 0),
        (ORDER, '{"id": "AB12", "other": 1}', 0),
        ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}, '{"x1": 1}', 1),
        ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}, '{"x1": "a"}', 0),
        ({"additionalProperties": {"type": "integer"}}, '{"a": "b"}', 0),
        ({}, "NaN", 0),
        ({}, "[" * 100_000, 0),
        ({}, "9" * 10_000, 0),
        ({}, "```json\n{}\n```", 0),
        ({}, "", 0),
    ],
)
async def test_an_answer_fits_a_schema(schema: dict[str, Any], output: str, value: float) -> None:
    assert await value_of("json_schema", {"schema": schema}, output) == value


async def test_a_code_fence_is_accepted_when_allowed() -> None:
    assert await value_of("json_schema", {"allow_fence": True}, '```json\n{"a": 1}\n```') == 1


async def test_the_reason_names_the_rule_and_not_the_answer() -> None:
    outcome = await outcome_of("json_schema", {"schema": ORDER}, '{"id": "my secret"}')
    assert isinstance(outcome, Score)
    assert outcome.reason == "does not fit the schema: pattern at /id"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "objekt"}, "wrong at type"),
        ({"pattern": "(?=a)"}, "RE2"),
        ({"unevaluatedProperties": False, "patternProperties": {"a": True}}, "not supported"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        registry.build("json_schema", {"schema": schema})


async def test_a_reference_to_elsewhere_is_never_fetched() -> None:
    schema = {"$ref": "http://127.0.0.1:1/schema.json"}
    outcome = await outcome_of("json_schema", {"schema": schema}, "{}")
    assert isinstance(outcome, Unscored)
    assert "leads to nothing" in outcome.reason
