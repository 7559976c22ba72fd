import time
from typing import Any

import pytest

from evaluators import ParameterError, registry
from tests.evaluators.scoring import value_of


@pytest.mark.parametrize(
    ("parameters", "output", "value"),
    [
        ({"pattern": r"\d{3}"}, "order 123", 1),
        ({"pattern": r"\d{3}", "where": "start"}, "order 123", 0),
        ({"pattern": r"\d{3}", "where": "whole"}, "123", 1),
        ({"pattern": "ORDER", "ignore_case": True}, "order 123", 1),
        ({"pattern": "sorry", "negate": True}, "order 123", 1),
        ({"pattern": "é+"}, "caféé", 1),
    ],
)
async def test_an_answer_matches_a_pattern(parameters: dict[str, Any], output: str, value: float) -> None:
    assert await value_of("regex", parameters, output) == value


async def test_a_pattern_that_explodes_elsewhere_stays_linear_here() -> None:
    started = time.perf_counter()
    assert await value_of("regex", {"pattern": "(a+)+$"}, "a" * 50_000 + "b") == 0
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("pattern", ["(", r"(?=x)", r"(a)\1"])
def test_a_pattern_re2_cannot_run_is_refused_with_its_words(pattern: str) -> None:
    with pytest.raises(ParameterError, match="RE2"):
        registry.build("regex", {"pattern": pattern})
