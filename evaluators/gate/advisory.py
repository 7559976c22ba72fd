"""What a report says beside the decision: metrics without a rule, and cases that changed."""

from dataclasses import replace

from evaluators.gate.changes import changed_cases
from evaluators.gate.comparison import compare
from evaluators.gate.decision import Change, Finding
from evaluators.gate.experiment import Experiment
from evaluators.gate.rules import Rule
from evaluators.stats.multiplicity import benjamini_hochberg


def ungated(experiment: Experiment, look: int) -> tuple[Finding, ...]:
    """Compare the metrics no rule is about; false discoveries among them are held to one in twenty."""
    gated = {rule.metric for rule in experiment.gate.rules}
    rules = [Rule(metric=name) for name in experiment.metrics if name not in gated]
    compared = [
        compare(
            experiment.table(rule, look), rule, experiment.metric(rule), experiment.gate, look=look
        ).finding
        for rule in rules
    ]
    found = [
        replace(finding, check="advisory", is_final=True, margin=None, margin_source="")
        for finding in compared
        if finding.cases
    ]
    q_values = benjamini_hochberg([1.0 if f.p_regression is None else f.p_regression for f in found])
    return tuple(
        replace(
            finding,
            q_value=q,
            reason="worse" if q <= experiment.gate.alpha else "no change for the worse seen",
        )
        for finding, q in zip(found, q_values, strict=True)
    )


def changes(experiment: Experiment, look: int) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return the newly broken and the newly fixed cases of all gated metrics."""
    broken: list[Change] = []
    fixed: list[Change] = []
    for rule in experiment.gate.rules:
        if rule.compare:
            worse, better = changed_cases(experiment.table(rule, look), experiment.metric(rule))
            broken += worse
            fixed += better
    return tuple(broken), tuple(fixed)
