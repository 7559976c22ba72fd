"""Does the answer address what was asked?

One question with three options; the score is their mean. Whether the answer is right is not asked, and unlike Ragas'
answer relevancy no embeddings are needed. From 0 to 1.

| request | answer | score |
|---|---|---|
| none | any | not applicable |
| any | empty | 0, without asking |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.judges import templates
from evaluators.judges.examination import Examination, Judge
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score

_OPTIONS = {"fully": 1.0, "partly": 0.5, "not at all": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRelevance(Judge):
    """The answer addresses what was asked, right or wrong."""

    kind: ClassVar[str] = "answer_relevance"
    prompts: ClassVar[tuple[str, ...]] = ("answer_relevance",)

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask once."""
        if not sample.input:
            return NotApplicable(reason="the sample does not say what was asked")
        if not sample.output.strip():
            return Score(value=0.0, label="not at all", reason="the answer is empty")
        texts = [("the request", sample.input), ("the answer to examine", sample.output)]
        verdict = await examination.choose(templates.load("answer_relevance"), texts, _OPTIONS)
        label = verdict.choice.label
        return Score(
            value=verdict.value,
            label=label,
            reason=f"the answer addresses the request {label}",
            distribution=verdict.choice.distribution,
        )
