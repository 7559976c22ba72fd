"""From the `gate` section of a suite to the gate's own rules."""

from collections.abc import Iterable
from dataclasses import replace

from evaluators.errors import SuiteError
from evaluators.gate import Gate, Margin, Metric, Rule
from evaluators.registry import did_you_mean
from evaluators.suites.entries import MEASURES, Entry
from evaluators.suites.model import GateRule, Suite
from evaluators.suites.units import floor_of, looks_of, margin_of, measured


def gate_of(suite: Suite, entries: Iterable[Entry]) -> Gate:
    """Build the gate a suite describes."""
    metrics = {entry.name: entry.metric() for entry in entries}
    names = list(suite.target.arms)
    rules = []
    for name, demand in suite.gate.items():
        metric, quantile = measured(name, metrics)
        if metric not in metrics:
            raise SuiteError(
                f"gate: no evaluator is called {name!r}{did_you_mean(name, {*metrics, *MEASURES})}"
            )
        rule = _rule(name, _spelt_out(demand), metrics[metric], len(names))
        if quantile is not None:
            rule = _of_quantile(rule, quantile, name, metrics[metric])
        rules.append(rule)
    return Gate(
        rules=tuple(rules),
        baseline=names[0] if len(names) == 2 else "",
        candidate=names[-1],
        looks=_looks(suite, rules),
        estimand=suite.estimand,
    )


def _spelt_out(demand: str | float | GateRule) -> GateRule:
    """Return what a bare word means: an invariant, or a margin."""
    if isinstance(demand, GateRule):
        return demand
    return GateRule(must_pass=True) if demand == "must_pass" else GateRule(margin=demand)


def _looks(suite: Suite, rules: Iterable[Rule]) -> tuple[int, ...]:
    looks = looks_of(suite.trials)
    for rule in rules:
        if rule.pass_k is not None and rule.pass_k > looks[-1]:
            raise SuiteError(
                f"gate.{rule.metric}: pass^{rule.pass_k} needs `trials: {rule.pass_k}` or more, not {suite.trials}"
            )
    return looks


def _of_quantile(rule: Rule, quantile: float, name: str, metric: Metric) -> Rule:
    if metric.bounds is not None:
        raise SuiteError(
            f"gate.{name}: quantiles are of measurements, and {metric.name!r} lies between {metric.bounds[0]:g} and "
            f"{metric.bounds[1]:g}; leave its `at_most` out, or give it another `id`"
        )
    if rule.must_pass or rule.floor is not None:
        raise SuiteError(f"gate.{name}: a quantile is compared with the baseline's; write `{name}: 10%`")
    if rule.margin is None or rule.margin.unit != "ratio":
        raise SuiteError(f"gate.{name}: a quantile's margin is a ratio; write `{name}: 10%`")
    return replace(rule, quantile=quantile)


def _rule(name: str, demand: GateRule, metric: Metric, arms: int) -> Rule:
    if demand.pass_k is not None and (demand.floor is None or metric.bounds is None):
        raise SuiteError(f"gate.{name}: `pass_k` needs a floor, such as `{{pass_k: 3, floor: 80%}}`")
    if demand.margin is not None and demand.ratio is not None:
        raise SuiteError(f"gate.{name}: `margin` and `ratio` exclude one another")
    wants_comparison = demand.margin is not None or demand.ratio is not None
    if demand.must_pass and (wants_comparison or demand.compare):
        raise SuiteError(
            f"gate.{name}: an invariant is not compared; `must_pass` and a margin exclude one another"
        )
    if arms == 1 and (wants_comparison or demand.compare):
        raise SuiteError(f"gate.{name}: a comparison needs two arms, a baseline and a candidate")
    if arms == 1 and demand.floor is None and not demand.must_pass:
        raise SuiteError(f"gate.{name}: with one arm only `floor` and `must_pass` can be asked for")
    if metric.bounds is None and not wants_comparison and not demand.must_pass:
        raise SuiteError(
            f"gate.{name}: a measurement without limits needs a margin, such as `10%`, or one in its own unit"
        )
    margin = Margin(value=float(demand.ratio), unit="ratio") if demand.ratio is not None else None
    if demand.margin is not None:
        margin = margin_of(demand.margin, metric)
    is_floor_alone = demand.floor is not None and not wants_comparison
    compares = demand.compare if demand.compare is not None else not (demand.must_pass or is_floor_alone)
    return Rule(
        metric=metric.name,
        margin=margin,
        compare=compares and arms == 2,
        floor=_floor(demand, metric),
        pass_k=demand.pass_k,
        must_pass=demand.must_pass,
        tags=frozenset(demand.tags),
        threshold=None if demand.threshold is None else float(demand.threshold),
        fail_when=demand.fail_when,
        trust=demand.trust,
    )


def _floor(demand: GateRule, metric: Metric) -> float | None:
    if demand.floor is None:
        return None
    # pass^k is a share of cases, whatever the scores' own scale is.
    scale = metric if demand.pass_k is None else Metric(name=metric.name)
    return floor_of(demand.floor, scale)
