"""A report's pictures, as plain data for Plotly. A colour is the name of a token of the page, so that it follows the theme."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.gate import Finding, Metric
from evaluators.reports.evidence import Evidence, Look
from evaluators.reports.report import figures
from evaluators.reports.scaling import Scaled, Unit, scaled
from evaluators.score import Score
from evaluators.stats.clustered import Array

Figure = dict[str, Any]

_STATES = {
    "PASS": ("--pass", "circle"),
    "FAIL": ("--fail", "diamond"),
    "ERROR": ("--fail", "diamond"),
    "INCONCLUSIVE": ("--open", "circle-open"),
    "worse": ("--fail", "square"),
    "advisory": ("--ink-3", "square-open"),
}
"""The colour and the mark of each state: told apart by both."""
_ARMS = ("--base", "--head")
_LONGEST_NAME = 26
_FEW_VALUES = 6
_BINS = 20
_STEPS = 200


def forest(findings: Iterable[Finding], metrics: Mapping[str, Metric], unit: Unit) -> Figure | None:
    """Draw differences with their 95 % intervals around no change, the margin beside each."""
    rows: list[tuple[Finding, Scaled]] = []
    for finding in findings:
        found = scaled(finding, metrics.get(finding.metric))
        if found is not None and found.unit == unit:
            rows.append((finding, found))
    if not rows:
        return None
    names = _names([_label(finding, metrics) for finding, _ in rows])
    data = []
    for state in _STATES:
        chosen = [number for number, (finding, _) in enumerate(rows) if _state(finding) == state]
        if chosen:
            data.append(_intervals([rows[n] for n in chosen], [names[n] for n in chosen], state))
    margins = [
        (name, found.margin) for name, (_, found) in zip(names, rows, strict=True) if found.margin is not None
    ]
    if margins:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "margin",
                "x": [margin for _, margin in margins],
                "y": [name for name, _ in margins],
                "marker": {"symbol": "line-ns-open", "size": 16, "color": "--ink-2", "line": {"width": 2}},
                "hovertemplate": "margin %{x:.2f}<extra></extra>",
            }
        )
    title = "points of the scale" if unit == "points" else "per cent of the baseline"
    return {
        "data": data,
        "layout": _layout()
        | {
            "height": 84 + 32 * len(rows),
            "showlegend": False,
            "xaxis": _axis(title=f"candidate − baseline, {title}") | {"zeroline": True, "zerolinecolor": "--ink-3"},
            "yaxis": _axis() | {"categoryorder": "array", "categoryarray": names[::-1], "showgrid": False},
        },
    }  # fmt: skip


def _intervals(rows: Sequence[tuple[Finding, Scaled]], names: list[str], state: str) -> Figure:
    colour, symbol = _STATES[state]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": state,
        "x": [found.difference for _, found in rows],
        "y": names,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if found.high is None else found.high - found.difference for _, found in rows],
            "arrayminus": [0.0 if found.low is None else found.difference - found.low for _, found in rows],
            "color": colour,
            "thickness": 2.5,
            "width": 5,
        },
        "marker": {"size": 10, "color": colour, "symbol": symbol, "line": {"width": 2}},
        "customdata": [
            f"{_plain(row['baseline'])} → {_plain(row['candidate'])}<br>Δ {_plain(row['difference'])}<br>{_wrapped(row['reason'])}"
            for row in (figures(finding) for finding, _ in rows)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def path(looks: Sequence[Look], metric: Metric | None) -> Figure | None:
    """Draw what each look saw: the difference closing in on the side it is decided for. One look is no path."""
    seen = [(look, found) for look in looks if (found := scaled(look.finding, metric)) is not None]
    if len(seen) < 2:
        return None
    trials = [look.finding.look for look, _ in seen]
    margin = seen[-1][1].margin
    data: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "Δ (95 % CI)",
            "x": trials,
            "y": [found.difference for _, found in seen],
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [0.0 if found.high is None else found.high - found.difference for _, found in seen],
                "arrayminus": [
                    0.0 if found.low is None else found.difference - found.low for _, found in seen
                ],
                "color": "--head",
                "width": 5,
            },
            "line": {"color": "--head", "width": 2},
            "marker": {"size": 8, "color": "--head"},
            "customdata": [_tests(look) for look, _ in seen],
            "hovertemplate": "%{y:+.2f}<br>%{customdata}<extra></extra>",
        }
    ]
    if margin is not None:
        data.append(_line("margin", [trials[0], trials[-1]], [margin, margin], "--ink-2", "dash"))
    unit = "points" if seen[-1][1].unit == "points" else "% of the baseline"
    return {
        "data": data,
        "layout": _layout()
        | {
            "height": 250,
            "xaxis": _axis(title="trials per case") | {"dtick": 1},
            "yaxis": _axis(title=f"Δ, {unit}") | {"zeroline": True, "zerolinecolor": "--ink-3"},
        },
    }


def _tests(look: Look) -> str:
    finding = look.finding
    said = [f"each test must reach p ≤ {look.level:.3g}"]
    said += (
        [f"not worse by the margin: p = {finding.p_noninferior:.3g}"]
        if finding.p_noninferior is not None
        else []
    )
    said += [f"a regression: p = {finding.p_regression:.3g}"] if finding.p_regression is not None else []
    return "<br>".join(said)


def distribution(evidence: Evidence, name: str, upto: int) -> Figure | None:
    """Draw how the cases' mean scores of a metric are spread, arm beside arm."""
    means = [_case_means(evidence, name, arm, upto) for arm in evidence.arms]
    both = np.concatenate(means) if means else np.array([])
    if both.size == 0:
        return None
    values = np.unique(both)
    if len(values) <= _FEW_VALUES:
        places = [f"{value:.4g}" for value in values]
        counts = [[int(np.count_nonzero(own == value)) for value in values] for own in means]
        axis: Figure = {"type": "category"}
    else:
        edges = np.linspace(values[0], values[-1], _BINS + 1)
        places = [(low + high) / 2.0 for low, high in zip(edges, edges[1:], strict=False)]
        counts = [np.histogram(own, edges)[0].tolist() for own in means]
        axis = {}
    data = [
        {
            "type": "bar",
            "name": _plain(arm),
            "x": places,
            "y": [count / max(len(own), 1) * 100.0 for count in own_counts],
            "customdata": own_counts,
            "marker": {"color": _colour(evidence, arm), "line": {"width": 0}},
            "hovertemplate": "%{customdata} cases<extra>%{fullData.name}</extra>",
        }
        for arm, own, own_counts in zip(evidence.arms, means, counts, strict=True)
    ]
    return {
        "data": data,
        "layout": _layout()
        | {"height": 220, "barmode": "group", "bargap": 0.2, "xaxis": _axis() | {"showgrid": False} | axis, "yaxis": _axis(title="% of cases")},
    }  # fmt: skip


