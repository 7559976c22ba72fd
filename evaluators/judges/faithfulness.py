"""Does the answer say only what its documents say?

The judge lists the claims of the answer, then decides for each whether the documents support it; the score is the mean
probability of support (Es et al., Ragas, EACL 2024, with probabilities in place of verdicts). From 0 to 1.

| answer | documents | score |
|---|---|---|
| makes no claim | any | not applicable |
| any | none | not applicable |
| the judge's list is no list | | unscored |
| one claim without a verdict | | unscored: no claim is left out |
| more claims than `most` | | the first ones |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import YES_OR_NO, Examination, Judge, documents
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness(Judge):
    """The share of the answer's claims that its documents support."""

    kind: ClassVar[str] = "faithfulness"
    prompts: ClassVar[tuple[str, ...]] = ("claims", "supported")

    most: int = parameter("How many claims to check at most.", default=20)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """List the claims and check each."""
        if not sample.context:
            return NotApplicable(reason="the sample has no documents")
        asked = [("the request", sample.input)] if sample.input else []
        claims = await examination.listed(
            templates.load("claims"), [*asked, ("the answer to examine", sample.output)], most=self.most
        )
        if not claims:
            return NotApplicable(reason="the answer makes no claim")
        return await supported(claims, sample, examination)


async def supported(claims: list[str], sample: Sample, examination: Examination) -> Score:
    """Check claims against a sample's documents."""
    verdicts = await examination.each(
        examination.choose(templates.load("supported"), [*documents(sample), ("the claim", claim)], YES_OR_NO)
        for claim in claims
    )
    count = sum(verdict.is_yes for verdict in verdicts)
    return Score(
        value=sum(verdict.value for verdict in verdicts) / len(verdicts),
        reason=f"{count} of {len(claims)} claims are supported",
        details={"supported": count, "claims": len(claims), "probabilities": [v.value for v in verdicts]},
    )
