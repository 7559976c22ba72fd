"""Where the uncertainty of a paired difference comes from: the cases, the answers to one case, or the judge."""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.stats.clustered import Array


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of one case's difference: what differs between cases, and what one trial adds."""

    case: float
    answer: float
    judge: float | None
    """What the judge adds when it is asked twice about one answer; part of `answer` where nobody has asked it twice."""
    trials: float
    """Trials per case."""

    @property
    def shares(self) -> tuple[float, float, float | None]:
        """Return how much of the squared error the cases, the answers and the judge are to blame for."""
        parts = (self.case, self.answer / self.trials, (self.judge or 0.0) / self.trials)
        total = sum(parts) or 1.0
        return parts[0] / total, parts[1] / total, None if self.judge is None else parts[2] / total

    def trials_needed(self, cases: int, standard_error: float) -> int | None:
        """Return how many trials of each case would bring the error down to this; None when no number would."""
        left = cases * standard_error**2 - self.case
        within = self.answer + (self.judge or 0.0)
        return math.ceil(within / left) if left > 0 and within > 0 else None


def components(before: Array, after: Array, *, judge_variance: float | None = None) -> Components | None:
    """Part the variance of paired differences; None unless cases have two trials or more in both arms.

    `before` and `after` are scores, case by trial, NaN where there is none. `judge_variance` is that of one judgement of
    one answer.
    """
    counts = [np.count_nonzero(~np.isnan(arm), axis=1) for arm in (before, after)]
    known = (counts[0] > 1) & (counts[1] > 1)
    if np.count_nonzero(known) < 2:
        return None
    arms = (before[known], after[known])
    sizes = [count[known] for count in counts]
    within = sum(np.nanvar(arm, axis=1, ddof=1) for arm in arms)
    by_trials = sum(np.nanvar(arm, axis=1, ddof=1) / size for arm, size in zip(arms, sizes, strict=True))
    differences = np.nanmean(arms[1], axis=1) - np.nanmean(arms[0], axis=1)
    case = max(0.0, float(np.var(differences, ddof=1) - np.mean(by_trials)))
    answer = float(np.mean(within))
    judge = None if judge_variance is None else min(answer, 2.0 * judge_variance)
    return Components(case, answer - (judge or 0.0), judge, float(np.mean(sizes)))
