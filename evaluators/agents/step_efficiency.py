"""Did the agent waste steps?

The share of tool calls that were not the repetition of an earlier one (same tool, same arguments); or, when `fewest`
says how many calls suffice, fewest / calls, at most 1. Counted, not judged. From 0 to 1; there is no outside oracle,
only the table of examples.

| calls | fewest | score |
|---|---|---|
| none | | not applicable |
| three equal ones | | 1/3 |
| a tool again with other arguments | | no repetition |
| 2 | 4 | 1 |
| 8 | 4 | 0.5 |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.agents.calls import called
from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEfficiency(Configured):
    """The agent wasted no tool calls: the share that repeats none, or the fewest possible over those made."""

    kind: ClassVar[str] = "step_efficiency"

    fewest: int | None = parameter(
        "How many calls suffice; repetitions are counted when left empty.", default=None
    )

    def check(self) -> None:
        """Refuse a task of no steps."""
        if self.fewest is not None and self.fewest < 1:
            raise ParameterError(f"step_efficiency: `fewest` must be at least 1, not {self.fewest}")

    async def score(self, sample: Sample) -> Outcome:
        """Count the calls and those that only repeat."""
        calls = called(sample)
        if not calls:
            return NotApplicable(reason="the agent called no tool")
        different = len({call.key() for call in calls})
        useful = different if self.fewest is None else min(self.fewest, len(calls))
        return Score(
            value=useful / len(calls),
            reason=f"{len(calls)} calls, {len(calls) - different} of them repeat an earlier one",
            details={"calls": len(calls), "different": different},
        )
