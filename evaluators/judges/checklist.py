"""Several yes-or-no questions about an answer, each with a weight.

Each is asked by itself, or all in one call; the score is the weighted mean of the probabilities of yes. From 0 to 1.

| questions | score |
|---|---|
| one without a verdict | unscored: the others cannot stand for it |
| a weight of 0 or less | refused |
| none | refused |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.evaluator import parameter
from evaluators.judges.examination import YES_OR_NO, Examination, Judge, Texts, Weighed, as_text, documents
from evaluators.sample import Sample
from evaluators.score import Outcome, Score

MOST_QUESTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist(Judge):
    """The weighted share of your questions about the answer that a model answers with yes."""

    kind: ClassVar[str] = "checklist"
    prompts: ClassVar[tuple[str, ...]] = ("together",)

    questions: Mapping[str, float] = parameter("Questions that yes is the good answer to, and their weights.")
    together: bool = parameter(
        "Ask all questions in one call: cheaper where the model is paid for, but they may sway each other.",
        default=False,
    )

    def check(self) -> None:
        """Refuse questions that do not count."""
        if not 1 <= len(self.questions) <= MOST_QUESTIONS:
            raise ParameterError(
                f"checklist: from 1 to {MOST_QUESTIONS} questions are needed, not {len(self.questions)}"
            )
        for question, weight in self.questions.items():
            if not question.strip() or not 0 < weight < float("inf"):
                raise ParameterError(
                    f"checklist: the weight of {question!r} is {weight:g}; it must be above 0"
                )

    async def examine(self, sample: Sample, examination: Examination) -> Outcome:
        """Ask every question."""
        texts = around(sample)
        verdicts = await self._verdicts(texts, examination)
        weights = list(self.questions.values())
        value = sum(w * v.value for w, v in zip(weights, verdicts, strict=True)) / sum(weights)
        yes = sum(verdict.is_yes for verdict in verdicts)
        return Score(
            value=value,
            reason=f"{yes} of {len(verdicts)} questions are answered with yes",
            details={
                "yes": yes,
                "of": len(verdicts),
                "probabilities": [verdict.value for verdict in verdicts],
            },
        )

    async def _verdicts(self, texts: Texts, examination: Examination) -> list[Weighed]:
        shares = getattr(examination.complete, "shares_beginnings", False)
        if self.together and len(self.questions) > 1 and not shares:
            return await examination.choose_together(list(self.questions), texts, YES_OR_NO)
        return await examination.each(
            examination.choose(question, texts, YES_OR_NO) for question in self.questions
        )


def around(sample: Sample) -> list[tuple[str, str]]:
    """Return an answer with everything that helps to judge it."""
    texts = [("the request", sample.input)] if sample.input else []
    texts += documents(sample)
    if sample.expected is not None:
        texts.append(("the expected answer", as_text(sample.expected)))
    return [*texts, ("the answer to examine", sample.output)]
