"""What a gate demands of each metric."""

from dataclasses import dataclass
from typing import Literal

from evaluators.gate.trials import Metric
from evaluators.stats.power import minimum_detectable_effect, planned_standard_error

Estimand = Literal["population", "suite"]
SMALLEST_DEFAULT_POINTS = 2.0
_MANY_CASES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The drop that would be tolerated: points (hundredths of the scale), the score's own unit, or a ratio."""

    value: float
    unit: Literal["points", "absolute", "ratio"] = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one metric must do for the gate to open."""

    metric: str
    margin: Margin | None = None
    """How much worse than the baseline it may be; None for a margin the suite's size can resolve."""
    compare: bool = True
    """Whether it is compared with the baseline at all."""
    quantile: float | None = None
    """Compare this quantile over all trials, such as 0.95, in the mean's place; its margin is a ratio."""
    floor: float | None = None
    """The least the candidate must reach on its own, in the score's unit."""
    pass_k: int | None = None
    """The floor is one of pass^k: of the chance that so many answers to a case are all right, 0 to 1."""
    must_pass: bool = False
    """An invariant: no trial of the candidate may fail it."""
    tags: frozenset[str] = frozenset()
    """Only cases with one of these tags; all when empty."""
    threshold: float | None = None
    """The score at which an invariant counts as kept; 1 for code and 0.5 for a judge unless said."""
    fail_when: Literal["regression", "beyond_margin"] = "regression"
    """`beyond_margin` lets an established drop pass as undecided while it looks smaller than the margin."""
    trust: Literal["calibrated", "assume"] = "calibrated"
    """`assume` lets a judge decide that nobody has compared with people."""

    @property
    def name(self) -> str:
        """What a suite calls it: the metric, and the quantile where there is one."""
        return self.metric if self.quantile is None else f"{self.metric}_{percentile(self.quantile)}"

    @property
    def label(self) -> str:
        """What it says about the metric beside its name: which quantile, which cases."""
        parts = [] if self.quantile is None else [percentile(self.quantile)]
        return ", ".join(parts + sorted(self.tags))


def percentile(quantile: float) -> str:
    """Return a quantile as people write it: p95."""
    return f"p{quantile * 100:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The rules of all gated metrics, and how sure the gate must be."""

    rules: tuple[Rule, ...]
    baseline: str = "baseline"
    candidate: str = "candidate"
    looks: tuple[int, ...] = (1,)
    """The numbers of trials per case at which the gate looks: (1, 2, 3, 4, 5), or (3,) for one look at three."""
    alpha: float = 0.05
    """The chance of each wrong decision, one-sided."""
    estimand: Estimand = "population"
    max_unscored: float = 0.05
    """The share of an arm's answers that may stay without a score."""


def margin_of(rule: Rule, metric: Metric, *, cases: int, trials: int, alpha: float) -> tuple[float, str]:
    """Return a rule's margin in the score's unit, and how it came about.

    Unset, it is 2 points where at least 200 cases can resolve them, else half of what the suite can detect.
    """
    if rule.margin is None:
        spread = metric.spread or 1.0
        smallest = SMALLEST_DEFAULT_POINTS / 100.0 * spread
        if cases >= _MANY_CASES:
            return smallest, "default"
        planned = planned_standard_error(cases, trials, spread=spread)
        detectable = minimum_detectable_effect(planned, alpha=alpha)
        return max(smallest, detectable / 2.0), f"default for {cases} cases and {trials} trials"
    if rule.margin.unit == "points":
        return rule.margin.value / 100.0 * (metric.spread or 1.0), "set"
    return rule.margin.value, "set"
