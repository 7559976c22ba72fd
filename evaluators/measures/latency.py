"""How long did the answer take?"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import Configured, Direction, Scale, parameter
from evaluators.measures.limit import measured, scale
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency(Configured):
    """How long the answer took, in milliseconds; with a limit, whether it kept it."""

    kind: ClassVar[str] = "latency"
    direction: ClassVar[Direction] = "lower"
    bounds: ClassVar[tuple[float, float] | None] = None

    at_most: float | None = parameter("The longest an answer may take, in milliseconds.", default=None)

    @property
    def scale(self) -> Scale:
        """With a limit 1 is good; without one less is better."""
        return scale(self.at_most)

    async def score(self, sample: Sample) -> Outcome:
        """Read the measurement."""
        if sample.latency_ms is None:
            return NotApplicable(reason="the sample has no latency")
        return measured(sample.latency_ms, "ms", self.at_most)
