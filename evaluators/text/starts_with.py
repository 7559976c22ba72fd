"""Does the answer start with what it must?

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
class StartsWith(Configured):
    """The answer starts with the given text: 1 or 0."""

    kind: ClassVar[str] = "starts_with"

    value: str | None = parameter(
        "The text to look for; the case's expected text when left empty.", default=None
    )
    ignore_case: bool = parameter("Treat upper and lower case alike.", default=False)
    strip: bool = parameter("Overlook space around the answer.", default=True)

    def check(self) -> None:
        """Refuse an empty text: every answer starts with it."""
        if self.value == "":
            raise ParameterError(
                "starts_with: every answer starts with an empty text; name the text to look for"
            )

    async def score(self, sample: Sample) -> Outcome:
        """Look at the beginning of the answer."""
        wanted = tuple(text for text in references_of(sample, self.value) if text)
        if not wanted:
            return NO_REFERENCE
        output = sample.output.strip() if self.strip else sample.output
        if self.ignore_case:
            output, wanted = output.casefold(), tuple(text.casefold() for text in wanted)
        is_right = output.startswith(wanted)
        return Score(
            value=float(is_right),
            reason="starts with the text" if is_right else "does not start with the text",
        )