def _case_means(evidence: Evidence, name: str, arm: str, upto: int) -> Array:
    scores: dict[str, list[float]] = {}
    for trial in evidence.experiment.trials:
        outcome = trial.outcomes.get(name)
        if trial.arm == arm and trial.number <= upto and isinstance(outcome, Score):
            scores.setdefault(trial.case, []).append(outcome.value)
    return np.array([sum(values) / len(values) for values in scores.values()], dtype=np.float64)


def cumulative(values: Mapping[str, Array], colours: Mapping[str, str], title: str) -> Figure | None:
    """Draw the share of answers at or below each value, arm beside arm: the further left, the less."""
    known = {arm: np.sort(own) for arm, own in values.items() if own.size > 1}
    if not known:
        return None
    data = []
    for arm, own in known.items():
        shares = np.linspace(0.0, 1.0, min(own.size, _STEPS))
        line = _line(
            _plain(arm), np.quantile(own, shares).tolist(), (shares * 100.0).tolist(), colours[arm], "solid"
        )
        data.append(line | {"hovertemplate": "%{y:.0f} % up to %{x:.4g}<extra>%{fullData.name}</extra>"})
    return {
        "data": data,
        "layout": _layout()
        | {"height": 240, "xaxis": _axis(title=title) | {"rangemode": "tozero"}, "yaxis": _axis(title="% of answers") | {"range": [0, 100]}},
    }  # fmt: skip


def arm_colours(evidence: Evidence) -> dict[str, str]:
    """Return the colour of each arm."""
    return {arm: _colour(evidence, arm) for arm in evidence.arms}


def _colour(evidence: Evidence, arm: str) -> str:
    return _ARMS[arm == evidence.experiment.gate.candidate]


def _line(name: str, x: Sequence[float], y: Sequence[float], colour: str, dash: str) -> Figure:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": list(y),
        "line": {"color": colour, "width": 2, "dash": dash}, "hovertemplate": "%{y:.2f}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _state(finding: Finding) -> str:
    if finding.check != "advisory":
        return finding.state
    return "worse" if finding.reason == "worse" else "advisory"


def _label(finding: Finding, metrics: Mapping[str, Metric]) -> str:
    metric = metrics.get(finding.metric)
    name = f"{finding.label} · {finding.metric}" if finding.label else finding.metric
    short = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    return _plain(short) + (" ↓" if metric is not None and metric.direction == "lower" else "")


def _names(labels: Sequence[str]) -> list[str]:
    """Tell equal labels apart by what is not seen: a category is its name."""
    seen: dict[str, int] = {}
    names = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        names.append(label + "\u200b" * (seen[label] - 1))
    return names


def _plain(text: str) -> str:
    """Keep Plotly from reading a stranger's text as its little markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")


def _wrapped(text: str, width: int = 60) -> str:
    lines, line = [], ""
    for word in text[:240].split():
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    return "<br>".join(_plain(part) for part in (*lines, line))


def _axis(title: str = "") -> Figure:
    axis: Figure = {
        "gridcolor": "--line", "linecolor": "--line", "zeroline": False, "automargin": True, "fixedrange": True,
        "tickfont": {"size": 12, "color": "--ink-2"},
    }  # fmt: skip
    return axis | ({"title": {"text": title, "font": {"size": 12, "color": "--ink-3"}}} if title else {})


def _layout() -> Figure:
    return {
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8, "pad": 2},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--ink-2"},
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line-strong", "font": {"color": "--ink", "size": 12}, "align": "left"},
        "hovermode": "closest", "dragmode": False, "showlegend": True,
        "legend": {
            "orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom",
            "font": {"size": 12, "color": "--ink-2"}, "bgcolor": "rgba(0,0,0,0)",
        },
    }  # fmt: skip
