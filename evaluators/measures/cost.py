"""What did the answer cost?"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import Configured, Direction, Scale, parameter
from evaluators.measures.limit import measured, scale
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost(Configured):
    """What the answer cost, in US dollars; with a limit, whether it kept it."""

    kind: ClassVar[str] = "cost"
    direction: ClassVar[Direction] = "lower"
    bounds: ClassVar[tuple[float, float] | None] = None

    at_most: float | None = parameter("The most an answer may cost, in US dollars.", default=None)

    @property
    def scale(self) -> Scale:
        """With a limit 1 is good; without one less is better."""
        return scale(self.at_most)

    async def score(self, sample: Sample) -> Outcome:
        """Read the measurement."""
        if sample.cost_usd is None:
            return NotApplicable(reason="the cost of the sample is not known")
        return measured(sample.cost_usd, "USD", self.at_most)
