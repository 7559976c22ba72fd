"""Everything a report tells, whatever its form."""

from dataclasses import asdict, dataclass
from typing import Any

from evaluators.gate import Decision, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One decided run."""

    suite: str
    run: str
    baseline: str
    candidate: str
    cases: int
    clusters: int
    decision: Decision
    exit_code: int
    cost_usd: float
    unknown_costs: int
    cost_cap_usd: float | None = None
    stop: str = ""
    inconclusive: str = "warn"
    note: str = ""
    """What a reader must know about how the cases were chosen."""
    notices: tuple[str, ...] = ()
    """What else a reader should know: where answers came from, and what earlier runs show together with this one."""

    @property
    def rows(self) -> tuple[Finding, ...]:
        """What a table lists: what was decided, what advises, and the slices that got worse."""
        decision = self.decision
        worse = (finding for finding in decision.slices if finding.reason == "worse")
        return (*decision.findings, *decision.advisory, *worse)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)


def figures(finding: Finding) -> dict[str, str]:
    """Return a finding's figures as a table shows them; a dash for what does not arise."""
    scale = 1.0 if finding.is_ratio else 100.0 if _is_share(finding) else 1.0
    return {
        "metric": finding.metric + (f" [{finding.label}]" if finding.label else ""),
        "baseline": _number(finding.baseline),
        "candidate": _number(finding.candidate),
        "difference": _difference(finding, scale),
        "margin": _margin(finding, scale),
        "state": finding.state if finding.check != "advisory" else "advisory",
        "reason": _reason(finding),
    }


def _is_share(finding: Finding) -> bool:
    """Say whether the values look like shares of a whole, which read best in points."""
    values = [value for value in (finding.baseline, finding.candidate) if value is not None]
    return all(0.0 <= value <= 1.0 for value in values)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}".lstrip("0") if 0 < value < 1 else f"{value:.4g}"


def _difference(finding: Finding, scale: float) -> str:
    if finding.check == "must_pass":
        return "–"
    if finding.check == "floor":
        return f"({_number(finding.low)}, {_number(finding.high)})"
    if finding.difference is None:
        return "–"
    if finding.is_ratio:
        return f"×{finding.difference:.3g}" + _interval(finding, lambda value: f"×{value:.3g}")
    return _signed(finding.difference * scale) + _interval(finding, lambda value: _signed(value * scale))


def _interval(finding: Finding, form: Any) -> str:
    if finding.low is None or finding.high is None:
        return " (too few cases for an interval)"
    return f" ({form(finding.low)}, {form(finding.high)})"


def _signed(value: float) -> str:
    if abs(value) < 5e-4:
        return "0.0"
    digits = 1 if abs(value) >= 0.05 else 3
    return f"{value:+.{digits}f}".replace("-", "−")


def _margin(finding: Finding, scale: float) -> str:
    if finding.check == "must_pass":
        return "must pass"
    if finding.margin is None:
        return "–"
    if finding.check == "floor":
        return f"≥ {_number(finding.margin)}"
    return f"×{finding.margin:g}" if finding.is_ratio else f"{finding.margin * scale:.3g}"


def _reason(finding: Finding) -> str:
    parts = [finding.reason]
    if finding.labels:
        parts.append(f"corrected by labels of {finding.labels} cases")
    if finding.state == "FAIL" and finding.p_regression is not None:
        parts.append(f"p={finding.p_regression:.2g} (Holm {finding.p_holm or finding.p_regression:.2g})")
    if finding.check == "margin" and finding.state == "INCONCLUSIVE" and finding.detectable is not None:
        parts.append(f"could see {finding.detectable * (100 if _is_share(finding) else 1):.2g}")
    if finding.check == "advisory" and finding.q_value is not None:
        parts.append(f"q={finding.q_value:.2g}")
    return ", ".join(parts)
