from typing import Any

import pytest

from evaluators import NotApplicable, ParameterError, registry
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("kind", "parameters", "found", "expected", "value"),
    [
        ("precision_at_k", {}, [], ["a"], 0),
        ("precision_at_k", {"k": 4}, ["a", "x"], ["a", "b"], 0.25),
        ("precision_at_k", {}, ["a", "x"], ["a", "b"], 0.5),
        ("precision_at_k", {"k": 2}, ["a", "a", "b"], ["a", "b"], 1),
        ("recall_at_k", {}, [], ["a"], 0),
        ("recall_at_k", {"k": 1}, ["a", "b"], ["a", "b"], 0.5),
        ("recall_at_k", {}, ["a", "a"], ["a", "b"], 0.5),
        ("recall_at_k", {}, [1, 2], [2], 1),
        ("recall_at_k", {}, [{"id": "a", "text": "…"}], "a", 1),
        ("mrr", {}, ["x", "a"], ["a"], 0.5),
        ("mrr", {"k": 1}, ["x", "a"], ["a"], 0),
        ("mrr", {}, [], ["a"], 0),
        ("ndcg", {}, ["a", "b"], {"a": 3, "b": 1}, 1),
        ("ndcg", {}, ["x"], {"a": 3}, 0),
        ("ndcg", {}, ["x", "a"], ["a"], 0.6309297535714574),
        ("ndcg", {"gain": "exponential"}, ["b", "a"], {"a": 2, "b": 1}, 0.7967075809905066),
    ],
)
async def test_rankings_are_scored_as_the_tables_say(
    kind: str, parameters: dict[str, Any], found: Any, expected: Any, value: float
) -> None:
    attributes = {"retrieved": found}
    scored = await value_of(kind, parameters, "text", expected=expected, attributes=attributes)
    assert scored == pytest.approx(value)


async def test_ids_are_read_from_the_answer_when_no_attribute_holds_them() -> None:
    assert await value_of("mrr", {"relevant": ["b"]}, '["a", "b"]') == 0.5


@pytest.mark.parametrize("kind", ["precision_at_k", "recall_at_k", "mrr", "ndcg"])
@pytest.mark.parametrize(
    ("output", "expected"), [("text", ["a"]), ("[true]", ["a"]), ('["a"]', None), ('["a"]', {"a": 0})]
)
async def test_without_both_lists_the_question_does_not_arise(kind: str, output: str, expected: Any) -> None:
    assert isinstance(await outcome_of(kind, {}, output, expected=expected), NotApplicable)


@pytest.mark.parametrize("kind", ["precision_at_k", "recall_at_k", "mrr", "ndcg"])
def test_a_k_of_nothing_is_refused(kind: str) -> None:
    with pytest.raises(ParameterError, match="`k`"):
        registry.build(kind, {"k": 0})
