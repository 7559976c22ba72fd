"""BLEU of one answer: how much of it, in runs of one to four words, the references hold.

BP * exp(mean log p_n) over the orders the answer is long enough for (effective order), where p_n is clipped n-gram
precision; zero counts are smoothed by 1/2, 1/4, ... of one match (NIST, "exp"), and BP punishes answers shorter than
the nearest reference (Papineni et al., ACL 2002). Words are cut by the rules of mteval-v13a. From 0 to 1, where
sacrebleu, the oracle, says 0 to 100.

| answer | expected | score |
|---|---|---|
| empty | any | 0 |
| any | empty | 0 |
| no word in common | | 0, not smoothed |
| one word, the same | | 1: longer runs do not exist |
| any | a list of texts | counts are clipped against all of them together |
| any | none | not applicable |
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score
from evaluators.text.references import NO_REFERENCE, references_of, too_large

_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_RULES = (
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bleu(Configured):
    """BLEU: the share of the answer's runs of words that the expected text holds, punished for brevity."""

    kind: ClassVar[str] = "bleu"

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)
    longest: int = parameter("The longest run of words to compare.", default=4)
    ignore_case: bool = parameter("Treat upper and lower case alike.", default=False)

    def check(self) -> None:
        """Refuse runs of no words."""
        if not 1 <= self.longest <= 9:
            raise ParameterError(f"bleu: `longest` must be from 1 to 9, not {self.longest}")

    async def score(self, sample: Sample) -> Outcome:
        """Count runs of words in the answer and in the references."""
        references = references_of(sample, self.expected)
        if not references:
            return NO_REFERENCE
        refused = too_large((sample.output, *references))
        if refused is not None:
            return refused
        answer, *texts = [
            words(text.lower() if self.ignore_case else text) for text in (sample.output, *references)
        ]
        length = min((abs(len(answer) - len(text)), len(text)) for text in texts)[1]
        matched, total = _counts(answer, texts, self.longest)
        value = _bleu(matched, total, len(answer), length)
        return Score(
            value=value,
            reason=f"{matched[0]} of {len(answer)} words match, {length} expected",
            details={"matched": matched, "total": total, "length": len(answer), "expected_length": length},
        )


def words(text: str) -> list[str]:
    """Cut a text into words by the rules of mteval-v13a."""
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, letter in _ENTITIES:
        text = text.replace(entity, letter)
    text = f" {text} "
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.split()


def runs(tokens: Sequence[str], length: int) -> Counter[tuple[str, ...]]:
    """Count the runs of so many tokens."""
    return Counter(tuple(tokens[i : i + length]) for i in range(len(tokens) - length + 1))


def _counts(answer: list[str], texts: list[list[str]], longest: int) -> tuple[list[int], list[int]]:
    matched, total = [], []
    for length in range(1, longest + 1):
        found, allowed = runs(answer, length), Counter[tuple[str, ...]]()
        for text in texts:
            allowed |= runs(text, length)
        matched.append((found & allowed).total())
        total.append(found.total())
    return matched, total


def _bleu(matched: list[int], total: list[int], length: int, expected_length: int) -> float:
    if not any(matched):
        return 0.0
    logarithms, smoothing = [], 1.0
    for hits, count in zip(matched, total, strict=True):
        if count == 0:
            break
        if hits == 0:
            smoothing *= 2
        logarithms.append(math.log(hits / count if hits else 1 / (smoothing * count)))
    brevity = math.exp(min(0.0, 1 - expected_length / length))
    return brevity * math.exp(math.fsum(logarithms) / len(logarithms))
