"""How long is the answer?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, Direction, Scale, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Length(Configured):
    """The answer's length in characters, words or lines; with limits, whether it keeps them."""

    kind: ClassVar[str] = "length"
    direction: ClassVar[Direction] = "lower"
    bounds: ClassVar[tuple[float, float] | None] = None

    unit: Literal["characters", "words", "lines"] = parameter("What to count.", default="characters")
    at_least: int | None = parameter("The shortest the answer may be.", default=None)
    at_most: int | None = parameter("The longest the answer may be.", default=None)

    def check(self) -> None:
        """Refuse limits that nothing can keep."""
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ParameterError(f"length: at_least {self.at_least} is above at_most {self.at_most}")

    @property
    def scale(self) -> Scale:
        """With a limit 1 is good; without one less is better."""
        has_limit = self.at_least is not None or self.at_most is not None
        return Scale("higher", (0.0, 1.0)) if has_limit else Scale("lower", None)

    async def score(self, sample: Sample) -> Outcome:
        """Count."""
        count = {
            "characters": len(sample.output),
            "words": len(sample.output.split()),
            "lines": len(sample.output.splitlines()),
        }[self.unit]
        if self.scale.bounds is None:
            return Score(value=float(count), reason=f"{count} {self.unit}")
        is_right = (self.at_least or 0) <= count and (self.at_most is None or count <= self.at_most)
        return Score(
            value=float(is_right),
            reason=f"{count} {self.unit}, wanted {self.at_least or 0} to {self.at_most if self.at_most is not None else 'any'}",
            details={"measured": count},
        )
