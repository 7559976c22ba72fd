"""What the candidate must do on its own: reach a floor, keep an invariant."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evaluators.gate.decision import Finding
from evaluators.gate.rules import Rule
from evaluators.gate.table import Table, clusters_of
from evaluators.gate.trials import Metric
from evaluators.stats.clustered import Array, clustered_mean
from evaluators.stats.intervals import effective_count, share_above, share_below, wilson

_CONFIRMING_TRIALS = 3
_CONFIRMED_AT = 2


def reach_floor(table: Table, rule: Rule, metric: Metric, *, look: int) -> Finding:
    """Test the candidate's mean against the floor; the state is decided by the caller's level."""
    assert rule.floor is not None
    low_end, high_end = metric.bounds or (0.0, 1.0)
    width = high_end - low_end
    means = table.candidate.means()
    known = ~np.isnan(means)
    shares = (means[known] - low_end) / width
    floor = (rule.floor - low_end) / width
    if metric.direction == "lower":
        shares, floor = 1.0 - shares, 1.0 - floor
    clusters = clusters_of(table.cases, known)
    mean = clustered_mean(shares, clusters)
    count = effective_count(
        mean.value,
        mean.standard_error,
        clusters=int(clusters.max(initial=-1)) + 1,
        observations=table.candidate.trials(),
    )
    interval = wilson(mean.value, count) if len(shares) else (0.0, 1.0)
    ends = sorted((1.0 - end if metric.direction == "lower" else end) * width + low_end for end in interval)
    return Finding(
        metric=rule.metric,
        check="floor",
        state="INCONCLUSIVE",
        reason="",
        look=look,
        is_final=False,
        cases=len(shares),
        clusters=int(clusters.max(initial=-1)) + 1,
        candidate=float(means[known].mean()) if len(shares) else None,
        low=ends[0],
        high=ends[1],
        margin=rule.floor,
        margin_source="floor",
        p_noninferior=share_above(mean.value, count, floor),
        p_regression=share_below(mean.value, count, floor),
        method="wilson",
        unscored_candidate=table.candidate.unscored_share,
        label=rule.label,
    )


def keep_invariant(table: Table, rule: Rule, metric: Metric, *, look: int, is_last: bool) -> Finding:
    """Check that no trial of the candidate breaks the invariant; a judge's no must be confirmed by a second."""
    is_judge = metric.source == "judge"
    scores = table.candidate.scores
    fails = fails_of(scores, rule, metric)
    counts = np.count_nonzero(fails[:, :_CONFIRMING_TRIALS] if is_judge else fails, axis=1)
    seen = np.count_nonzero(~np.isnan(scores[:, :_CONFIRMING_TRIALS] if is_judge else scores), axis=1)
    broken = [
        case.id
        for case, count in zip(table.cases, counts, strict=True)
        if count >= (_CONFIRMED_AT if is_judge else 1)
    ]
    doubtful = is_judge and bool(np.any((counts == 1) & (seen < _CONFIRMING_TRIALS)))
    unseen = [case.id for case, count in zip(table.cases, seen, strict=True) if count == 0]
    finding = Finding(
        metric=rule.metric,
        check="must_pass",
        state="PASS",
        reason="every trial keeps it",
        look=look,
        cases=len(table.cases),
        candidate=None if not scores.size or np.isnan(scores).all() else float(np.nanmean(scores)),
        unscored_candidate=table.candidate.unscored_share,
        broken_cases=tuple(broken),
        label=rule.label,
    )
    return _stated(finding, broken=broken, unseen=unseen, doubtful=doubtful, is_last=is_last)


def fails_of(scores: Array, rule: Rule, metric: Metric) -> npt.NDArray[np.bool_]:
    """Say which scores miss the rule's threshold: 1 for code and 0.5 for a judge unless said; a missing score misses none."""
    is_judge, is_lower = metric.source == "judge", metric.direction == "lower"
    best = 0.0 if is_lower else 1.0
    threshold = rule.threshold if rule.threshold is not None else (0.5 if is_judge else best)
    return scores > threshold if is_lower else scores < threshold


def _stated(
    finding: Finding, *, broken: list[str], unseen: list[str], doubtful: bool, is_last: bool
) -> Finding:
    if broken:
        shown = ", ".join(broken[:5]) + (f" and {len(broken) - 5} more" if len(broken) > 5 else "")
        return replace(finding, state="FAIL", reason=f"broken by {shown}")
    if unseen:
        return replace(
            finding, state="INCONCLUSIVE", is_final=is_last, reason=f"never scored on {', '.join(unseen[:5])}"
        )
    if doubtful:
        return replace(
            finding,
            state="INCONCLUSIVE",
            is_final=is_last,
            reason="one no of the judge awaits two more trials",
        )
    return finding
