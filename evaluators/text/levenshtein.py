"""How near is the answer to the expected text, letter by letter?

1 - d(answer, expected) / max(length), where d counts insertions, deletions and substitutions of code points
(Levenshtein 1966, computed by Myers' bit vectors, J. ACM 46(3), 1999). From 0 to 1. The oracle is rapidfuzz.

| answer | expected | score |
|---|---|---|
| empty | empty | 1 |
| empty | not empty | 0 |
| any | a list of texts | the nearest one's |
| any | none | not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score
from evaluators.text.exact import Normalization, normalized
from evaluators.text.references import NO_REFERENCE, references_of, too_large


@dataclass(frozen=True, slots=True, kw_only=True)
class Levenshtein(Configured):
    """How near the answer is to the expected text: 1 minus the share of letters to change."""

    kind: ClassVar[str] = "levenshtein"

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)
    normalize: Normalization = parameter(
        "What to overlook: nothing, surrounding space, also case, or articles and punctuation too (squad).",
        default="none",
    )

    async def score(self, sample: Sample) -> Outcome:
        """Compare with the nearest reference."""
        references = references_of(sample, self.expected)
        if not references:
            return NO_REFERENCE
        refused = too_large((sample.output, *references))
        if refused is not None:
            return refused
        output = normalized(sample.output, self.normalize)
        candidates = [normalized(text, self.normalize) for text in references]
        distances = [(distance(output, text), max(len(output), len(text))) for text in candidates]
        edits, length = min(distances, key=lambda pair: pair[0] / pair[1] if pair[1] else 0.0)
        return Score(
            value=1.0 - edits / length if length else 1.0,
            reason=f"{edits} edits over {length} characters",
            details={"edits": edits, "length": length},
        )


def similarity(first: str, second: str) -> float:
    """Return 1 minus the distance as a share of the longer text; two empty texts are the same."""
    length = max(len(first), len(second))
    return 1.0 - distance(first, second) / length if length else 1.0


def distance(first: str, second: str) -> int:
    """Count the letters to insert, delete or replace. A column of the table is one whole number of bits."""
    if not first or not second:
        return max(len(first), len(second))
    places: dict[str, int] = {}
    for index, letter in enumerate(first):
        places[letter] = places.get(letter, 0) | 1 << index
    full = (1 << len(first)) - 1
    last = 1 << (len(first) - 1)
    more, less, edits = full, 0, len(first)
    for letter in second:
        equal = places.get(letter, 0)
        vertical = equal | less
        horizontal = (((equal & more) + more) ^ more) | equal
        up = (less | ~(horizontal | more)) & full
        down = more & horizontal
        edits += bool(up & last) - bool(down & last)
        up = (up << 1 | 1) & full
        more = (down << 1 | ~(vertical | up)) & full
        less = up & vertical
    return edits
