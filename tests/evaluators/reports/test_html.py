"""The HTML report: whole in one file, its numbers right, and nothing a model wrote becomes markup or a script."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from evaluators.gate import Finding, Metric
from evaluators.reports import charts
from evaluators.reports.difference import side_by_side
from evaluators.reports.evidence import Evidence
from evaluators.reports.html import as_html
from evaluators.reports.scaling import scaled
from tests.evaluators.reports.made import CASES, HOSTILE, METRICS, evidence, report_on

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "div", "span", "p", "h1", "h2", "h3",
    "h4", "table", "thead", "tbody", "tr", "th", "td", "figure", "script", "details", "summary", "pre", "mark", "form", "label",
    "input", "select", "option", "output", "button", "kbd", "code", "dl", "dt", "dd",
}  # fmt: skip


class Elements(HTMLParser):
    """Every element of a page, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.code: dict[str, list[str]] = {"script": [], "style": []}
        self.data: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        is_code = tag == "style" or (tag == "script" and not attrs)
        self._inside = tag if is_code else "data" if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        {"script": self.code["script"], "style": self.code["style"], "data": self.data}.get(
            self._inside, []
        ).append(data)


@pytest.fixture(scope="module")
def worse() -> Evidence:
    return evidence(worse_by=0.25)


@pytest.fixture(scope="module")
def page(worse: Evidence) -> str:
    return as_html(report_on(worse), worse)


@pytest.fixture(scope="module")
def found(page: str) -> Elements:
    return Elements(page)


def test_the_policy_names_every_script_and_style_and_allows_nothing_else(page: str, found: Elements) -> None:
    content = dict(found.attributes)["content"] or ""
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    hashes = {
        kind: {
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts
        }
        for kind, texts in found.code.items()
    }
    assert content
    assert policy
    rules = {rule.split()[0]: set(rule.split()[1:]) for rule in policy[1].split("; ")}
    assert rules == {
        "default-src": {"'none'"},
        "base-uri": {"'none'"},
        "form-action": {"'none'"},
        "script-src": hashes["script"],
        "style-src": hashes["style"],
    }
    assert [len(hashes["script"]), len(hashes["style"])] == [2, 2]


def test_nothing_written_by_a_model_becomes_an_element_an_attribute_or_a_link(
    page: str, found: Elements
) -> None:
    assert set(found.names) <= ALLOWED
    assert [
        name for name, _ in found.attributes if name.startswith("on") or name in ("style", "href", "src")
    ] == []
    assert HOSTILE[0] not in page
    assert "&lt;/pre&gt;&lt;/script&gt;" in page
    assert page.encode("utf-8").count(b"\xed\xa0") == 0


def test_data_in_scripts_is_json_without_a_way_out(found: Elements) -> None:
    for text in found.data:
        assert "<" not in text
        assert json.loads(text)["data"]


def test_the_page_says_in_tables_what_it_draws(page: str) -> None:
    for words in (
        "names_order",
        "worse than the baseline",
        "latency, 95 of 100 within",
        "<th scope=row>stars &lt;b&gt;</th>",
    ):
        assert words in page
    assert page.count("<details class=case ") == CASES


def test_without_evidence_the_decision_and_its_figures_remain(worse: Evidence) -> None:
    page = as_html(report_on(worse))
    assert "worse than the baseline" in page
    assert "<details class=case" not in page
    assert "data-chart=chart-1" in page


def test_what_broke_comes_first_with_both_answers_and_their_differences_marked(page: str) -> None:
    first = page.split("<details class=case ")[1]
    assert 'data-kinds="broken' in first
    assert first.index("<h4>baseline</h4>") < first.index("<h4>candidate</h4>")
    assert "<mark>AB-" in first
    assert 'data-kinds="missing"' in page


FINDING: dict[str, Any] = {"metric": "m", "check": "margin", "state": "PASS", "reason": "", "look": 1}


