"""Exact tests on counts: McNemar's for paired yes-or-no answers, Fisher's for two shares."""

import math
from dataclasses import dataclass

from scipy import special


@dataclass(frozen=True, slots=True)
class McNemar:
    """How many cases changed in each direction, and how surprising that is if direction were a coin's toss."""

    worse: int
    better: int
    p_worse: float
    """One-sided: at least so many of the changed cases became worse."""
    p_two_sided: float


def mcnemar_exact(*, worse: int, better: int) -> McNemar:
    """Test whether changed cases became worse more often than better; cases that did not change say nothing."""
    changed = worse + better
    if changed == 0:
        return McNemar(0, 0, 1.0, 1.0)
    p_worse = float(special.bdtrc(worse - 1, changed, 0.5)) if worse > 0 else 1.0
    p_two_sided = min(1.0, 2.0 * float(special.bdtr(min(worse, better), changed, 0.5)))
    return McNemar(worse, better, p_worse, p_two_sided)


def fisher_exact(hits_a: int, total_a: int, hits_b: int, total_b: int) -> float:
    """Return the two-sided p that two shares are one: the chance of all tables no likelier than this one."""
    hits = hits_a + hits_b
    lowest, highest = max(0, hits - total_b), min(hits, total_a)
    chances = [
        math.exp(
            _log_choose(total_a, x) + _log_choose(total_b, hits - x) - _log_choose(total_a + total_b, hits)
        )
        for x in range(lowest, highest + 1)
    ]
    limit = chances[hits_a - lowest] * (1 + 1e-7)
    return min(1.0, sum(chance for chance in chances if chance <= limit))


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
