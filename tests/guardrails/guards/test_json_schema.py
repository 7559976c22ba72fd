"""What is promised as JSON of a form is held to it."""

import json
from typing import Any

import pytest

from guardrails.guards.json_schema import build
from guardrails.policy import PolicyError
from guardrails.session import GuardSession
from tests.guardrails.makers import at, guard, policy

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 0}, "id": {"$ref": "#/$defs/id"}},
    "patternProperties": {"^x-": {"type": "string"}},
    "additionalProperties": False,
    "required": ["age"],
    "$defs": {"id": {"type": "string", "pattern": r"^[A-Z]{2}\d+$"}},
}


def found(text: str, **parameters: Any) -> list[str]:
    return [each.entity for each in build(parameters).judge(text)]


@pytest.mark.parametrize(
    "text",
    [
        '{"age": 4}',
        ' {"age": 4, "id": "AB12", "x-note": "hi"}\n',
        '```json\n{"age": 4}\n```',
        '```\n{"age": 4}\n```\n',
        '{"\\u0061ge": 4}',
        "",
        "  ",
    ],
)
def test_what_has_the_form_is_left_alone(text: str) -> None:
    assert found(text, schema=SCHEMA) == []


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("{}", "SCHEMA_MISMATCH"),
        ('{"age": -1}', "SCHEMA_MISMATCH"),
        ('{"age": 4, "id": "ab"}', "SCHEMA_MISMATCH"),
        ('{"age": 4, "other": 1}', "SCHEMA_MISMATCH"),
        ('{"age": 4, "x-note": 1}', "SCHEMA_MISMATCH"),
        ("[1]", "SCHEMA_MISMATCH"),
        ('{"age": 4', "NOT_JSON"),
        ("{'age': 4}", "NOT_JSON"),
        ('Here it is: {"age": 4}', "NOT_JSON"),
        ('```json\n{"age": 4}\n```\nThere you are.', "NOT_JSON"),
        ('{"age": NaN}', "NOT_JSON"),
    ],
)
def test_what_has_another_form_is_found(text: str, entity: str) -> None:
    assert found(text, schema=SCHEMA) == [entity]


def test_without_a_schema_any_json_will_do_and_fences_only_where_they_may() -> None:
    assert found("[1]") == []
    assert found("hello") == ["NOT_JSON"]
    assert found("```\n[1]\n```", fenced=False) == ["NOT_JSON"]


def test_what_nests_without_end_has_another_form() -> None:
    nested = {"$ref": "#/$defs/list", "$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}}}

    assert found("[" * 900 + "]" * 900, schema=nested) == ["SCHEMA_MISMATCH"]
    assert found("[[[]]]", schema=nested) == []
    assert found("[" * 5_000 + "]" * 5_000, schema=nested) == ["NOT_JSON"]


def test_a_pattern_that_would_run_for_ever_elsewhere_does_not_here() -> None:
    schema = {"patternProperties": {"^(a+)+$": {"type": "string", "pattern": "^(b+)+$"}}}

    text = json.dumps({"a" * 5_000 + "!": "x", "aa": "b" * 5_000 + "!"})

    assert found(text, schema=schema) == ["SCHEMA_MISMATCH"]


async def test_the_text_is_judged_as_it_is_written_and_wherever_the_model_speaks() -> None:
    rules = policy(guard("json_schema", "block", parameters={"schema": SCHEMA}))
    session = GuardSession(rules)

    fits = await session.check_output(at("tool_arguments", '{"age": 4, "x-note": "a \\"quoted\\" word"}'))
    differs = await session.check_output(at("answer", '{"age": 4, "x-note": "\\u00e9"} '))
    asked = await session.check_input(at("user", "not JSON"))
    wrong = await session.check_output(at("tool_arguments", '{"age": "4"}'))

    assert [each.action for each in (fits, differs, asked, wrong)] == ["allow", "allow", "allow", "block"]


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "objekt"}, "is no JSON schema at type"),
        ({"$ref": "https://example.com/schema.json"}, "leads outside the schema or nowhere"),
        ({"properties": {"a": {"$ref": "#/$defs/missing"}}}, "leads outside the schema or nowhere"),
        ({"properties": {"a": {"pattern": "(?=x)"}}}, "is not a regular expression of RE2"),
        ({"patternProperties": {"(?<!x)": {}}}, "is not a regular expression of RE2"),
        ({"patternProperties": {"x": {}}, "unevaluatedProperties": False}, "is not supported"),
        ("{}", "must be an object"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(schema: Any, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build({"schema": schema})