@pytest.mark.parametrize(
    ("given", "metric", "expected"),
    [
        ({"difference": -0.1, "low": -0.2, "high": 0.0, "margin": 0.05}, Metric(name="m"), ("points", -10, -20, 0, -5)),
        ({"difference": 0.4, "low": 0.2, "high": 0.6, "margin": 0.2}, Metric(name="m", bounds=(1, 5)), ("points", 10, 5, 15, -5)),
        ({"difference": 0.1, "low": None, "high": None}, Metric(name="m", direction="lower"), ("points", 10, None, None, None)),
        ({"difference": 1.1, "low": 1.0, "high": 1.21, "margin": 1.2, "is_ratio": True}, Metric(name="m", direction="lower", bounds=None), ("per cent", 10, 0, 21, 20)),
        ({"difference": 0.8, "low": 0.5, "high": 1.0, "margin": 1.25, "is_ratio": True}, Metric(name="m", bounds=None), ("per cent", -20, -50, 0, -20)),
        ({"difference": 5.0, "low": -5.0, "high": 15.0, "baseline": 50.0}, Metric(name="m", bounds=None), ("per cent", 10, -10, 30, None)),
    ],
)  # fmt: skip
def test_differences_come_to_points_or_per_cent(given: dict[str, Any], metric: Metric, expected: Any) -> None:
    found = scaled(Finding(**FINDING | given), metric)
    assert found is not None
    assert (found.unit, found.difference, found.low, found.high, found.margin) == (
        expected[0], *(None if value is None else pytest.approx(value) for value in expected[1:]),
    )  # fmt: skip


@pytest.mark.parametrize(
    "given", [{"difference": None}, {"difference": 1.0, "baseline": 0.0, "candidate": 7.0}]
)
def test_what_has_no_difference_or_nothing_to_relate_to_is_not_drawn(given: dict[str, Any]) -> None:
    finding = Finding(**FINDING | given)
    assert scaled(finding, Metric(name="m", bounds=None)) is None
    assert charts.forest([finding], {"m": Metric(name="m", bounds=None)}, "per cent") is None


def test_the_path_ends_where_the_decision_was_made(worse: Evidence) -> None:
    report = report_on(worse)
    looks = worse.path(report.decision.look)["names_order"]
    decided = next(f for f in report.decision.findings if f.metric == "names_order")
    assert [look.finding.look for look in looks] == list(range(1, report.decision.look + 1))
    assert looks[-1].finding.difference == decided.difference
    assert looks[-1].level == decided.level
    assert set(worse.path(report.decision.look)) == {"names_order", "is_short", "latency", "latency [p95]"}
    figure = charts.path(looks, METRICS["names_order"])
    assert figure is not None
    assert figure["data"][0]["y"][-1] == pytest.approx(100 * (decided.difference or 0))
    assert charts.path(looks[:1], METRICS["names_order"]) is None


def test_a_distribution_counts_every_case_of_every_arm_once(worse: Evidence) -> None:
    for name, missing in (("names_order", 0), ("latency", 0), ("stars <b>", 1)):
        figure = charts.distribution(worse, name, 3)
        assert figure is not None
        assert [sum(trace["customdata"]) for trace in figure["data"]] == [CASES - missing, CASES - missing]


@pytest.mark.parametrize(
    ("first", "second", "marked"),
    [
        ("one two three", "one 2 three", ("one <mark>two</mark> three", "one <mark>2</mark> three")),
        ("same <b>", "same <b>", ("same &lt;b&gt;", "same &lt;b&gt;")),
        ("ab c d", "x y", ("ab c d", "x y")),
        ("a " * 900, "b " * 900, ("a " * 900, "b " * 900)),
    ],
)
def test_words_that_differ_are_marked_where_texts_are_alike(
    first: str, second: str, marked: tuple[str, str]
) -> None:
    assert side_by_side(first, second) == marked


def test_versions_and_costs_of_judging_are_told(worse: Evidence) -> None:
    assert worse.versions()["names_order"] == f"{CASES} by case"
    assert worse.versions()["is_short"] == "a" * 12
    assert worse.costs() == {"stars <b>": pytest.approx(0.001 * (CASES - 1) * 6)}
