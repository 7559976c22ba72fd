"""How many tokens did the answer take?"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import Configured, Direction, Scale, parameter
from evaluators.measures.limit import measured, scale
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens(Configured):
    """How many tokens the answer took; with a limit, whether it kept it."""

    kind: ClassVar[str] = "tokens"
    direction: ClassVar[Direction] = "lower"
    bounds: ClassVar[tuple[float, float] | None] = None

    at_most: float | None = parameter("The most tokens an answer may take.", default=None)

    @property
    def scale(self) -> Scale:
        """With a limit 1 is good; without one less is better."""
        return scale(self.at_most)

    async def score(self, sample: Sample) -> Outcome:
        """Read the measurement."""
        if sample.output_tokens is None:
            return NotApplicable(reason="the sample has no token count")
        return measured(sample.output_tokens, "tokens", self.at_most)
