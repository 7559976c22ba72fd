"""How near is the answer's meaning to the expected text's, by a model of embeddings?

The cosine of the two vectors, as it is: what counts as near depends on the model, so nothing is rescaled. From -1 to 1.
The model is handed in. The oracle is scikit-learn's cosine_similarity.

| answer | expected | score |
|---|---|---|
| equal texts | | 1, without asking |
| any | a list of texts | the nearest one's |
| a vector of zeros, or not finite | | unscored |
| vectors of different length | | unscored |
| any | none | not applicable |
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from evaluators.detection import Embed
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score, Unscored
from evaluators.text.references import NO_REFERENCE, references_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSimilarity(Configured):
    """How near the answer's meaning is to the expected text: the cosine of their embeddings."""

    kind: ClassVar[str] = "embedding_similarity"
    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    needs: ClassVar[tuple[str, ...]] = ("embed",)

    expected: str | None = parameter("The right answer; the case's own when left empty.", default=None)

    embed: Embed = field(repr=False)

    def texts(self) -> tuple[str, ...]:
        """The model decides scores, when it says which one it is."""
        return (str(getattr(self.embed, "model", "")),)

    async def score(self, sample: Sample) -> Outcome:
        """Compare with the nearest reference."""
        references = references_of(sample, self.expected)
        if not references:
            return NO_REFERENCE
        if sample.output in references:
            return Score(value=1.0, reason="equals the expected text")
        vectors = await self.embed([sample.output, *references])
        if len(vectors) != len(references) + 1:
            return Unscored(
                code="judge_error", reason=f"{len(vectors)} embeddings came for {len(references) + 1} texts"
            )
        cosines = [cosine(vectors[0], vector) for vector in vectors[1:]]
        known = [value for value in cosines if value is not None]
        if len(known) < len(cosines):
            return Unscored(
                code="not_a_number", reason="an embedding is zero, not finite, or of another length"
            )
        return Score(value=max(known), reason=f"cosine {max(known):.3f}", details={"cosines": known})


def cosine(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the cosine of two vectors, or None when there is none."""
    if len(first) != len(second):
        return None
    lengths = math.hypot(*first) * math.hypot(*second)
    if not 0 < lengths < math.inf:
        return None
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(first, second, strict=True)) / lengths))
