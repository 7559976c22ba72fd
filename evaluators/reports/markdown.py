"""The report as Markdown, for a comment on a pull request."""

from evaluators.reports.report import Report, figures
from evaluators.reports.text import headline, verdict

_SIGNS = {"PASS": "✅", "FAIL": "❌", "INCONCLUSIVE": "⚠️", "ERROR": "🛑", "advisory": "ℹ️"}


def as_markdown(report: Report) -> str:
    """Return a heading, a table and the cases that broke."""
    lines = [
        f"### {_SIGNS[report.decision.state]} {_plain(verdict(report))}",
        "",
        _plain(headline(report)),
        "",
        "| metric | base | cand | Δ (95 % CI) | margin | verdict | |",
        "|---|---|---|---|---|---|---|",
    ]
    for finding in report.rows:
        row = {key: _plain(value) for key, value in figures(finding).items()}
        lines.append(
            f"| {row['metric']} | {row['baseline']} | {row['candidate']} | {row['difference']} | {row['margin']} "
            f"| {_SIGNS[row['state']]} {row['state']} | {row['reason']} |"
        )
    broken, fixed = report.decision.newly_broken, report.decision.newly_fixed
    if broken:
        named = ", ".join(f"`{_plain(change.case)}`" for change in broken[:10])
        lines += [
            "",
            f"Newly broken: {len(broken)} ({named}{' …' if len(broken) > 10 else ''}); newly fixed: {len(fixed)}.",
        ]
    for notice in report.notices:
        lines += ["", _plain(notice)]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Keep ids that strangers wrote from becoming tables, links or mentions."""
    for mark in "\\`*_[]<>|@#":
        text = (
            text.replace(mark, f"\\{mark}")
            if mark in "\\`*_[]|#"
            else text.replace(mark, {"<": "&lt;", ">": "&gt;", "@": "@\u200b"}[mark])
        )
    return text.replace("\n", " ")
