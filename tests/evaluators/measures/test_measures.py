from typing import Any

import pytest

from evaluators import NotApplicable, registry
from tests.evaluators.scoring import outcome_of, value_of


@pytest.mark.parametrize(
    ("kind", "parameters", "sample", "value"),
    [
        ("latency", {}, {"latency_ms": 120.5}, 120.5),
        ("latency", {"at_most": 100}, {"latency_ms": 120.5}, 0),
        ("cost", {}, {"cost_usd": 0.002}, 0.002),
        ("cost", {"at_most": 0.01}, {"cost_usd": 0.002}, 1),
        ("tokens", {}, {"output_tokens": 7}, 7),
        ("tokens", {"at_most": 7}, {"output_tokens": 7}, 1),
        ("length", {}, {}, 11),
        ("length", {"unit": "words"}, {}, 2),
        ("length", {"at_least": 12}, {}, 0),
        ("length", {"at_least": 1, "at_most": 11}, {}, 1),
    ],
)
async def test_a_measure_is_the_number_or_whether_it_keeps_a_limit(
    kind: str, parameters: dict[str, Any], sample: dict[str, Any], value: float
) -> None:
    assert await value_of(kind, parameters, "hello world", **sample) == value


@pytest.mark.parametrize("kind", ["latency", "cost", "tokens"])
async def test_what_was_not_measured_is_not_applicable(kind: str) -> None:
    assert isinstance(await outcome_of(kind, {"at_most": 1}, "hello"), NotApplicable)


def test_a_limit_turns_less_is_better_into_a_share_of_right_answers() -> None:
    assert registry.build("latency").scale.direction == "lower"
    assert registry.build("latency", {"at_most": 100}).scale.bounds == (0.0, 1.0)
