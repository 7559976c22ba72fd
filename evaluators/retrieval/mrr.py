"""How far down is the first relevant result?

1 / its place, so that the mean over cases is the mean reciprocal rank (Voorhees, TREC-8). From 0 to 1. The oracle is
scikit-learn's label_ranking_average_precision_score, which says the same when one id is relevant.

| found | relevant | score |
|---|---|---|
| none relevant, or nothing | any | 0 |
| the first relevant one below k | any | 0 |
| any | none named | not applicable |
| no list of ids | any | not applicable |
"""

from dataclasses import dataclass
from typing import ClassVar

from evaluators.errors import ParameterError
from evaluators.retrieval.ranking import Ranked
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Mrr(Ranked):
    """One over the place of the first relevant result."""

    kind: ClassVar[str] = "mrr"

    def check(self) -> None:
        """Refuse a k of nothing."""
        if self.k is not None and self.k < 1:
            raise ParameterError(f"mrr: `k` must be at least 1, not {self.k}")

    async def score(self, sample: Sample) -> Outcome:
        """Look for the first relevant one."""
        ranking = self.ranking(sample)
        if isinstance(ranking, NotApplicable):
            return ranking
        places = (n for n, found in enumerate(ranking.found[: self.k], 1) if ranking.is_relevant(found))
        place = next(places, None)
        if place is None:
            return Score(value=0.0, reason="no relevant one was found")
        return Score(
            value=1 / place, reason=f"the first relevant one is in place {place}", details={"place": place}
        )
