from typing import Any

import pytest

from evaluators import NotApplicable, ParameterError, Unscored, registry
from tests.evaluators.scoring import outcome_of, value_of


def call(name: str, arguments: Any = "{}") -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


SEARCH = {"name": "search", "arguments": {"q": "cats", "limit": 5}}


@pytest.mark.parametrize(
    ("parameters", "made", "expected", "value"),
    [
        ({}, [], [], 1),
        ({}, [call("search", '{"limit": 5.0, "q": "cats"}')], [SEARCH], 1),
        ({}, [call("search", '{"limit": true, "q": "cats"}')], [SEARCH], 0),
        ({}, [call("search", "not json")], [SEARCH], 0),
        ({}, [call("search", "[1]")], [SEARCH], 0),
        ({"arguments": "ignore"}, [call("search", "not json")], [SEARCH], 1),
        ({"arguments": "ignore"}, [call("search")], ["search"], 1),
        ({"arguments": "expected_subset"}, [SEARCH], [{"name": "search", "args": {"q": "cats"}}], 1),
        ({"arguments": "exact"}, [SEARCH], [{"name": "search", "args": {"q": "cats"}}], 0),
        ({"arguments_by_tool": {"search": "ignore"}}, [call("search"), call("a")], ["search", "a"], 1),
        ({}, [call("b"), call("a")], ["a", "b"], 1),
        ({"order": "in_order"}, [call("b"), call("a")], ["a", "b"], 0),
        ({"order": "in_order", "extra": True}, [call("a"), call("x"), call("b")], ["a", "b"], 1),
        ({"order": "exact"}, [call("a"), call("b")], ["a", "b"], 1),
        ({"partial": True}, [call("a"), call("a")], ["a"], 2 / 3),
        ({}, [call("a"), call("a")], ["a"], 0),
        ({"extra": True}, [call("a"), call("a")], ["a"], 1),
        ({"missing": True}, [call("a")], ["a", "b"], 1),
        ({"partial": True}, [{"type": "tool_use", "name": "a", "input": {}}], {"tool_calls": ["a"]}, 1),
        ({"partial": True}, [], ["a"], 0),
    ],
)
async def test_calls_are_matched_as_the_table_says(
    parameters: dict[str, Any], made: list[Any], expected: Any, value: float
) -> None:
    scored = await value_of("tool_calls", parameters, "", expected=expected, tool_calls=tuple(made))
    assert scored == pytest.approx(value)


async def test_calls_are_paired_as_well_as_possible_and_not_first_come() -> None:
    made = (call("search", '{"q": "cats", "page": 1}'), call("search", '{"q": "cats"}'))
    expected = [
        {"name": "search", "args": {"q": "cats"}},
        {"name": "search", "args": {"q": "cats", "page": 1}},
    ]
    parameters = {"arguments": "expected_subset"}
    assert await value_of("tool_calls", parameters, "", expected=expected, tool_calls=made) == 1


CONVERSATION = (
    {"role": "user", "content": "Book a table"},
    {"role": "assistant", "content": None, "tool_calls": [call("search")]},
    {"role": "tool", "content": "found"},
    {"role": "assistant", "content": [{"type": "tool_use", "name": "check", "input": {}}]},
)


@pytest.mark.parametrize(
    ("parameters", "expected", "value"),
    [
        ({"tools": ["search", "check", "book"]}, None, 1),
        ({"tools": ["search", "book"]}, None, 0.8),
        ({"tools": ["book", "search"], "order": "any_order"}, None, 0.8),
        ({"tools": ["book", "search"], "order": "in_order"}, None, 0.4),
        ({"tools": ["search", "check", "book"], "order": "exact"}, None, 1),
        ({"order": "exact"}, ["search", "book"], 0),
        ({}, [], 0),
    ],
)
async def test_the_path_of_a_conversation_is_compared(
    parameters: dict[str, Any], expected: Any, value: float
) -> None:
    sample = {"messages": CONVERSATION, "tool_calls": (call("book"),), "expected": expected}
    assert await value_of("trajectory", parameters, "done", **sample) == pytest.approx(value)


@pytest.mark.parametrize(
    ("parameters", "calls", "value"),
    [
        ({}, ["a", "a", "a"], 1 / 3),
        ({}, [call("a", '{"x": 1}'), call("a", '{"x": 2}')], 1),
        ({"fewest": 4}, ["a", "b"], 1),
        ({"fewest": 1}, ["a", "b"], 0.5),
    ],
)
async def test_wasted_steps_are_counted(parameters: dict[str, Any], calls: list[Any], value: float) -> None:
    assert await value_of("step_efficiency", parameters, "", tool_calls=tuple(calls)) == pytest.approx(value)


@pytest.mark.parametrize("kind", ["tool_calls", "trajectory", "step_efficiency"])
@pytest.mark.parametrize("expected", [None, "a", 5])
async def test_without_an_expectation_there_is_nothing_to_compare(kind: str, expected: Any) -> None:
    assert isinstance(await outcome_of(kind, {}, "", expected=expected), NotApplicable)


@pytest.mark.parametrize("kind", ["tool_calls", "trajectory"])
async def test_too_many_calls_to_pair_are_unscored(kind: str) -> None:
    many = tuple("a" for _ in range(1_100))
    outcome = await outcome_of(kind, {}, "", expected=list(many), tool_calls=many)
    assert isinstance(outcome, Unscored)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("tool_calls", {"partial": True, "extra": True}),
        ("tool_calls", {"order": "exact", "missing": True}),
        ("tool_calls", {"arguments_by_tool": {"a": "exactly"}}),
        ("step_efficiency", {"fewest": 0}),
    ],
)
def test_parameters_that_contradict_one_another_are_refused(kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        registry.build(kind, parameters)
