"""Do the documents hold what the right answer needs?

The judge lists the claims of the expected answer, then decides for each whether the documents support it; the score is
the mean probability of support (Es et al., Ragas, EACL 2024). From 0 to 1.

| expected | documents | score |
|---|---|---|
| none | any | not applicable |
| makes no claim | any | not applicable |
| any | none | 0: nothing was found |
| the judge's list is no list | | unscored |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import Examination, Judge, as_text
from evaluators.judges.faithfulness import supported
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRecall(Judge):
    """The share of the expected answer's claims that the documents support."""

    kind: ClassVar[str] = "context_recall"
    prompts: ClassVar[tuple[str, ...]] = ("expected_claims", "supported")

    most: int = parameter("How many claims to check at most.", default=20)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """List the claims of the expected answer and look for each."""
        if sample.expected in (None, ""):
            return NotApplicable(reason="the sample has no expected answer")
        if not sample.context:
            return Score(value=0.0, reason="no document was found")
        claims = await examination.listed(
            templates.load("expected_claims"),
            [("the expected answer", as_text(sample.expected))],
            most=self.most,
        )
        if not claims:
            return NotApplicable(reason="the expected answer makes no claim")
        return await supported(claims, sample, examination)
