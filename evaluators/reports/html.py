"""The report as one HTML file that needs nothing else: no script, no font, no network."""

from collections.abc import Iterator
from html import escape

from evaluators.gate import Finding
from evaluators.gate.decision import Change
from evaluators.reports.report import Report, figures
from evaluators.reports.text import headline, verdict
from evaluators.score import NotApplicable, Score
from evaluators.trials import TrialKey, TrialLog

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--pass:#1a7f4b;--fail:#c62828;--open:#9a6700;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.muted{opacity:.7}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.PASS{color:var(--pass)}.FAIL,.ERROR{color:var(--fail)}.INCONCLUSIVE{color:var(--open)}
.state{font-weight:700}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0;background:var(--soft);padding:.5rem;border-radius:.3rem}
svg{width:100%;height:auto;max-width:44rem}svg text{font:12px system-ui,sans-serif;fill:currentColor}
details{border-bottom:1px solid var(--line);padding:.4rem 0}summary{cursor:pointer}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}@media(max-width:50rem){.pair{grid-template-columns:1fr}}
"""
_LONGEST = 4000
_MOST_CASES = 200


def as_html(report: Report, log: TrialLog | None = None) -> str:
    """Return the page: decision, figures, intervals drawn, and the cases that changed with both answers."""
    state = report.decision.state
    parts = [
        f"<h1><span class='state {state}'>{state}</span> {escape(report.suite)}</h1>",
        f"<p>{escape(verdict(report))}</p><p class=muted>{escape(headline(report))}</p>",
        _table(report),
        _drawn([finding for finding in report.decision.findings if finding.check == "margin"]),
        *_changes("Newly broken", report.decision.newly_broken, report, log),
        *_changes("Newly fixed", report.decision.newly_fixed, report, log),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(report.suite)}: {state}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _table(report: Report) -> str:
    rows = []
    for finding in report.rows:
        row = {key: escape(value) for key, value in figures(finding).items()}
        numbers = "".join(
            f"<td class=number>{row[key]}</td>" for key in ("baseline", "candidate", "difference", "margin")
        )
        state = f"<td class='state {finding.state}'>{row['state']}</td>"
        if finding.check == "advisory":
            state = "<td class=muted>advisory</td>"
        rows.append(f"<tr><td>{row['metric']}</td>{numbers}{state}<td>{row['reason']}</td></tr>")
    names = ("metric", "base", "cand", "Δ (95 % CI)", "margin", "verdict", "")
    head = "".join(f"<th scope=col>{name}</th>" for name in names)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _drawn(findings: list[Finding]) -> str:
    """Draw the intervals of the differences around zero, each on the scale of its own margin."""
    known = [
        finding
        for finding in findings
        if finding.difference is not None
        and finding.low is not None
        and finding.high is not None
        and not finding.is_ratio
    ]
    if not known:
        return ""
    height = 34 * len(known) + 10
    lines = [
        f"<svg viewBox='0 0 640 {height}' role=img aria-label='Differences with 95 % intervals'>",
        f"<line x1=400 x2=400 y1=0 y2={height} stroke=currentColor stroke-opacity=.4 />",
    ]
    for number, finding in enumerate(known):
        lines.append(_interval(finding, 34 * number + 22))
    lines.append(
        "</svg><p class=muted>Right of the line the candidate scores higher; the dashes mark the margin.</p>"
    )
    return "<h2>Differences</h2>" + "".join(lines)


def _interval(finding: Finding, y: int) -> str:
    assert finding.difference is not None
    assert finding.low is not None
    assert finding.high is not None
    margin = finding.margin or 0.0
    reach = max(abs(finding.low), abs(finding.high), margin, 1e-9) * 1.1

    def x(value: float) -> float:
        return round(400 + 220 * value / reach, 1)

    colour = {"PASS": "var(--pass)", "FAIL": "var(--fail)", "ERROR": "var(--fail)"}.get(
        finding.state, "var(--open)"
    )
    marks = "".join(
        f"<line x1={x(side * margin)} x2={x(side * margin)} y1={y - 9} y2={y + 9} stroke=currentColor "
        "stroke-dasharray='2 3' stroke-opacity=.6 />"
        for side in ((-1, 1) if margin else ())
    )
    return (
        f"<text x=0 y={y + 4}>{escape(finding.metric[:28])}</text>{marks}"
        f"<line x1={x(finding.low)} x2={x(finding.high)} y1={y} y2={y} stroke='{colour}' stroke-width=3 />"
        f"<circle cx={x(finding.difference)} cy={y} r=5 fill='{colour}' />"
    )


def _changes(title: str, changes: tuple[Change, ...], report: Report, log: TrialLog | None) -> Iterator[str]:
    if not changes:
        return
    yield f"<h2>{title} ({len(changes)})</h2>"
    for change in changes[:_MOST_CASES]:
        summary = (
            f"{escape(change.case)} · {escape(change.metric)} {change.baseline:.2f} → {change.candidate:.2f} "
            f"<span class=muted>(sure to {change.probability:.0%})</span>"
        )
        if log is None:
            yield f"<p>{summary}</p>"
            continue
        sides = "".join(_answer(log, change.case, arm) for arm in (report.baseline, report.candidate))
        yield f"<details><summary>{summary}</summary><div class=pair>{sides}</div></details>"
    if len(changes) > _MOST_CASES:
        yield f"<p class=muted>and {len(changes) - _MOST_CASES} more</p>"


def _answer(log: TrialLog, case: str, arm: str) -> str:
    found = [key for key in log.answers if key.case == case and key.arm == arm]
    if not found:
        return f"<div><b>{escape(arm)}</b></div>"
    key = min(found, key=lambda key: key.number)
    answer = log.answers[key]
    scores = "".join(f"<div class=muted>{escape(line)}</div>" for line in _scores(log, key))
    return f"<div><b>{escape(arm)}</b><pre>{escape((answer.error or answer.output)[:_LONGEST])}</pre>{scores}</div>"


def _scores(log: TrialLog, key: TrialKey) -> Iterator[str]:
    for (scored, metric, _), outcome in log.scores.items():
        if scored == key and not isinstance(outcome, NotApplicable):
            value = f"{outcome.value:.3g}" if isinstance(outcome, Score) else "unscored"
            yield f"{metric} {value}: {outcome.reason}"[:300]
