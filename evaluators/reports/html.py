"""The report as one HTML file that needs nothing else: no network, no server, no font from elsewhere.

The page's own policy names the hashes of its scripts and styles; whatever else an answer might smuggle in cannot run. Every
number stands in a table, so that the page says all it knows without a script too.
"""

import base64
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib import resources

from evaluators.gate import Finding, Metric
from evaluators.reports import charts
from evaluators.reports.casebook import Entry, casebook, entries_of
from evaluators.reports.charts import Figure
from evaluators.reports.evidence import Evidence
from evaluators.reports.report import Report, figures
from evaluators.reports.spending import spending_of
from evaluators.reports.text import headline, verdict

_BUNDLE = "plotly-basic-4.1.1.min.js"
_PLOTLYS_OWN = "/* Plotly finds this sheet by its id and adds its rules to it, in place of a style element of its own. */"
_MOST_SLICES = 40
_LEGEND = (
    "<span class=PASS>●</span> pass <span class=FAIL>◆</span> fail <span class=INCONCLUSIVE>○</span> inconclusive "
    "<span class=FAIL>■</span> worse, advisory □ no change for the worse seen, advisory"
)
_COLUMNS = ("baseline", "candidate", "difference", "margin")
_HEADINGS = ("metric", "verdict", "base", "cand", "Δ (95 % CI)", "margin", "why")


def as_html(report: Report, evidence: Evidence | None = None) -> str:
    """Return the page; without evidence it has the decision and its figures, and no cases."""
    page = _Page(report, evidence)
    body = "\n".join(part for part in page.parts() if part)
    style, script = _file("page/report.css"), _file("page/report.js")
    bundle = _file(f"vendor/{_BUNDLE}") if page.drawn else ""
    scripts = "".join(f"<script>{text}</script>" for text in (bundle, script) if text)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {' '.join(_hash(text) for text in (bundle, script) if text)}; "
        f"style-src {_hash(style)} {_hash(_PLOTLYS_OWN)}"
    )
    whole = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(report.suite)}: {report.decision.state}</title>\n<style>{style}</style>"
        f'<style id="plotly.js-style-global">{_PLOTLYS_OWN}</style></head>\n<body>\n{body}\n{scripts}</body></html>\n'
    )
    # What a model wrote may hold half of a surrogate pair, which no file can.
    return whole.encode("utf-8", "replace").decode("utf-8")


