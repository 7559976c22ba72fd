"""The report as JUnit XML, for the test pages of a CI system."""

import re
from xml.etree import ElementTree as Xml

from evaluators.reports.report import Report, figures

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """Return one test case per gated check: FAIL is a failure, ERROR an error, INCONCLUSIVE skipped."""
    findings = report.decision.findings
    counts = {state: sum(f.state == state for f in findings) for state in ("FAIL", "ERROR", "INCONCLUSIVE")}
    suite = Xml.Element(
        "testsuite",
        name=_clean(report.suite),
        tests=str(len(findings)),
        failures=str(counts["FAIL"]),
        errors=str(counts["ERROR"]),
        skipped=str(counts["INCONCLUSIVE"]),
    )
    for finding in findings:
        row = {key: _clean(value) for key, value in figures(finding).items()}
        case = Xml.SubElement(
            suite, "testcase", classname=_clean(report.suite), name=f"{row['metric']} ({finding.check})"
        )
        properties = Xml.SubElement(case, "properties")
        for key in ("baseline", "candidate", "difference", "margin"):
            Xml.SubElement(properties, "property", name=key, value=row[key])
        tag = {"FAIL": "failure", "ERROR": "error", "INCONCLUSIVE": "skipped"}.get(finding.state)
        if tag is not None:
            Xml.SubElement(case, tag, message=row["reason"])
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Leave out what XML cannot carry."""
    return _FORBIDDEN.sub("\ufffd", text)
