"""chrF and chrF++ of one answer: runs of letters (and words) that answer and reference share.

Precision and recall are averaged over the orders that both texts are long enough for, then joined to
F_beta with beta = 2: recall counts twice (Popović, WMT 2015 and 2017). Space is no letter. From 0 to 1, where sacrebleu,
the oracle, says 0 to 100.

| answer | expected | score |
|---|---|---|
| empty | any, empty too | 0 |
| any | empty | 0 |
| "a" | "a" | 1: only runs of one letter exist |
| any | a list of texts | the best one's |
| any | none | not applicable |
"""

import string
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score
from evaluators.text.bleu import runs
from evaluators.text.references import NO_REFERENCE, references_of, too_large

_PUNCTUATION = frozenset(string.punctuation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrf(Configured):
    """chrF: how many runs of letters the answer and the expected text share; robust to word forms."""

    kind: ClassVar[str] = "chrf"

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)
    letters: int = parameter("The longest run of letters to compare.", default=6)
    words: int = parameter("The longest run of words to compare beside; 2 gives chrF++.", default=0)
    beta: float = parameter("How much more recall counts than precision.", default=2.0)
    ignore_case: bool = parameter("Treat upper and lower case alike.", default=False)

    def check(self) -> None:
        """Refuse orders and weights that measure nothing."""
        if not 1 <= self.letters <= 12 or not 0 <= self.words <= 6 or not self.beta > 0:
            raise ParameterError("chrf: `letters` is from 1 to 12, `words` from 0 to 6, `beta` above 0")

    async def score(self, sample: Sample) -> Outcome:
        """Compare with every reference and keep the best."""
        references = references_of(sample, self.expected)
        if not references:
            return NO_REFERENCE
        refused = too_large((sample.output, *references))
        if refused is not None:
            return refused
        answer = self._runs(sample.output)
        value, precision, recall = max(self._compared(answer, self._runs(text)) for text in references)
        return Score(
            value=value,
            reason=f"precision {precision:.3f}, recall {recall:.3f}",
            details={"precision": precision, "recall": recall},
        )

    def _runs(self, text: str) -> list[Counter[tuple[str, ...]]]:
        text = text.lower() if self.ignore_case else text
        letters = "".join(text.split())
        found = [runs(letters, length) for length in range(1, self.letters + 1)]
        if self.words:
            parts = [part for word in text.split() for part in _parts(word)]
            found += [runs(parts, length) for length in range(1, self.words + 1)]
        return found

    def _compared(
        self, answer: list[Counter[tuple[str, ...]]], expected: list[Counter[tuple[str, ...]]]
    ) -> tuple[float, float, float]:
        pairs = [(mine, theirs) for mine, theirs in zip(answer, expected, strict=True) if mine and theirs]
        if not pairs:
            return 0.0, 0.0, 0.0
        hits = [(mine & theirs).total() for mine, theirs in pairs]
        precision = sum(hit / mine.total() for hit, (mine, _) in zip(hits, pairs, strict=True)) / len(pairs)
        recall = sum(hit / theirs.total() for hit, (_, theirs) in zip(hits, pairs, strict=True)) / len(pairs)
        if not precision + recall:
            return 0.0, precision, recall
        factor = self.beta**2
        return (1 + factor) * precision * recall / (factor * precision + recall), precision, recall


def _parts(word: str) -> tuple[str, ...]:
    """Take one mark of punctuation off a word, its last letter before its first."""
    if len(word) > 1 and word[-1] in _PUNCTUATION:
        return word[:-1], word[-1]
    if len(word) > 1 and word[0] in _PUNCTUATION:
        return word[0], word[1:]
    return (word,)
