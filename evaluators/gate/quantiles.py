"""A quantile of the candidate's measurements against the same quantile of the baseline's, such as the 95th of latency."""

import math

import numpy as np

from evaluators.gate.decision import Finding
from evaluators.gate.rules import Rule
from evaluators.gate.table import Table, clusters_of
from evaluators.gate.trials import Metric
from evaluators.stats.clustered import Array
from evaluators.stats.quantiles import QuantileRatio, quantile_ratio


def compare_quantiles(table: Table, rule: Rule, metric: Metric, *, look: int) -> Finding:
    """Compare over the trials of the cases that both arms have measured; what is not above zero is left out."""
    assert rule.quantile is not None
    assert rule.margin is not None
    before, after = _positive(table.baseline.scores), _positive(table.candidate.scores)
    paired = ~(np.all(np.isnan(before), axis=1) | np.all(np.isnan(after), axis=1))
    clusters = clusters_of(table.cases, paired)
    found: QuantileRatio | None = None
    if paired.any():
        # Where more is better, fewer is worse: the reciprocals are compared, and the ratio is turned round again.
        power = 1.0 if metric.direction == "lower" else -1.0
        quantile = rule.quantile if power > 0 else 1.0 - rule.quantile
        found = quantile_ratio(
            before[paired] ** power,
            after[paired] ** power,
            clusters,
            quantile=quantile,
            margin=rule.margin.value,
        )
        ends = sorted((found.low**power, found.high**power))
    return Finding(
        metric=rule.metric,
        check="margin",
        state="INCONCLUSIVE",
        reason="",
        look=look,
        is_final=False,
        cases=int(paired.sum()),
        clusters=int(clusters.max(initial=-1)) + 1,
        baseline=found.baseline**power if found else None,
        candidate=found.candidate**power if found else None,
        difference=found.ratio**power if found else None,
        low=ends[0] if found else None,
        high=ends[1] if found else None,
        is_ratio=True,
        margin=rule.margin.value,
        margin_source="set",
        p_noninferior=found.p_noninferior if found else None,
        p_regression=found.p_regression if found else None,
        method="swaps",
        unscored_baseline=table.baseline.unscored_share,
        unscored_candidate=table.candidate.unscored_share,
        label=rule.label,
    )


def _positive(scores: Array) -> Array:
    return np.where(scores > 0, scores, math.nan)
