"""Do the documents say what the answer says, by an encoder instead of a language model?

The answer is cut into sentences; a classifier of pairs gives each the probability that some document supports it (the
highest over documents, Tang et al., MiniCheck, EMNLP 2024). The score is the mean over sentences, or the weakest one.
From 0 to 1. Milliseconds a sentence where a judge takes seconds; how good it is, the classifier decides.

| answer | documents | score |
|---|---|---|
| no sentence with a letter or digit | any | not applicable |
| any | none | not applicable |
| more sentences than `most` | | the first ones |
| a probability outside 0 to 1 | | unscored |
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from evaluators.detection import Entail
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored

_NEXT = r"(?=[\"'“‘(\[]*[A-ZÀ-ÞΑ-ΩА-Я0-9])"
_END = re.compile(rf"(?<=[.!?…])\s+{_NEXT}|(?<=[.!?…][\"'”’)\]])\s+{_NEXT}|\n+|(?<=[。！？])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundedness(Configured):
    """How likely the documents support the answer's sentences, by a classifier of pairs."""

    kind: ClassVar[str] = "groundedness"
    needs: ClassVar[tuple[str, ...]] = ("entail",)

    over: Literal["mean", "weakest"] = parameter(
        "What the sentences come to: their mean, or the weakest of them.", default="mean"
    )
    threshold: float = parameter("From which probability on a sentence counts as supported.", default=0.5)
    most: int = parameter("How many sentences to check at most.", default=50)

    entail: Entail = field(repr=False)

    def texts(self) -> tuple[str, ...]:
        """The classifier decides scores, when it says which one it is."""
        return (str(getattr(self.entail, "model", "")),)

    async def score(self, sample: Sample) -> Outcome:
        """Check every sentence against every document."""
        sentences = sentences_of(sample.output)[: self.most]
        if not sentences or not sample.context:
            return NotApplicable(
                reason="the answer says nothing" if sample.context else "the sample has no documents"
            )
        pairs = [(document, sentence) for sentence in sentences for document in sample.context]
        flat = await self.entail(pairs)
        if len(flat) != len(pairs) or not all(0 <= probability <= 1 for probability in flat):
            return Unscored(
                code="not_a_number", reason="the classifier gave something else than probabilities"
            )
        width = len(sample.context)
        best = [max(flat[start : start + width]) for start in range(0, len(flat), width)]
        supported = sum(probability >= self.threshold for probability in best)
        return Score(
            value=min(best) if self.over == "weakest" else sum(best) / len(best),
            label="supported" if supported == len(best) else "unsupported",
            reason=f"{supported} of {len(best)} sentences are supported",
            details={"supported": supported, "sentences": len(best), "probabilities": best},
        )


def sentences_of(text: str) -> list[str]:
    """Cut a text into sentences and lines; what has neither letter nor digit is none."""
    pieces = (piece.strip() for piece in _END.split(text))
    return [piece for piece in pieces if any(character.isalnum() for character in piece)]
