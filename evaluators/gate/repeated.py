"""pass^k: how likely it is that k answers to one case are all right, which is what someone who asks k times meets."""

import numpy as np
from scipy import special

from evaluators.gate.decision import Finding
from evaluators.gate.rules import Rule
from evaluators.gate.single import fails_of
from evaluators.gate.table import Table, clusters_of
from evaluators.gate.trials import Metric
from evaluators.stats.clustered import Array, clustered_mean
from evaluators.stats.intervals import effective_count, share_above, share_below, wilson


def reach_pass_k(table: Table, rule: Rule, metric: Metric, *, look: int) -> Finding:
    """Test pass^k of the candidate against the floor; cases with fewer than k scores do not count.

    A case with c right answers of n has C(c, k) / C(n, k): the share of choices of k answers that are all right, whose
    mean is pass^k exactly, where (c/n)^k would flatter it.
    """
    assert rule.pass_k is not None
    assert rule.floor is not None
    scores = table.candidate.scores
    counts = np.count_nonzero(~np.isnan(scores), axis=1)
    right = counts - np.count_nonzero(fails_of(scores, rule, metric), axis=1)
    known = counts >= rule.pass_k
    shares = pass_k(right[known], counts[known], rule.pass_k)
    clusters = clusters_of(table.cases, known)
    mean = clustered_mean(shares, clusters)
    independent = int(clusters.max(initial=-1)) + 1
    count = effective_count(mean.value, mean.standard_error, clusters=independent, observations=len(shares))
    low, high = wilson(mean.value, count) if len(shares) else (0.0, 1.0)
    return Finding(
        metric=rule.metric,
        check="floor",
        state="INCONCLUSIVE",
        reason="",
        look=look,
        is_final=False,
        cases=len(shares),
        clusters=independent,
        candidate=mean.value if len(shares) else None,
        low=low,
        high=high,
        margin=rule.floor,
        margin_source="floor",
        p_noninferior=share_above(mean.value, count, rule.floor) if len(shares) else None,
        p_regression=share_below(mean.value, count, rule.floor) if len(shares) else None,
        method="wilson",
        unscored_candidate=table.candidate.unscored_share,
        label=", ".join([f"pass^{rule.pass_k}", *sorted(rule.tags)]),
    )


def pass_k(right: "np.typing.NDArray[np.int64]", counts: "np.typing.NDArray[np.int64]", k: int) -> Array:
    """Return C(right, k) / C(counts, k) for every case."""
    shares: Array = special.binom(right, k) / special.binom(counts, k)
    return np.where(right >= k, shares, 0.0)
