"""How many of the first results are relevant?

relevant among the first k / k (as trec_eval counts: places left empty are misses). Without k, all that was found
counts. From 0 to 1. The oracle is scikit-learn's precision_score.

| found | relevant | k | score |
|---|---|---|---|
| nothing | any | any | 0 |
| fewer than k | any | k | misses for the empty places |
| one id twice | | | counts once, at its first place |
| any | none named | | not applicable |
| no list of ids | any | | not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.retrieval.ranking import Ranked
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionAtK(Ranked):
    """The share of the first k results that are relevant."""

    kind: ClassVar[str] = "precision_at_k"

    def check(self) -> None:
        """Refuse a k of nothing."""
        if self.k is not None and self.k < 1:
            raise ParameterError(f"precision_at_k: `k` must be at least 1, not {self.k}")

    async def score(self, sample: Sample) -> Outcome:
        """Count the relevant ones among the first."""
        ranking = self.ranking(sample)
        if isinstance(ranking, NotApplicable):
            return ranking
        places = self.k if self.k is not None else len(ranking.found)
        hits = sum(map(ranking.is_relevant, ranking.found[:places]))
        return Score(
            value=hits / places if places else 0.0,
            reason=f"{hits} of the first {places} are relevant",
            details={"hits": hits, "places": places},
        )