class _Page:
    """The page while it is being put together; it counts the charts it holds."""

    def __init__(self, report: Report, evidence: Evidence | None) -> None:
        self.report, self.evidence = report, evidence
        self.metrics: Mapping[str, Metric] = {} if evidence is None else evidence.experiment.metrics
        self.drawn = 0

    def parts(self) -> Iterator[str]:
        """Yield the sections in the order in which one reads them."""
        yield self._head()
        yield "<main>"
        yield self._figures()
        yield self._forests()
        if self.evidence is not None:
            yield self._paths(self.evidence)
            yield self._distributions(self.evidence)
        yield self._slices()
        if self.evidence is not None:
            yield self._spending(self.evidence)
            yield from self._cases(self.evidence)
        yield self._foot()
        yield "</main>"

    def _head(self) -> str:
        report, state = self.report, self.report.decision.state
        decision = report.decision
        return (
            f'<header><div class=bar><span class="state {state}">{state}</span><h1>{escape(report.suite)}</h1>'
            '<button type=button id=theme hidden title="light or dark (t)">◐</button></div>'
            f"<p class=verdict>{escape(verdict(report).removeprefix(state).strip())}</p>"
            f"<p class=quiet>{escape(headline(report).removeprefix(report.suite).strip())}</p>"
            f"<p class=quiet>newly broken {len(decision.newly_broken)} · newly fixed {len(decision.newly_fixed)}</p></header>"
        )

    def _figures(self) -> str:
        rows = "".join(self._row(finding) for finding in self.report.rows)
        head = "".join(f"<th scope=col>{name}</th>" for name in _HEADINGS)
        return (
            "<section><h2>What was decided</h2><div class=wide><table><thead><tr>"
            f"{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
        )

    def _row(self, finding: Finding) -> str:
        row = {key: escape(value) for key, value in figures(finding).items()}
        numbers = "".join(f"<td class=number>{row[key]}</td>" for key in _COLUMNS)
        state = row["state"]
        return f"<tr><th scope=row>{row['metric']}</th><td class='word {state}'>{state}</td>{numbers}<td>{row['reason']}</td></tr>"

    def _forests(self) -> str:
        compared = [finding for finding in self.report.decision.findings if finding.check == "margin"]
        shown = [*compared, *self.report.decision.advisory]
        drawn = [
            self._chart(figure, f"Differences with 95 % intervals, in {unit}")
            for unit in ("points", "per cent")
            if (figure := charts.forest(shown, self.metrics, "points" if unit == "points" else "per cent"))
            is not None
        ]
        note = (
            "Right of zero the candidate scores higher; an arrow marks metrics for which less is better. The short line is "
            f"the margin: an interval that stays clear of it excludes a drop that large. {_LEGEND}"
        )
        return _section("Differences", "".join(drawn), note)

    def _paths(self, evidence: Evidence) -> str:
        drawn = []
        for name, looks in evidence.path(self.report.decision.look).items():
            metric = self.metrics.get(looks[0].finding.metric) if looks else None
            figure = charts.path(looks, metric)
            if figure is not None:
                drawn.append(self._chart(figure, f"{name}, look by look", name))
        note = "What the gate saw after each round of trials, and how sure it had to be to decide there."
        return _section("Look by look", _grid(drawn), note)

    def _distributions(self, evidence: Evidence) -> str:
        drawn = []
        for name in evidence.experiment.metrics:
            figure = charts.distribution(evidence, name, self.report.decision.look)
            if figure is not None:
                drawn.append(self._chart(figure, f"Distribution of {name} over the cases", name))
        return _section(
            "Distributions", _grid(drawn), "Each case counts once, with its mean over its trials."
        )

    def _slices(self) -> str:
        found = sorted(
            self.report.decision.slices,
            key=lambda finding: (
                1.0 if finding.q_value is None else finding.q_value,
                finding.metric,
                finding.label,
            ),
        )
        if not found:
            return ""
        shown = found[:_MOST_SLICES]
        drawn = [
            self._chart(figure, f"Differences by tag, in {unit}")
            for unit in ("points", "per cent")
            if (figure := charts.forest(shown, self.metrics, "points" if unit == "points" else "per cent"))
            is not None
        ]
        rows = "".join(self._row(finding) for finding in found)
        head = "".join(f"<th scope=col>{name}</th>" for name in _HEADINGS)
        table = (
            f"<details class=more><summary>all {len(found)} slices in figures</summary><div class=wide><table><thead><tr>"
            f"{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
        )
        note = "Tags of ten cases or more, the likeliest to be worse first. They advise; false discoveries are held to one in twenty."
        return _section("Slices", "".join(drawn) + table, note)

    def _spending(self, evidence: Evidence) -> str:
        arms = [spending_of(evidence, arm) for arm in evidence.arms]
        if not any(arm.answers or arm.errors for arm in arms):
            return ""
        head = "".join(f"<th scope=col class=number>{escape(arm.arm)}</th>" for arm in arms)
        rows = "".join(
            f"<tr><th scope=row>{cells[0][0]}</th>{''.join(f'<td class=number>{value}</td>' for _, value in cells)}</tr>"
            for cells in zip(*(arm.rows() for arm in arms), strict=True)
        )
        colours = charts.arm_colours(evidence)
        drawn = [
            self._chart(figure, title, title)
            for title, figure in (
                ("latency, ms", charts.cumulative({arm.arm: arm.latency_ms for arm in arms}, colours, "ms")),
                (
                    "cost of an answer, US $",
                    charts.cumulative({arm.arm: arm.cost_usd for arm in arms}, colours, "US $"),
                ),
            )
            if figure is not None
        ]
        table = f"<div class=wide><table class=narrow><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        return _section("Cost and latency", table + _grid(drawn))

    def _cases(self, evidence: Evidence) -> Iterator[str]:
        entries = entries_of(self.report.decision, evidence)
        yield f"<section><h2>Cases ({len(entries):,})</h2>"
        yield _filters(entries)
        yield from casebook(entries, evidence)
        yield "</section>"

    def _foot(self) -> str:
        facts = [
            ("run", self.report.run),
            ("baseline", self.report.baseline or "none"),
            ("candidate", self.report.candidate),
            ("exit code", str(self.report.exit_code)),
        ]
        if self.evidence is not None:
            gate = self.evidence.experiment.gate
            facts += [
                ("chance of each wrong decision", f"{gate.alpha:g}, one-sided"),
                ("looks, trials per case", ", ".join(map(str, gate.looks))),
                ("estimand", gate.estimand),
                *((f"version of {name}", version) for name, version in self.evidence.versions().items()),
                *(
                    (f"cost of judging {name}", f"${cost:.4f}")
                    for name, cost in self.evidence.costs().items()
                ),
            ]
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
        return f"<footer><details class=more><summary>how this was decided</summary><dl>{rows}</dl></details></footer>"

    def _chart(self, figure: Figure, label: str, title: str = "") -> str:
        self.drawn += 1
        name = f"chart-{self.drawn}"
        # In JSON a `<` can be written so that no text in it ends the element.
        content = json.dumps(figure, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
        heading = f"<h3>{escape(title)}</h3>" if title else ""
        return (
            f'<figure>{heading}<div class=chart role=img aria-label="{escape(label)}" data-chart={name} '
            f"data-height={figure['layout']['height']}></div>"
            f'<script type="application/json" id={name}>{content}</script></figure>'
        )


def _section(title: str, content: str, note: str = "") -> str:
    if not content:
        return ""
    quiet = f"<p class=quiet>{note}</p>" if note else ""
    return f"<section><h2>{title}</h2>{quiet}{content}</section>"


def _grid(drawn: Iterable[str]) -> str:
    joined = "".join(drawn)
    return f"<div class=grid>{joined}</div>" if joined else ""


def _filters(entries: list[Entry]) -> str:
    """Return the filters; the script shows them, for without it they would do nothing."""
    counts = {kind: sum(kind in entry.kinds for entry in entries) for kind in ("broken", "fixed", "missing")}
    kinds = [("", f"all ({len(entries)})")]
    kinds += [(kind, f"{kind} ({count})") for kind, count in counts.items() if count]
    metrics = sorted({change.metric for entry in entries for change in (*entry.broken, *entry.fixed)})
    tags = sorted({tag for entry in entries for tag in entry.case.tags})
    return (
        "<form id=filters hidden role=search>"
        "<label>search <input type=search id=words autocomplete=off placeholder='words of a case  ( / )'></label>"
        f"{_select('kind', 'show', kinds)}"
        f"{_select('metric', 'metric', [('', 'any'), *((name, name) for name in metrics)]) if metrics else ''}"
        f"{_select('tag', 'tag', [('', 'any'), *((name, name) for name in tags)]) if tags else ''}"
        "<output id=count></output>"
        "<p class=quiet>Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous, <kbd>Enter</kbd> open, "
        "<kbd>b</kbd> broken, <kbd>f</kbd> fixed, <kbd>a</kbd> all, <kbd>Esc</kbd> clear.</p></form>"
    )


def _select(name: str, label: str, options: Iterable[tuple[str, str]]) -> str:
    shown = "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in options)
    return f"<label>{label} <select id={name}>{shown}</select></label>"


@functools.cache
def _file(name: str) -> str:
    return resources.files("evaluators.reports").joinpath(name).read_text("utf-8")


@functools.cache
def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
