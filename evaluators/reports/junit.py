"""The report as JUnit XML, for the test pages of a CI system."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from evaluators.gate import Finding
from evaluators.reports.evidence import Evidence
from evaluators.reports.report import Report, figures

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBERS = ("p_noninferior", "p_regression", "p_holm", "level", "unscored_baseline", "unscored_candidate")


def as_junit(report: Report, evidence: Evidence | None = None) -> str:
    """Return one test case per gated check: FAIL is a failure, ERROR an error, INCONCLUSIVE skipped."""
    findings = report.decision.findings
    counts = {state: sum(f.state == state for f in findings) for state in ("FAIL", "ERROR", "INCONCLUSIVE")}
    suite = Xml.Element(
        "testsuite",
        name=clean(report.suite),
        tests=str(len(findings)),
        failures=str(counts["FAIL"]),
        errors=str(counts["ERROR"]),
        skipped=str(counts["INCONCLUSIVE"]),
    )
    _put(suite, of_report(report))
    for finding in findings:
        name = f"{figures(finding)['metric']} ({finding.check})"
        case = Xml.SubElement(suite, "testcase", classname=clean(report.suite), name=clean(name))
        _put(case, of_finding(finding, evidence))
        tag = {"FAIL": "failure", "ERROR": "error", "INCONCLUSIVE": "skipped"}.get(finding.state)
        if tag is not None:
            Xml.SubElement(case, tag, message=clean(figures(finding)["reason"]))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def of_report(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what is true of the whole run."""
    yield "state", report.decision.state
    yield "reason", report.decision.reason
    yield "run", report.run
    yield "baseline_arm", report.baseline
    yield "candidate_arm", report.candidate
    yield "cases", str(report.cases)
    yield "clusters", str(report.clusters)
    yield "trials", str(report.decision.look)
    yield "cost_usd", f"{report.cost_usd:.6f}"
    yield "answers_without_a_price", str(report.unknown_costs)
    yield "newly_broken", str(len(report.decision.newly_broken))
    yield "newly_fixed", str(len(report.decision.newly_fixed))
    if report.stop:
        yield "stopped_by", report.stop


def of_finding(finding: Finding, evidence: Evidence | None = None) -> Iterator[tuple[str, str]]:
    """Yield a check's figures as a table shows them, its tests, and what made its scores."""
    row = figures(finding)
    for key in ("state", "baseline", "candidate", "difference", "margin", "reason"):
        yield key, row[key]
    if finding.low is not None and finding.high is not None:
        yield "interval", f"{finding.low:.6g} {finding.high:.6g}"
    for key in _NUMBERS:
        value = getattr(finding, key)
        if value is not None:
            yield key, f"{value:.6g}"
    yield "cases", str(finding.cases)
    yield "clusters", str(finding.clusters)
    yield "trials", str(finding.look)
    if finding.method:
        yield "method", finding.method
    if evidence is not None:
        yield "version", evidence.versions().get(finding.metric, "unknown")
        cost = evidence.costs().get(finding.metric)
        if cost is not None:
            yield "cost_usd", f"{cost:.6f}"


def clean(text: str) -> str:
    """Leave out what XML cannot carry."""
    return _FORBIDDEN.sub("\ufffd", text)


def _put(element: Xml.Element, given: Iterator[tuple[str, str]]) -> None:
    properties = Xml.SubElement(element, "properties")
    for name, value in given:
        Xml.SubElement(properties, "property", name=name, value=clean(value))
