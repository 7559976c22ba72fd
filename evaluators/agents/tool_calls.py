"""Did the answer call the right tools with the right arguments?

`any_order` pairs calls as well as possible; `in_order` takes the longest common subsequence; `exact` compares place by
place. The score is 1 or 0, or with `partial` the F1 of the calls that fit (precision: of those made, recall: of those
expected). From 0 to 1. The oracles are the published vectors of agentevals (strict, unordered, subset, superset) and of
pydantic-evals (ToolCorrectness).

| calls made | expected | score |
|---|---|---|
| none | none, as an empty list | 1 |
| one call twice | it once | 0, unless `extra` is allowed; F1 2/3 with `partial` |
| arguments that are no JSON object | the same name | fits only when arguments are ignored |
| `{"n": 1}` | `{"n": 1.0}` | fits; `true` does not |
| any | none given | not applicable |
| any | no list of calls | not applicable |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from evaluators.agents import matching
from evaluators.agents.calls import Arguments, Call, called, expected_calls
from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

MOST_PAIRS = 1_000_000
_HOW = ("exact", "expected_subset", "ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalls(Configured):
    """The tools that should be called are called, with the right arguments: 1 or 0, or the share."""

    kind: ClassVar[str] = "tool_calls"

    order: Literal["any_order", "in_order", "exact"] = parameter(
        "Whether the order of calls counts: no, yes, or yes and place by place.", default="any_order"
    )
    arguments: Arguments = parameter(
        "What must agree: all arguments, at least the expected ones, or only the tool's name.",
        default="exact",
    )
    arguments_by_tool: Mapping[str, Any] = parameter(
        "The same for single tools, by name: exact, expected_subset or ignore.", default=dict
    )
    extra: bool = parameter("Allow further calls (superset); not in `exact` order.", default=False)
    missing: bool = parameter("Allow expected calls to be left out (subset).", default=False)
    partial: bool = parameter("Score the F1 of the calls that fit instead of 1 or 0.", default=False)
    whole: bool = parameter("Look at the whole conversation's calls, not only the answer's.", default=False)

    def check(self) -> None:
        """Refuse ways of comparing that do not exist or exclude one another."""
        for tool, how in self.arguments_by_tool.items():
            if how not in _HOW:
                raise ParameterError(
                    f"tool_calls: arguments_by_tool.{tool} is {how!r}; known: {', '.join(_HOW)}"
                )
        if self.partial and (self.extra or self.missing):
            raise ParameterError("tool_calls: `partial` already counts extra and missing calls; choose one")
        if self.order == "exact" and (self.extra or self.missing):
            raise ParameterError("tool_calls: in `exact` order nothing can be extra or missing")

    async def score(self, sample: Sample) -> Outcome:
        """Match what was called with what should have been."""
        expected = expected_calls(sample.expected)
        if expected is None:
            return NotApplicable(reason="the sample has no expected list of tool calls")
        made = called(sample if self.whole else Sample(output="", tool_calls=sample.tool_calls))
        if len(made) * len(expected) > MOST_PAIRS:
            return Unscored(code="too_large", reason=f"{len(made)} calls and {len(expected)} expected ones")
        match = {
            "any_order": matching.matched,
            "in_order": matching.matched_in_order,
            "exact": matching.matched_by_place,
        }[self.order]
        shared = match(made, expected, self._fits)
        return Score(
            value=self._value(shared, len(made), len(expected)),
            reason=f"{shared} calls fit; {len(made)} made, {len(expected)} expected",
            details={"fitting": shared, "made": len(made), "expected": len(expected)},
        )

    def _fits(self, made: Call, expected: Call) -> bool:
        return made.fits(expected, self.arguments_by_tool.get(expected.name, self.arguments))

    def _value(self, shared: int, made: int, expected: int) -> float:
        if self.partial:
            return matching.f1(shared, made, expected)
        return float((self.extra or shared == made) and (self.missing or shared == expected))
