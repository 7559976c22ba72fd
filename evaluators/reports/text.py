"""The report as a block of text, for a terminal."""

from evaluators.gate import Finding
from evaluators.reports.report import Report, figures

_COLUMNS = ("metric", "baseline", "candidate", "difference", "margin", "state")
_HEADINGS = ("metric", "base", "cand", "Δ (95 % CI)", "margin", "verdict")
_SHOWN = 5
_SURE = 0.05


def as_text(report: Report) -> str:
    """Return the report's block: figures first, the decision last."""
    return "\n".join([headline(report), *_table(report), *_notes(report), "", verdict(report)])


def headline(report: Report) -> str:
    """Return the first line: how much was asked, and what it cost."""
    cost = f"${report.cost_usd:.2f}" if report.cost_usd or not report.unknown_costs else "cost unknown"
    cap = f" (cap ${report.cost_cap_usd:g})" if report.cost_cap_usd else ""
    trials = report.decision.look
    compared = f"{report.candidate} against {report.baseline}" if report.baseline else report.candidate
    return (
        f"{report.suite}  {report.cases} cases · {report.clusters} clusters · {trials} trial{'s' * (trials != 1)} · "
        f"{cost}{cap}   {compared}   run {report.run}"
    )


def verdict(report: Report) -> str:
    """Return the last line: the decision and why."""
    stopped = {
        "cost": " The cost cap was reached.",
        "time": " The time cap was reached.",
        "errors": " Nothing but errors came back, so the run gave up.",
        "interrupted": " The run was interrupted; `--resume` carries on.",
    }.get(report.stop, "")
    is_let_through = (
        report.decision.state == "INCONCLUSIVE" and report.exit_code == 0 and report.inconclusive == "warn"
    )
    warning = " Nothing was proven; the suite lets that through with this warning." if is_let_through else ""
    note = f" ({report.note})" if report.note else ""
    return f"{report.decision.state}  {report.decision.reason}.{stopped}{warning}{note}"


def _table(report: Report) -> list[str]:
    rows = [figures(finding) for finding in report.rows]
    lines = [_HEADINGS, *(tuple(row[column] for column in _COLUMNS) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    formed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    ]
    return [
        formed[0].rstrip(),
        *(f"{line}  {row['reason']}" for line, row in zip(formed[1:], rows, strict=True)),
    ]


def _notes(report: Report) -> list[str]:
    decision = report.decision
    missing = [
        f"{f.metric} {f.unscored_baseline:.1%} / {f.unscored_candidate:.1%}"
        for f in decision.findings
        if f.unscored_baseline or f.unscored_candidate
    ]
    broken = [f"{change.case} ({change.metric})" for change in decision.newly_broken[:_SHOWN]]
    sure = sum(change.q_value <= _SURE for change in decision.newly_broken)
    beyond = f" ({sure} sure by themselves)" if sure else ""
    notes = [f"newly broken {len(decision.newly_broken)}{beyond} · newly fixed {len(decision.newly_fixed)}"]
    notes += [line for finding in decision.findings if (line := _noise(finding))]
    notes += [f"first of the broken: {', '.join(broken)}"] if broken else []
    notes += [f"unscored: {', '.join(missing)}"] if missing else []
    notes += [f"{report.unknown_costs} answers have no known price"] if report.unknown_costs else []
    return [*notes, *report.notices]


def _noise(finding: Finding) -> str:
    """Say what makes an open comparison uncertain, so that one knows what to add."""
    if finding.noise is None or finding.state != "INCONCLUSIVE":
        return ""
    cases, answers, judge = finding.noise.shares
    judged = "" if judge is None else f", {judge:.0%} of the judge"
    return f"{finding.name}: its uncertainty is {cases:.0%} of the cases, {answers:.0%} of the answers' chance{judged}"
