"""How many words do the answer and the expected text share?

F1 of precision and recall over the multisets of words, after SQuAD's rule: lower case, without punctuation and the
articles a, an, the (Rajpurkar et al., EMNLP 2016; the empty case by SQuAD 2.0). From 0 to 1. The oracle is the
evaluation script of SQuAD 2.0, by its published vectors.

| answer | expected | score |
|---|---|---|
| no word left | no word left | 1 |
| no word left | words | 0 |
| any | a list of texts | the best one's |
| any | none | not applicable |
"""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score
from evaluators.text.exact import normalized
from evaluators.text.references import NO_REFERENCE, references_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenF1(Configured):
    """How many words the answer and the expected text share: F1, as SQuAD counts it."""

    kind: ClassVar[str] = "token_f1"

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)

    async def score(self, sample: Sample) -> Outcome:
        """Compare with every reference and keep the best."""
        references = references_of(sample, self.expected)
        if not references:
            return NO_REFERENCE
        answer = Counter(normalized(sample.output, "squad").split())
        value, shared, said, wanted = max(_compared(answer, text) for text in references)
        return Score(
            value=value,
            reason=f"{shared} words shared; {said} said, {wanted} expected",
            details={"shared": shared, "said": said, "expected": wanted},
        )


def _compared(answer: Counter[str], reference: str) -> tuple[float, int, int, int]:
    expected = Counter(normalized(reference, "squad").split())
    shared, both = (answer & expected).total(), answer.total() + expected.total()
    return 2 * shared / both if both else 1.0, shared, answer.total(), expected.total()
