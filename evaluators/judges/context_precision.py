"""Do the useful documents come first?

The judge decides for each document whether it helps to answer; the score is the average precision of that order:
the mean over the useful documents of the share of useful ones down to it (Es et al., Ragas, EACL 2024). From 0 to 1.

| documents | score |
|---|---|
| none | not applicable |
| none useful | 0 |
| only the last of four useful | 0.25 |
| one without a verdict | unscored |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from evaluators.judges import templates
from evaluators.judges.examination import YES_OR_NO, Examination, Judge, as_text, documents
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPrecision(Judge):
    """How far up the useful documents stand: the average precision of their order."""

    kind: ClassVar[str] = "context_precision"
    prompts: ClassVar[tuple[str, ...]] = ("useful_document",)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Judge every document by itself."""
        if not sample.context:
            return NotApplicable(reason="the sample has no documents")
        has_expected = sample.expected not in (None, "")
        right = as_text(sample.expected) if has_expected else sample.output
        around = [
            ("the request", sample.input),
            ("the expected answer" if has_expected else "the answer", right),
        ]
        verdicts = await examination.each(
            examination.choose(templates.load("useful_document"), [*around, document], YES_OR_NO)
            for document in documents(sample)
        )
        useful = [verdict.is_yes for verdict in verdicts]
        return Score(
            value=average_precision(useful),
            reason=f"{sum(useful)} of {len(useful)} documents are useful",
            details={
                "useful": sum(useful),
                "documents": len(useful),
                "probabilities": [v.value for v in verdicts],
            },
        )


def average_precision(hits: Sequence[bool]) -> float:
    """Return the mean, over the hits, of the share of hits down to each; 0 without a hit."""
    shares = [sum(hits[:place]) / place for place, hit in enumerate(hits, start=1) if hit]
    return sum(shares) / len(shares) if shares else 0.0
