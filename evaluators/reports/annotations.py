"""The report as GitHub workflow commands: one annotation for every check that did not pass."""

from evaluators.reports.report import Report, figures

_LEVELS = {"FAIL": "error", "ERROR": "error", "INCONCLUSIVE": "warning"}


def as_annotations(report: Report) -> str:
    """Return `::error::` and `::warning::` lines, and a notice when all is well."""
    lines = []
    for finding in report.decision.findings:
        level = _LEVELS.get(finding.state)
        if level is not None:
            row = figures(finding)
            text = f"{row['metric']}: {row['baseline']} → {row['candidate']}, Δ {row['difference']}; {row['reason']}"
            lines.append(f"::{level} title={_property(f'{report.suite}: {finding.state}')}::{_data(text)}")
    if not lines:
        lines.append(f"::notice title={_property(report.suite)}::{_data(report.decision.reason)}")
    return "\n".join(lines) + "\n"


def _data(text: str) -> str:
    """Escape what would end the command or begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
