"""ROUGE of one answer: what of the expected text it repeats.

ROUGE-N counts runs of N words; ROUGE-L the longest common subsequence; ROUGE-Lsum, for texts of several lines, the
union of the longest common subsequences of each expected line (Lin, ACL 2004). Words are runs of a-z and 0-9 in
lower case. From 0 to 1. The oracle is rouge-score.

| answer | expected | score |
|---|---|---|
| no word | any, also no word | 0 |
| one word | one word, `rouge2` | 0: there are no pairs |
| any | a list of texts | the one with the best F1 |
| letters outside a-z | | are no words: use `chrf` for other scripts |
| any | none | not applicable |
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score, Unscored
from evaluators.text.bleu import runs
from evaluators.text.porter import stem
from evaluators.text.references import NO_REFERENCE, references_of, too_large

MOST_CELLS = 4_000_000
"""ROUGE-Lsum fills a table of expected words times said words; a larger one takes longer than a second or two."""

_WORD = re.compile("[a-z0-9]+")
_SHORTEST_STEMMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rouge(Configured):
    """ROUGE: how much of the expected text the answer repeats, in single words, pairs or order."""

    kind: ClassVar[str] = "rouge"

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)
    variant: Literal["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"] = parameter(
        "What to compare: words, runs of two or three, the longest common subsequence, or that line by line.",
        default="rougeL",
    )
    measure: Literal["f1", "recall", "precision"] = parameter(
        "Which of the three is the score.", default="f1"
    )
    stem: bool = parameter("Compare the stems of English words.", default=True)

    async def score(self, sample: Sample) -> Outcome:
        """Compare with every reference and keep the one with the best F1."""
        references = references_of(sample, self.expected)
        if not references:
            return NO_REFERENCE
        refused = too_large((sample.output, *references)) or self._too_many_cells(sample.output, references)
        if refused is not None:
            return refused
        overlaps = [self._overlap(sample.output, text) for text in references]
        best = max(overlaps, key=lambda overlap: overlap.f1)
        return Score(
            value=getattr(best, self.measure),
            reason=f"{best.shared} shared; {best.said} said, {best.wanted} expected",
            details={"shared": best.shared, "said": best.said, "expected": best.wanted},
        )

    def _overlap(self, output: str, reference: str) -> "Overlap":
        if self.variant == "rougeLsum":
            return _line_by_line(self._lines(output), self._lines(reference))
        said, wanted = self._words(output), self._words(reference)
        if self.variant == "rougeL":
            return Overlap(longest_common(said, wanted), len(said), len(wanted))
        length = int(self.variant[-1])
        found, expected = runs(said, length), runs(wanted, length)
        return Overlap((found & expected).total(), found.total(), expected.total())

    def _words(self, text: str) -> list[str]:
        words = _WORD.findall(text.lower())
        return (
            [stem(word) if len(word) >= _SHORTEST_STEMMED else word for word in words] if self.stem else words
        )

    def _lines(self, text: str) -> list[list[str]]:
        return [self._words(line) for line in text.split("\n") if line]

    def _too_many_cells(self, output: str, references: Sequence[str]) -> Unscored | None:
        cells = len(self._words(output)) * sum(len(self._words(text)) for text in references)
        if self.variant != "rougeLsum" or cells <= MOST_CELLS:
            return None
        return Unscored(code="too_large", reason=f"{cells} pairs of words; at most {MOST_CELLS} are compared")


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many units two texts share, and how many each has."""

    shared: int
    said: int
    wanted: int

    @property
    def precision(self) -> float:
        """The share of what was said that was expected."""
        return self.shared / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        """The share of what was expected that was said."""
        return self.shared / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence; a column of the table is one number of bits."""
    places: dict[str, int] = {}
    for index, item in enumerate(first):
        places[item] = places.get(item, 0) | 1 << index
    full = (1 << len(first)) - 1
    column = full
    for item in second:
        hits = column & places.get(item, 0)
        column = ((column + hits) | (column - hits)) & full
    return len(first) - column.bit_count()


def _line_by_line(said: list[list[str]], wanted: list[list[str]]) -> Overlap:
    """Count each expected line's words that some line of the answer follows; no word more often than it is there."""
    left_said, left_wanted = (Counter(word for line in lines for word in line) for lines in (said, wanted))
    shared = 0
    for line in wanted:
        for index in sorted({index for other in said for index in _followed(line, other)}):
            word = line[index]
            if left_said[word] > 0 and left_wanted[word] > 0:
                left_said[word] -= 1
                left_wanted[word] -= 1
                shared += 1
    return Overlap(shared, sum(map(len, said)), sum(map(len, wanted)))


def _followed(wanted: list[str], said: list[str]) -> list[int]:
    """Return the places in `wanted` of one longest common subsequence: of several, the one the paper's script takes."""
    table = [[0] * (len(said) + 1)]
    for word in wanted:
        above, row = table[-1], [0]
        for column, other in enumerate(said):
            row.append(above[column] + 1 if word == other else max(above[column + 1], row[column]))
        table.append(row)
    places, i, j = [], len(wanted), len(said)
    while i and j:
        if wanted[i - 1] == said[j - 1]:
            i, j = i - 1, j - 1
            places.append(i)
        elif table[i][j - 1] > table[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return places
