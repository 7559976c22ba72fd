"""Deciding: every rule at every look, from stored trials alone, so that anyone can decide again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evaluators.gate.advisory import changes, slices, ungated
from evaluators.gate.comparison import compare
from evaluators.gate.decision import Decision, Finding, State
from evaluators.gate.experiment import Check, Experiment
from evaluators.gate.missing import too_much_missing, worst_case
from evaluators.gate.quantiles import compare_quantiles
from evaluators.gate.repeated import reach_pass_k
from evaluators.gate.rules import Gate, Rule
from evaluators.gate.single import keep_invariant, reach_floor
from evaluators.gate.trials import Case, Metric, Trial
from evaluators.gate.verdicts import judged
from evaluators.stats.multiplicity import holm
from evaluators.stats.sequential import nominal_level


def decide(
    trials: Sequence[Trial],
    *,
    gate: Gate,
    metrics: Mapping[str, Metric],
    cases: Sequence[Case],
    is_stopped: bool = False,
) -> Decision:
    """Decide on stored trials, look by look.

    A look counts once every case has its trials in every arm. A check that is decided stays decided. `is_stopped` says
    that no further trials will come, because a cap was reached or someone interrupted the run.
    """
    experiment = Experiment(trials=trials, cases=cases, metrics=metrics, gate=gate)
    checks = list(experiment.checks())
    complete = experiment.complete_looks()
    look = complete[-1] if complete else gate.looks[0]
    found: dict[Check, Finding] = {}
    for seen in complete:
        is_last = seen == gate.looks[-1] or (is_stopped and seen == complete[-1])
        found |= _look(experiment, found, look=seen, is_last=is_last)
        if _is_over(found.values()):
            look = seen
            break
    if not complete:
        found = _glimpse(experiment, look=look, is_stopped=is_stopped)
    findings = tuple(found[check] for check in checks)
    state, reason = _state(findings)
    broken, fixed = changes(experiment, look)
    return Decision(
        state=state,
        reason=reason,
        is_final=is_stopped or (bool(complete) and _is_over(findings)),
        look=look,
        findings=findings,
        advisory=ungated(experiment, look),
        slices=slices(experiment, look),
        newly_broken=broken,
        newly_fixed=fixed,
    )


def _is_over(findings: Iterable[Finding]) -> bool:
    known = list(findings)
    return any(finding.state in ("FAIL", "ERROR") for finding in known) or all(
        finding.is_final for finding in known
    )


def _look(
    experiment: Experiment, before: Mapping[Check, Finding], *, look: int, is_last: bool
) -> dict[Check, Finding]:
    """Return what this look finds for every check that no earlier look has decided."""
    gate = experiment.gate
    found = {
        check: _found(experiment, check, look=look, is_last=is_last)
        for check in experiment.checks()
        if check not in before or not before[check].is_final
    }
    tests = [check for check, finding in found.items() if check.kind != "must_pass" and not finding.is_final]
    # Tests that passed at an earlier look belong to the family too: they could have failed.
    family = len(tests) + sum(check.kind != "must_pass" for check in before if check not in found)
    failed = _failed(experiment, {check: found[check] for check in tests}, look=look, family=family)
    level = nominal_level(gate.looks, gate.looks.index(look), gate.alpha)
    adjusted = holm([_p(found[check]) for check in tests])
    for check, p_holm in zip(tests, adjusted, strict=True):
        finding = replace(found[check], level=level, p_holm=p_holm)
        found[check] = judged(finding, check, level=level, is_failed=check in failed, is_last=is_last)
    return found


def _found(experiment: Experiment, check: Check, *, look: int, is_last: bool) -> Finding:
    rule, gate = check.rule, experiment.gate
    metric, table = experiment.metric(rule), experiment.table(rule, look)
    if check.kind == "must_pass":
        finding = keep_invariant(table, rule, metric, look=look, is_last=is_last)
    elif check.kind == "floor" and rule.pass_k is not None:
        finding = reach_pass_k(table, rule, metric, look=look)
    elif check.kind == "floor":
        finding = reach_floor(table, rule, metric, look=look)
    elif rule.quantile is not None:
        finding = compare_quantiles(table, rule, metric, look=look)
    else:
        finding = compare(table, rule, metric, gate, look=look).finding
        finding = replace(finding, worst_case=worst_case(table, metric))
    arms = ("baseline", "candidate") if check.kind == "margin" else ("candidate",)
    if metric.alarm:
        return replace(finding, state="ERROR", is_final=True, reason=f"the judge has moved: {metric.alarm}")
    missing = too_much_missing(table, arms=arms, limit=gate.max_unscored)
    if missing and finding.state != "FAIL":
        return replace(finding, state="ERROR", is_final=True, reason=missing)
    # Corrected by labels, any judge may decide: the worse it is, the wider the interval.
    if not (_is_trusted(metric, rule) or finding.labels):
        why = f", {metric.trust_reason}" if metric.trust_reason else ""
        reason = f"untrusted judge: {metric.trust}{why}; `parapet eval calibrate` it, or set `trust: assume`"
        return replace(finding, state="INCONCLUSIVE", is_final=True, reason=reason)
    return finding


def _is_trusted(metric: Metric, rule: Rule) -> bool:
    return metric.source == "code" or metric.trust == "calibrated" or rule.trust == "assume"


def _failed(experiment: Experiment, tests: Mapping[Check, Finding], *, look: int, family: int) -> set[Check]:
    """Return the tests that establish a regression, by Holm's steps, each at the level of its look."""
    gate = experiment.gate
    failed: set[Check] = set()
    for step, check in enumerate(sorted(tests, key=lambda check: _p(tests[check]))):
        if _p(tests[check]) > nominal_level(gate.looks, gate.looks.index(look), gate.alpha / (family - step)):
            break
        failed.add(check)
    return failed


def _p(finding: Finding) -> float:
    return 1.0 if finding.p_regression is None else finding.p_regression


def _glimpse(experiment: Experiment, *, look: int, is_stopped: bool) -> dict[Check, Finding]:
    """Report on a run that has not completed its first look: only a broken invariant is already a word."""
    found = {}
    for check in experiment.checks():
        finding = _found(experiment, check, look=look, is_last=is_stopped)
        is_broken = check.kind == "must_pass" and finding.state == "FAIL"
        is_missing = max(finding.unscored_baseline, finding.unscored_candidate) > experiment.gate.max_unscored
        is_untrusted = finding.state == "INCONCLUSIVE" and finding.is_final and not is_stopped
        has_moved = finding.state == "ERROR" and bool(experiment.metric(check.rule).alarm)
        if not (is_broken or is_missing or is_untrusted or has_moved):
            finding = replace(
                finding, state="INCONCLUSIVE", is_final=is_stopped, reason="the first look is not complete"
            )
        found[check] = finding
    return found


def _state(findings: Sequence[Finding]) -> tuple[State, str]:
    """A regression outranks an error, an error a pass: nothing unproven opens the gate."""
    order: tuple[State, ...] = ("FAIL", "ERROR", "INCONCLUSIVE")
    for state in order:
        named = [f"{finding.name}: {finding.reason}" for finding in findings if finding.state == state]
        if named:
            return state, "; ".join(named)
    if not findings:
        return "INCONCLUSIVE", "the gate has no rules"
    return "PASS", "every gated metric passes"
