"""Does the answer end with what it must?

| answer | value | score |
|---|---|---|
| surrounded by space | any | the space is overlooked, unless `strip` is false |
| any | none, and an expected text | the expected text is looked for |
| any | none at all | not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score
from evaluators.text.references import NO_REFERENCE, references_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EndsWith(Configured):
    """The answer ends with the given text: 1 or 0."""

    kind: ClassVar[str] = "ends_with"

    value: str | None = parameter(
        "The text to look for; the case's expected text when left empty.", default=None
    )
    ignore_case: bool = parameter("Treat upper and lower case alike.", default=False)
    strip: bool = parameter("Overlook space around the answer.", default=True)

    def check(self) -> None:
        """Refuse an empty text: every answer ends with it."""
        if self.value == "":
            raise ParameterError("ends_with: every answer ends with an empty text; name the text to look for")

    async def score(self, sample: Sample) -> Outcome:
        """Look at the end of the answer."""
        wanted = tuple(text for text in references_of(sample, self.value) if text)
        if not wanted:
            return NO_REFERENCE
        output = sample.output.strip() if self.strip else sample.output
        if self.ignore_case:
            output, wanted = output.casefold(), tuple(text.casefold() for text in wanted)
        is_right = output.endswith(wanted)
        return Score(
            value=float(is_right),
            reason="ends with the text" if is_right else "does not end with the text",
        )
