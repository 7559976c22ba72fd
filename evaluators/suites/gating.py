"""From the `gate` section of a suite to the gate's own rules."""

from collections.abc import Iterable

from evaluators.errors import SuiteError
from evaluators.gate import Gate, Margin, Metric, Rule
from evaluators.registry import did_you_mean
from evaluators.suites.entries import Entry
from evaluators.suites.model import GateRule, Suite
from evaluators.suites.units import floor_of, looks_of, margin_of


def gate_of(suite: Suite, entries: Iterable[Entry]) -> Gate:
    """Build the gate a suite describes."""
    metrics = {entry.name: entry.metric() for entry in entries}
    names = list(suite.target.arms)
    rules = []
    for name, demand in suite.gate.items():
        if name not in metrics:
            raise SuiteError(f"gate: no evaluator is called {name!r}{did_you_mean(name, metrics)}")
        rule = _rule(
            name, GateRule(must_pass=True) if demand == "must_pass" else demand, metrics[name], len(names)
        )
        rules.append(rule)
    return Gate(
        rules=tuple(rules),
        baseline=names[0] if len(names) == 2 else "",
        candidate=names[-1],
        looks=looks_of(suite.trials),
        estimand=suite.estimand,
    )


def _rule(name: str, demand: GateRule, metric: Metric, arms: int) -> Rule:
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
            f"gate.{name}: a measurement without limits needs `ratio: 1.2` or a margin in its own unit"
        )
    margin = Margin(value=float(demand.ratio), unit="ratio") if demand.ratio is not None else None
    if demand.margin is not None:
        margin = margin_of(demand.margin, metric)
    is_floor_alone = demand.floor is not None and not wants_comparison
    compares = demand.compare if demand.compare is not None else not (demand.must_pass or is_floor_alone)
    return Rule(
        metric=name,
        margin=margin,
        compare=compares and arms == 2,
        floor=None if demand.floor is None else floor_of(demand.floor, metric),
        must_pass=demand.must_pass,
        tags=frozenset(demand.tags),
        threshold=None if demand.threshold is None else float(demand.threshold),
        fail_when=demand.fail_when,
        trust=demand.trust,
    )
