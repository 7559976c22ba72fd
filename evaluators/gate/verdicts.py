"""From p-values to PASS, FAIL or INCONCLUSIVE, with the reason in words."""

from dataclasses import replace

from evaluators.gate.decision import Finding
from evaluators.gate.experiment import Check

_NOTABLE = 0.05


def judged(finding: Finding, check: Check, *, level: float, is_failed: bool, is_last: bool) -> Finding:
    """Decide one test at one look. PASS is asked first: a drop smaller than the margin is allowed to be real."""
    p_noninferior = 1.0 if finding.p_noninferior is None else finding.p_noninferior
    if p_noninferior <= level:
        return replace(finding, state="PASS", is_final=True, reason=_why_pass(finding, check))
    if is_failed and _is_beyond(finding, check):
        reason = "below the floor" if check.kind == "floor" else "worse than the baseline"
        return replace(finding, state="FAIL", is_final=True, reason=reason)
    return replace(finding, state="INCONCLUSIVE", is_final=is_last, reason=_why_open(finding, check))


def _is_beyond(finding: Finding, check: Check) -> bool:
    """Say whether the estimate lies beyond the margin, for rules that ask for that too."""
    if check.kind == "floor" or check.rule.fail_when == "regression":
        return True
    assert finding.difference is not None
    assert finding.margin is not None
    if finding.is_ratio:
        return max(finding.difference, 1.0 / finding.difference) >= finding.margin
    return abs(finding.difference) >= finding.margin


def _why_pass(finding: Finding, check: Check) -> str:
    if check.kind == "floor":
        return "above the floor"
    if finding.p_regression is not None and finding.p_regression <= _NOTABLE:
        return "worse, but within the margin"
    return "superior" if finding.margin == 0 else "non-inferior"


def _why_open(finding: Finding, check: Check) -> str:
    if check.kind == "floor" and finding.cases == 0:
        return f"no case has {check.rule.pass_k} scores yet"
    if check.kind == "floor":
        return "the floor lies inside the interval"
    if finding.method == "swaps":
        return (
            "neither a rise beyond the margin nor its absence is established; more cases or trials would tell"
        )
    if finding.method == "sign-flip":
        return f"{finding.clusters} independent cases, too few of which changed, cannot exclude the margin"
    needed = (finding.cases_needed or 0) - finding.cases
    if needed > 0:
        trials = f", or {finding.trials_needed} trials of each," if finding.trials_needed else ""
        return f"too uncertain; about {needed} more cases{trials} would show a harmless change to be one"
    return "neither a regression nor its absence is established"
