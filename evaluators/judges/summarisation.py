"""Is a summary complete and true to its source?

Coverage: the judge lists the most important facts of the source, then decides for each whether the summary says it.
Consistency: it lists the claims of the summary, then decides for each whether the source supports it. The score is the
smaller of both, or the one asked for. The source is the sample's documents, or what was asked when there are none.
From 0 to 1.

| source | summary | score |
|---|---|---|
| none | any | not applicable |
| any | empty | 0, without asking |
| states no fact | any | coverage unknown: unscored |
| any | makes no claim | 0 in coverage; consistency alone is not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.evaluator import parameter
from evaluators.judges import templates
from evaluators.judges.examination import YES_OR_NO, Examination, Judge, documents
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarisation(Judge):
    """The summary holds the source's important facts and nothing the source does not say."""

    kind: ClassVar[str] = "summarisation"
    prompts: ClassVar[tuple[str, ...]] = ("key_facts", "stated", "summary_claims", "supported")

    what: Literal["both", "coverage", "consistency"] = parameter(
        "Score the smaller of both, or one of them.", default="both"
    )
    most: int = parameter("How many facts, and how many claims, to check at most.", default=10)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Check both ways."""
        source = documents(sample) or ([("document 1", sample.input)] if sample.input else [])
        if not source:
            return NotApplicable(reason="the sample has no source to summarise")
        if not sample.output.strip():
            return Score(value=0.0, reason="the summary is empty")
        summary = ("the summary", sample.output)
        parts: dict[str, float] = {}
        if self.what != "consistency":
            facts = await examination.listed(templates.load("key_facts"), source, most=self.most)
            if not facts:
                return Unscored(code="undecided", reason="the judge found no fact in the source")
            texts = [[summary, ("the fact", fact)] for fact in facts]
            parts["coverage"] = await _share("stated", texts, examination)
        if self.what != "coverage":
            claims = await examination.listed(templates.load("summary_claims"), [summary], most=self.most)
            texts = [[*source, ("the claim", claim)] for claim in claims]
            if claims:
                parts["consistency"] = await _share("supported", texts, examination)
        if not parts:
            return NotApplicable(reason="the summary makes no claim")
        return Score(
            value=min(parts.values()),
            reason=", ".join(f"{name} {share:.0%}" for name, share in parts.items()),
            details=parts,
        )


async def _share(prompt: str, texts: list[list[tuple[str, str]]], examination: Examination) -> float:
    verdicts = await examination.each(
        examination.choose(templates.load(prompt), material, YES_OR_NO) for material in texts
    )
    return sum(verdict.value for verdict in verdicts) / len(verdicts)
