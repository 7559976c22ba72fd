"""How good is the order of what was found?

DCG / the best possible DCG, DCG = sum of gain / log2(place + 1) (Järvelin and Kekäläinen, TOIS 2002). The gain of an
id is what `expected` says it is worth, or 2 to that power minus 1 (`exponential`, Burges 2005). From 0 to 1. The oracle
is scikit-learn's ndcg_score.

| found | relevant | score |
|---|---|---|
| nothing, or none relevant | any | 0 |
| relevant ones missing | | the best order has them: below 1 |
| one id twice | | counts once, at its first place |
| any | all worth 0 | not applicable |
| no list of ids | any | not applicable |
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluators.errors import ParameterError
from evaluators.evaluator import parameter
from evaluators.retrieval.ranking import Ranked
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Ndcg(Ranked):
    """How near the order of the results is to the best one; what stands first counts most."""

    kind: ClassVar[str] = "ndcg"

    gain: Literal["linear", "exponential"] = parameter(
        "What an id is worth: as the expected value says, or 2 to that power minus 1.", default="linear"
    )

    def check(self) -> None:
        """Refuse a k of nothing."""
        if self.k is not None and self.k < 1:
            raise ParameterError(f"ndcg: `k` must be at least 1, not {self.k}")

    async def score(self, sample: Sample) -> Outcome:
        """Weigh the found order against the best one."""
        ranking = self.ranking(sample)
        if isinstance(ranking, NotApplicable):
            return ranking
        try:
            gains = {found: self._worth(gain) for found, gain in ranking.gains.items()}
        except OverflowError:
            return NotApplicable(reason="an id is worth more than can be counted")
        reached = self._discounted(gains.get(found, 0.0) for found in ranking.found)
        best = self._discounted(sorted(gains.values(), reverse=True))
        return Score(
            value=reached / best,
            reason=f"{reached:.3f} of {best:.3f} possible",
            details={"dcg": reached, "best": best},
        )

    def _worth(self, gain: float) -> float:
        return gain if self.gain == "linear" else 2.0**gain - 1.0

    def _discounted(self, gains: Iterable[float]) -> float:
        return math.fsum(gain / math.log2(place + 1) for place, gain in enumerate([*gains][: self.k], 1))
