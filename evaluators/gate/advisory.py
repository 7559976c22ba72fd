"""What a report says beside the decision: metrics without a rule, slices, and cases that changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from evaluators.gate.changes import changed_cases
from evaluators.gate.comparison import compare
from evaluators.gate.decision import Change, Finding
from evaluators.gate.experiment import Experiment
from evaluators.gate.rules import Rule
from evaluators.stats.multiplicity import benjamini_hochberg

FEWEST = 10
"""Cases of a tag from which on they are compared by themselves."""


def ungated(experiment: Experiment, look: int) -> tuple[Finding, ...]:
    """Compare the metrics no rule is about; false discoveries among them are held to one in twenty."""
    gated = {rule.metric for rule in experiment.gate.rules if rule.quantile is None}
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
    return _with_q_values(found, experiment.gate.alpha)


def slices(experiment: Experiment, look: int) -> tuple[Finding, ...]:
    """Compare every gated metric on the cases of each tag by themselves; they advise and decide nothing.

    Tags of fewer than ten cases are left out, and so are those that all cases have. False discoveries among the
    slices are held to one in twenty (Benjamini and Hochberg, 1995).
    """
    counts = Counter(tag for case in experiment.cases for tag in case.tags)
    tags = [tag for tag, count in sorted(counts.items()) if FEWEST <= count < len(experiment.cases)]
    found = []
    for rule in experiment.gate.rules:
        if not rule.compare or rule.must_pass or rule.tags or rule.quantile is not None:
            continue
        for tag in tags:
            part = replace(rule, tags=frozenset({tag}))
            table = experiment.table(part, look)
            finding = compare(table, part, experiment.metric(rule), experiment.gate, look=look).finding
            if finding.cases >= FEWEST:
                found.append(replace(finding, check="advisory", is_final=True))
    return _with_q_values(found, experiment.gate.alpha)


def _with_q_values(found: Sequence[Finding], alpha: float) -> tuple[Finding, ...]:
    q_values = benjamini_hochberg([1.0 if f.p_regression is None else f.p_regression for f in found])
    return tuple(
        replace(finding, q_value=q, reason="worse" if q <= alpha else "no change for the worse seen")
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
