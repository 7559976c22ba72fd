"""How many of the relevant results were found?

relevant among the first k / all relevant. From 0 to 1. The oracle is scikit-learn's recall_score.

| found | relevant | score |
|---|---|---|
| nothing | any | 0 |
| k smaller than the number of relevant ids | | cannot reach 1 |
| one id twice | | counts once |
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
class RecallAtK(Ranked):
    """The share of the relevant results that are among the first k."""

    kind: ClassVar[str] = "recall_at_k"

    def check(self) -> None:
        """Refuse a k of nothing."""
        if self.k is not None and self.k < 1:
            raise ParameterError(f"recall_at_k: `k` must be at least 1, not {self.k}")

    async def score(self, sample: Sample) -> Outcome:
        """Count the relevant ones among the first."""
        ranking = self.ranking(sample)
        if isinstance(ranking, NotApplicable):
            return ranking
        hits = sum(map(ranking.is_relevant, ranking.found[: self.k]))
        wanted = sum(gain > 0 for gain in ranking.gains.values())
        return Score(
            value=hits / wanted,
            reason=f"{hits} of {wanted} relevant ones found",
            details={"hits": hits, "relevant": wanted},
        )
