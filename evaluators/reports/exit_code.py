"""The exit codes of `parapet eval`: a superset of pytest's."""

from evaluators.gate import Decision

PASSED = 0
FAILED = 1
STOPPED = 2
BROKEN = 3
MISUSED = 4
NO_CASES = 5
INCONCLUSIVE = 6


def exit_code_of(decision: Decision, *, stop: str, inconclusive: str) -> int:
    """Return the exit code of a decided run; `inconclusive` is the suite's policy: warn, fail, pass or exit."""
    if decision.state == "FAIL":
        return FAILED
    if decision.state == "ERROR":
        return BROKEN
    if decision.state == "PASS":
        return PASSED
    if stop:
        return STOPPED
    return {"fail": FAILED, "exit": INCONCLUSIVE}.get(inconclusive, PASSED)
