"""Scores that should exist and do not: they never turn into a PASS."""

import numpy as np

from evaluators.gate.table import Arm, Table
from evaluators.gate.trials import Metric
from evaluators.stats.discordance import fisher_exact

_SUSPICIOUS = 0.01


def too_much_missing(table: Table, *, arms: tuple[str, ...], limit: float) -> str:
    """Return why a metric cannot be trusted for want of scores, or an empty text."""
    by_name = {"baseline": table.baseline, "candidate": table.candidate}
    for name in arms:
        arm = by_name[name]
        if arm.scored + arm.unscored == 0:
            return f"the {name} has no answer this metric applies to"
        if arm.unscored_share > limit:
            return (
                f"{arm.unscored} of {arm.scored + arm.unscored} answers of the {name} could not be scored "
                f"({arm.unscored_share:.1%}, at most {limit:.0%})"
            )
    if len(arms) == 2 and _differ(table.baseline, table.candidate):
        return (
            f"answers without a score are not alike in the arms: {table.baseline.unscored_share:.1%} of the baseline's, "
            f"{table.candidate.unscored_share:.1%} of the candidate's"
        )
    return ""


def _differ(a: Arm, b: Arm) -> bool:
    return fisher_exact(a.unscored, a.unscored + a.scored, b.unscored, b.unscored + b.scored) < _SUSPICIOUS


def worst_case(table: Table, metric: Metric) -> tuple[float, float] | None:
    """Return the limits of the difference if every missing score were as bad, or as good, as can be."""
    totals = [arm.scored + arm.unscored for arm in (table.baseline, table.candidate)]
    if metric.bounds is None or not all(totals) or not table.baseline.unscored + table.candidate.unscored:
        return None
    low, high = metric.bounds
    ends = {arm: (_filled(table, arm, low), _filled(table, arm, high)) for arm in ("baseline", "candidate")}
    return ends["candidate"][0] - ends["baseline"][1], ends["candidate"][1] - ends["baseline"][0]


def _filled(table: Table, name: str, value: float) -> float:
    arm: Arm = getattr(table, name)
    scores = arm.scores[~np.isnan(arm.scores)]
    return float((scores.sum() + value * arm.unscored) / (len(scores) + arm.unscored))
