"""A metric of the candidate against the same metric of the baseline, case by case."""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.gate.correction import corrected_mean
from evaluators.gate.decision import Finding
from evaluators.gate.rules import Gate, Rule, margin_of
from evaluators.gate.table import Table, clusters_of
from evaluators.gate.trials import Metric
from evaluators.stats.clustered import Array, Mean, within_mean
from evaluators.stats.components import Components, components
from evaluators.stats.discordance import McNemar, mcnemar_exact
from evaluators.stats.paired import Evidence, evidence
from evaluators.stats.power import cases_needed, minimum_detectable_effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Paired evidence with what a report says about it."""

    evidence: Evidence
    margin: float
    finding: Finding
    """Not yet decided: its state is INCONCLUSIVE."""


def compare(table: Table, rule: Rule, metric: Metric, gate: Gate, *, look: int) -> Comparison:
    """Pair the arms' means case by case and weigh the differences."""
    baseline, candidate = table.baseline.means(), table.candidate.means()
    paired = ~np.isnan(baseline) & ~np.isnan(candidate)
    is_ratio = rule.margin is not None and rule.margin.unit == "ratio"
    if is_ratio:
        paired &= (baseline > 0) & (candidate > 0)
        differences = np.log(candidate[paired]) - np.log(baseline[paired])
    else:
        differences = candidate[paired] - baseline[paired]
    sign = 1.0 if metric.direction == "higher" else -1.0
    clusters = clusters_of(table.cases, paired)
    margin, source = margin_of(rule, metric, cases=int(paired.sum()), trials=gate.looks[-1], alpha=gate.alpha)
    corrected = (
        None
        if is_ratio or gate.estimand == "suite"
        else corrected_mean(sign * differences, sign * table.labelled[paired], clusters)
    )
    weighed = evidence(
        sign * differences,
        clusters,
        margin=math.log(margin) if is_ratio else margin,
        spread=None if is_ratio else metric.spread,
        mean=_suite_mean(table, paired, sign * differences) if gate.estimand == "suite" else corrected,
    )
    low, high = sorted((sign * weighed.low, sign * weighed.high))
    mean, error = weighed.mean.value, weighed.mean.standard_error
    detectable = minimum_detectable_effect(error, alpha=gate.alpha) if 0 < error < math.inf else None
    noise = (
        None
        if is_ratio
        else components(
            table.baseline.scores[paired], table.candidate.scores[paired], judge_variance=table.judge_variance
        )
    )
    finding = Finding(
        metric=rule.metric,
        check="margin",
        state="INCONCLUSIVE",
        reason="",
        look=look,
        is_final=False,
        cases=len(differences),
        clusters=int(clusters.max(initial=-1)) + 1,
        baseline=_mean(baseline[paired], is_ratio=is_ratio),
        candidate=_mean(candidate[paired], is_ratio=is_ratio),
        difference=_shown(sign * mean, is_ratio=is_ratio),
        low=_shown(low, is_ratio=is_ratio),
        high=_shown(high, is_ratio=is_ratio),
        is_ratio=is_ratio,
        margin=margin,
        margin_source=source,
        p_noninferior=weighed.p_noninferior,
        p_regression=weighed.p_regression,
        method=weighed.method if corrected is None else "ppi++",
        labels=0 if corrected is None else int(np.count_nonzero(~np.isnan(table.labelled[paired]))),
        detectable=None if is_ratio else detectable,
        cases_needed=cases_needed(
            math.log(margin) if is_ratio else margin, len(differences), error, alpha=gate.alpha
        ),
        trials_needed=_trials_needed(noise, len(differences), weighed, margin, gate),
        noise=noise,
        mcnemar=_mcnemar(table, sign),
        unscored_baseline=table.baseline.unscored_share,
        unscored_candidate=table.candidate.unscored_share,
        label=rule.label,
    )
    return Comparison(evidence=weighed, margin=margin, finding=finding)


def _trials_needed(
    noise: Components | None, cases: int, weighed: Evidence, margin: float, gate: Gate
) -> int | None:
    """Return how many trials of each case would show a harmless change to be one, by its variance as it was seen."""
    if noise is None or margin <= 0 or gate.estimand == "suite" or weighed.method != "t":
        return None
    wanted = margin / minimum_detectable_effect(1.0, alpha=gate.alpha)
    needed = noise.trials_needed(cases, wanted)
    return needed if needed is not None and needed > gate.looks[-1] else None


def _suite_mean(table: Table, paired: "np.typing.NDArray[np.bool_]", differences: Array) -> Mean:
    variances = (table.baseline.variances_of_means() + table.candidate.variances_of_means())[paired]
    scores = np.concatenate([table.baseline.scores[paired], table.candidate.scores[paired]])
    freedom = int(np.count_nonzero(~np.isnan(scores))) - 2 * len(differences)
    return within_mean(differences, variances, freedom)


def _mean(values: Array, *, is_ratio: bool) -> float | None:
    if len(values) == 0:
        return None
    return float(np.exp(np.log(values).mean())) if is_ratio else float(values.mean())


def _shown(value: float, *, is_ratio: bool) -> float | None:
    if not math.isfinite(value):
        return None
    return math.exp(value) if is_ratio else value


def _mcnemar(table: Table, sign: float) -> McNemar | None:
    """Test changed cases exactly when there is one trial and the answers are yes or no."""
    both = np.hstack([table.baseline.scores, table.candidate.scores])
    if both.shape[1] != 2 or not np.isin(both[~np.isnan(both)], (0.0, 1.0)).all():
        return None
    change = sign * (both[:, 1] - both[:, 0])
    return mcnemar_exact(worse=int(np.sum(change < 0)), better=int(np.sum(change > 0)))
