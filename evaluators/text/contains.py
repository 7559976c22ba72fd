"""Does the answer contain what it must?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Configured):
    """The answer contains the given texts (all of them or any), or none of them: 1 or 0."""

    kind: ClassVar[str] = "contains"

    value: str | None = parameter(
        "The text to look for; the case's expected text when nothing is given.", default=None
    )
    values: tuple[str, ...] = parameter("Several texts to look for.", default=())
    mode: Literal["all", "any", "none"] = parameter(
        "Whether all of them must be there, at least one, or none.", default="all"
    )
    ignore_case: bool = parameter("Treat upper and lower case alike.", default=False)

    def check(self) -> None:
        """Refuse an empty text: every answer contains it."""
        if "" in (self.value, *self.values):
            raise ParameterError(
                "contains: an empty text is contained in every answer; name the text to look for"
            )

    async def score(self, sample: Sample) -> Outcome:
        """Look for the texts."""
        wanted = self.values if self.value is None else (self.value, *self.values)
        if not wanted:
            if not isinstance(sample.expected, str) or not sample.expected:
                return NotApplicable(
                    reason="no text to look for: none is set and the sample has no expected text"
                )
            wanted = (sample.expected,)
        output = self._folded(sample.output)
        found = sum(self._folded(text) in output for text in wanted)
        is_right = {"all": found == len(wanted), "any": found > 0, "none": found == 0}[self.mode]
        return Score(
            value=float(is_right),
            reason=f"contains {found} of {len(wanted)} texts; {self.mode} required",
            details={"found": found, "wanted": len(wanted)},
        )

    def _folded(self, text: str) -> str:
        return text.casefold() if self.ignore_case else text
