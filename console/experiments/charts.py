"""Figures of a comparison: how two variants' scores and latencies are spread, and the intervals of differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from console import formats
from console.dashboards.charts import Figure
from console.experiments.comparison import CaseScores, Expense
from evaluators.gate import Finding

_BINS = 20
_COLOURS = ("--series-8", "--series-1", "--series-3", "--series-2", "--series-4", "--series-5")


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference with its interval on a scale of 100 units: where to draw what."""

    low: float
    high: float
    middle: float
    zero: float
    margins: tuple[float, ...]


def interval_of(finding: Finding) -> Interval | None:
    """Return where a comparison's interval lies, on a scale of its own around zero; None without an interval."""
    if finding.difference is None or finding.low is None or finding.high is None or finding.check == "floor":
        return None
    neutral = 1.0 if finding.is_ratio else 0.0
    margin = (finding.margin or neutral) - neutral if finding.is_ratio else finding.margin or 0.0
    low, high, middle = (value - neutral for value in (finding.low, finding.high, finding.difference))
    reach = max(abs(low), abs(high), abs(margin), 1e-9) * 1.1

    def place(value: float) -> float:
        return round(50 + 48 * value / reach, 2)

    marks = (place(-margin), place(margin)) if margin else ()
    return Interval(place(low), place(high), place(middle), place(0.0), marks)


def spread(
    cases: Sequence[CaseScores], names: tuple[str, str], bounds: tuple[float, float] | None
) -> Figure | None:
    """Draw how many cases score how much in each variant."""
    sides = [
        np.array([value for one in cases if (value := getattr(one, side)) is not None], dtype=float)
        for side in ("baseline", "candidate")
    ]
    if not all(len(side) for side in sides):
        return None
    together = np.concatenate(sides)
    low, high = bounds or (float(together.min()), float(together.max()))
    # A score exactly at an end has a bin of its own middle, so that 0 and 1 are drawn where they are.
    distinct = np.unique(together)
    if len(distinct) <= _BINS:
        places = distinct
        counts = [[int(np.sum(side == place)) for place in places] for side in sides]
    else:
        edges = np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
        places = (edges[1:] + edges[:-1]) / 2
        counts = [np.histogram(side, edges)[0].tolist() for side in sides]
    data = [
        {
            "type": "bar",
            "name": name,
            "x": [f"{place:.3g}" for place in places],
            "y": heights,
            "hovertemplate": "%{y} cases",
            "marker": {"color": colour, "line": {"width": 0}},
        }
        for name, heights, colour in zip(names, counts, _COLOURS, strict=False)
    ]
    layout = _layout() | {"barmode": "group", "bargap": 0.25}
    layout["xaxis"] |= {"type": "category"}
    return {"data": data, "layout": layout}


def latency(expenses: Sequence[Expense]) -> Figure | None:
    """Draw which share of each variant's answers came within which time."""
    known = [one for one in expenses if len(one.latencies) > 1]
    if not known:
        return None
    shares = np.linspace(0, 1, 101)
    data = []
    for one, colour in zip(known, _COLOURS, strict=False):
        times = np.quantile(one.latencies, shares)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": one.arm,
                "x": [round(float(time) / 1_000, 4) for time in times],
                "y": [round(float(share), 2) for share in shares],
                "customdata": [formats.duration(float(time) * 1_000) for time in times],
                "hovertemplate": "%{y:.0%} within %{customdata}",
                "line": {"color": colour, "width": 1.75},
            }
        )
    layout = _layout()
    layout["xaxis"] |= {"ticksuffix": " s", "rangemode": "tozero", "nticks": 6}
    layout["yaxis"] |= {"tickformat": ".0%"}
    layout["hovermode"] = "closest"
    return {"data": data, "layout": layout}


def _layout() -> Figure:
    axis = {
        "gridcolor": "--line",
        "linecolor": "--line-strong",
        "zeroline": False,
        "tickfont": {"size": 11, "color": "--ink-3"},
        "automargin": True,
        "fixedrange": True,
    }
    return {
        "margin": {"l": 8, "r": 18, "t": 8, "b": 8, "pad": 2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Plex, system-ui, sans-serif", "size": 12, "color": "--ink-2"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line-strong", "font": {"color": "--ink", "size": 12}},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom",
                   "font": {"size": 11, "color": "--ink-2"}, "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": axis | {"showgrid": False, "nticks": 12},
        "yaxis": axis | {"rangemode": "tozero", "nticks": 5, "linecolor": "rgba(0,0,0,0)"},
    }  # fmt: skip
