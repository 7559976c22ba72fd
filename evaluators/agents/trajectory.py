"""Did the agent take the right path: which tools it called over the whole conversation, in which order?

Names alone are compared. `exact` gives 1 or 0; `in_order` the F1 of the longest common subsequence; `any_order` the
F1 of the tools as a multiset. From 0 to 1. The oracle is pydantic-evals' TrajectoryMatch, by its published vectors.

| tools called | expected | score |
|---|---|---|
| none | none, as an empty list | 1 |
| none | some, or the other way round | 0 |
| a tool twice | it once | 2/3 in order and in any order |
| any | none given | not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.agents.calls import Call, called, expected_calls
from evaluators.agents.matching import f1, matched, matched_in_order
from evaluators.agents.tool_calls import MOST_PAIRS
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory(Configured):
    """The agent called the right tools on its way, in the right order: the share of the path that fits."""

    kind: ClassVar[str] = "trajectory"

    tools: tuple[str, ...] = parameter(
        "The tools in their order; the case's expected calls when left empty.", default=()
    )
    order: Literal["exact", "in_order", "any_order"] = parameter(
        "Exactly these tools, these among others in order, or in any order.", default="in_order"
    )

    async def score(self, sample: Sample) -> Outcome:
        """Compare the path with the expected one."""
        expected = [Call(tool, {}) for tool in self.tools] or expected_calls(sample.expected)
        if expected is None:
            return NotApplicable(reason="the sample has no expected tools")
        path, wanted = [call.name for call in called(sample)], [call.name for call in expected]
        if len(path) * len(wanted) > MOST_PAIRS:
            return Unscored(code="too_large", reason=f"{len(path)} steps and {len(wanted)} expected ones")
        if self.order == "exact":
            value, shared = float(path == wanted), sum(map(str.__eq__, path, wanted))
        else:
            shared = (matched_in_order if self.order == "in_order" else matched)(path, wanted, str.__eq__)
            value = f1(shared, len(path), len(wanted))
        return Score(
            value=value,
            reason=f"{shared} steps fit; {len(path)} taken, {len(wanted)} expected",
            details={"fitting": shared, "taken": len(path), "expected": len(wanted)},
        )
