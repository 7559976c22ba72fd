"""What pytest's own JUnit file says about cases: their scores, what they cost, and what the gate found.

Scores are known when the session ends, after the tests are over; pytest writes its file after that.
"""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as Xml

import pytest
from _pytest.junitxml import LogXML, mangle_test_address, xml_key

from evaluators.gate import Trial
from evaluators.reports import Report
from evaluators.reports.evidence import Evidence
from evaluators.reports.junit import clean, of_finding, of_report
from evaluators.score import NotApplicable, Score
from evaluators.trials import StoredAnswer

Tests = Mapping[str, tuple[str, int]]
"""Which case and trial each test answered, by the test's id."""


def tell(config: pytest.Config, report: Report, evidence: Evidence, tests: Tests) -> None:
    """Write a decided suite into pytest's JUnit file, when it keeps one."""
    file = config.stash.get(xml_key, None)
    if file is None:
        return
    for name, value in of_report(report):
        file.add_global_property(f"{report.suite}.{name}", clean(value))
    for finding in report.decision.findings:
        for name, value in of_finding(finding, evidence):
            file.add_global_property(f"{report.suite}.{finding.name}.{finding.check}.{name}", clean(value))
    elements = _elements(file)
    trials = {
        (trial.case, trial.number): trial
        for trial in evidence.experiment.trials
        if trial.arm == evidence.experiment.gate.candidate
    }
    for test, place in tests.items():
        element, trial = elements.get(_address(file, test)), trials.get(place)
        if element is not None and trial is not None:
            _put(element, _of_trial(trial, evidence.answers.get((trial.case, trial.arm, trial.number))))


def _elements(file: LogXML) -> dict[tuple[str, str], Xml.Element]:
    """Return the elements of the tests, which are complete and only wait to be written."""
    found = {}
    for reporter in file.node_reporters_ordered:
        element = reporter.to_xml()
        found[element.get("classname", ""), element.get("name", "")] = element
    return found


def _address(file: LogXML, test: str) -> tuple[str, str]:
    names = mangle_test_address(test)
    return ".".join([*([file.prefix] if file.prefix else []), *names[:-1]]), names[-1]


def _of_trial(trial: Trial, answer: StoredAnswer | None) -> Iterator[tuple[str, str]]:
    yield "case", trial.case
    yield "trial", str(trial.number)
    if answer is not None:
        for name in ("model", "latency_ms", "cost_usd", "input_tokens", "output_tokens"):
            value = getattr(answer, name)
            if value is not None:
                yield name, str(value)
    for metric, outcome in trial.outcomes.items():
        if isinstance(outcome, NotApplicable):
            continue
        yield f"{metric}.score", f"{outcome.value:.6g}" if isinstance(outcome, Score) else "unscored"
        yield f"{metric}.reason", outcome.reason
        if outcome.version:
            yield f"{metric}.version", outcome.version
        if outcome.cost_usd is not None:
            yield f"{metric}.cost_usd", f"{outcome.cost_usd:.6f}"


def _put(element: Xml.Element, given: Iterator[tuple[str, str]]) -> None:
    properties = element.find("properties")
    if properties is None:
        properties = Xml.Element("properties")
        element.insert(0, properties)
    for name, value in given:
        Xml.SubElement(properties, "property", name=name, value=clean(value))
