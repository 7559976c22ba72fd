"""How near is the answer's JSON to the expected one?

The mean over what is inside: objects over the union of their keys, lists place by place over the longer one (or by the
best pairing), texts by Levenshtein's similarity, numbers by 1 - |a - b| / (|a| + |b|). From 0 to 1. The oracle is
autoevals' JSONDiff and ListContains, by their published vectors.

| answer | expected | score |
|---|---|---|
| no JSON | any | 0 |
| `{}` | `{}` | 1, and so `[]`, `null` |
| `{}` | `{"a": null}` | 0: a missing key is not null |
| `1` | `true` | 0: different types share nothing |
| `0` | `0` | 1 |
| any | none | not applicable |
| nested without end | | 0, as no JSON |
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored
from evaluators.structured.parsing import parsed, unfenced
from evaluators.text.levenshtein import similarity
from evaluators.text.references import too_large

MOST_PAIRS = 1_000_000
"""Pairing two lists in any order compares every item with every other."""

_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonDiff(Configured):
    """How near the answer's JSON is to the expected value: the mean over everything in it."""

    kind: ClassVar[str] = "json_diff"

    lists: Literal["in_order", "any_order"] = parameter(
        "Compare lists place by place, or by the best pairing of their items.", default="in_order"
    )
    strings: Literal["similar", "equal"] = parameter(
        "Give a text a share for being similar, or only for being equal.", default="similar"
    )
    numbers: Literal["similar", "equal"] = parameter(
        "Give a number a share for being near, or only for being equal.", default="similar"
    )
    allow_fence: bool = parameter("Accept JSON wrapped in a Markdown code fence.", default=True)

    async def score(self, sample: Sample) -> Outcome:
        """Parse both and compare them."""
        if sample.expected is None:
            return NotApplicable(reason="the sample has no expected value")
        try:
            answer = parsed(unfenced(sample.output) if self.allow_fence else sample.output)
        except ValueError:
            return Score(value=0.0, reason="the answer is not JSON")
        refused = too_large((sample.output,)) if self.strings == "similar" else None
        if refused is not None:
            return refused
        try:
            value = self.compared(answer, _expected(sample.expected))
        except _TooManyPairsError as error:
            return Unscored(code="too_large", reason=str(error))
        return Score(value=value, reason=f"{value:.0%} alike")

    def compared(self, answer: Any, expected: Any) -> float:
        """Return how alike two JSON values are."""
        if isinstance(answer, Mapping) and isinstance(expected, Mapping):
            keys = answer.keys() | expected.keys()
            pairs = [(answer.get(key, _MISSING), expected.get(key, _MISSING)) for key in sorted(keys)]
            return sum(self.compared(*pair) for pair in pairs) / len(pairs) if pairs else 1.0
        if isinstance(answer, list) and isinstance(expected, list):
            return self._lists(answer, expected)
        if isinstance(answer, str) and isinstance(expected, str):
            return similarity(answer, expected) if self.strings == "similar" else float(answer == expected)
        if _is_number(answer) and _is_number(expected):
            return _nearness(answer, expected) if self.numbers == "similar" else float(answer == expected)
        return float(type(answer) is type(expected) and answer == expected)

    def _lists(self, answer: Sequence[Any], expected: Sequence[Any]) -> float:
        longest = max(len(answer), len(expected))
        if not longest:
            return 1.0
        if self.lists == "in_order":
            return sum(map(self.compared, answer, expected)) / longest
        if len(answer) * len(expected) > MOST_PAIRS:
            raise _TooManyPairsError(f"lists of {len(answer)} and {len(expected)} items are too long to pair")
        return (
            _best_pairing([[self.compared(mine, theirs) for theirs in expected] for mine in answer]) / longest
        )


class _TooManyPairsError(Exception):
    pass


def _expected(value: Any) -> Any:
    """Return the expected value; a text that is a JSON object or list is read as one."""
    if isinstance(value, str):
        try:
            read = parsed(value)
        except ValueError:
            return value
        return read if isinstance(read, (dict, list)) else value
    return list(value) if isinstance(value, tuple) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _nearness(first: float, second: float) -> float:
    if first == second:
        return 1.0
    try:
        return max(0.0, 1.0 - abs(first - second) / (abs(first) + abs(second)))
    except OverflowError:
        return 0.0


def _best_pairing(scores: list[list[float]]) -> float:
    if not scores or not scores[0]:
        return 0.0
    # Loaded only for lists in any order.
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    rows, columns = linear_sum_assignment(scores, maximize=True)
    return math.fsum(scores[row][column] for row, column in zip(rows, columns, strict=True))
