"""Figures for Plotly, as plain data: times and series in, a figure's JSON out.

A colour is the name of a design token (`--series-1`); the browser puts in its value, so that a figure follows the theme.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import urlencode

from console import formats
from console.ranges import TimeRange

Figure = dict[str, Any]
Value = float | int | Decimal | None

STATUS_COLOURS = {"ok": "--series-1", "blocked": "--series-4", "error": "--series-5", "aborted": "--series-3"}
ACTION_COLOURS = {"flag": "--series-3", "mask": "--series-2", "escalate": "--series-5", "block": "--series-4"}
OTHERS = "others"
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line or one colour of bars, with a value for every bucket."""

    name: str
    values: Sequence[Value]
    colour: str
    query: str = ""
    """What to add to the address of the traces page to see what is behind a point."""


def palette(position: int) -> str:
    """Return the colour of the n-th series of a chart; the eighth is for all the others."""
    return f"--series-{min(position, 7) + 1}"


def stacked_bars(chosen: TimeRange, series: Sequence[Series], *, write: Callable[[Any], str]) -> Figure:
    """Draw parts of a whole over time."""
    times = _times(chosen)
    data = [
        {
            "type": "bar",
            "name": _label(one.name),
            "x": times,
            "y": [_number(value) for value in one.values],
            "customdata": [write(value) for value in one.values],
            "hovertemplate": "%{customdata}",
            "marker": {"color": one.colour, "line": {"width": 0}},
            "meta": one.query,
        }
        for one in series
    ]
    return {"data": data, "layout": _layout(chosen) | {"barmode": "stack", "bargap": 0.18}}


def lines(chosen: TimeRange, series: Sequence[Series], *, write: Callable[[Any], str]) -> Figure:
    """Draw measures over time. Where nothing was measured the line breaks."""
    times = _times(chosen)
    is_sparse = any(sum(value is not None for value in one.values) < len(times) / 3 for one in series)
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers" if is_sparse else "lines",
            "name": _label(one.name),
            "x": times,
            "y": [_number(value) for value in one.values],
            "customdata": [write(value) for value in one.values],
            "hovertemplate": "%{customdata}",
            "line": {"color": one.colour, "width": 1.75},
            "marker": {"size": 4},
            "connectgaps": False,
            "meta": one.query,
        }
        for one in series
    ]
    return {"data": data, "layout": _layout(chosen)}


def traffic(chosen: TimeRange, calls_by_status: Mapping[str, Sequence[int]]) -> Figure:
    """Calls over time by how they ended."""
    series = [
        Series(
            name=status,
            values=values,
            colour=STATUS_COLOURS.get(status, "--series-8"),
            query=f"status={status}",
        )
        for status, values in calls_by_status.items()
    ]
    return stacked_bars(chosen, series, write=formats.count)


def latency(chosen: TimeRange, quantiles_us: Mapping[str, Sequence[float | None]]) -> Figure:
    """Quantiles of a duration over time; given in microseconds, drawn in seconds."""
    colours = {"p50": "--series-1", "p95": "--series-3", "p99": "--series-5"}
    series = [
        Series(
            name=name,
            values=[None if value is None else value / 1e6 for value in values],
            colour=colours[name],
        )
        for name, values in quantiles_us.items()
    ]
    figure = lines(
        chosen, series, write=lambda seconds: formats.duration(None if seconds is None else seconds * 1e6)
    )
    figure["layout"]["yaxis"] |= {"tickformat": "~s", "ticksuffix": "s"}
    return figure


def cost(chosen: TimeRange, cost_by_name: Mapping[str, Sequence[Decimal]], *, parameter: str) -> Figure:
    """Dollars over time by model, feature, or whatever the names are; `parameter` filters traces by such a name."""
    series = [
        Series(
            name=name or "none",
            values=values,
            colour="--series-8" if name == OTHERS else palette(position),
            query=urlencode({parameter: name}) if parameter and name and name != OTHERS else "",
        )
        for position, (name, values) in enumerate(cost_by_name.items())
    ]
    figure = stacked_bars(chosen, series, write=formats.money)
    figure["layout"]["yaxis"] |= {"tickprefix": "$", "tickformat": "~g"}
    return figure


def error_rate(chosen: TimeRange, rates: Sequence[float | None]) -> Figure:
    """The share of calls that failed, over time."""
    one = Series(name="failed", values=rates, colour="--series-5", query="status=error")
    figure = lines(chosen, [one], write=formats.percent)
    figure["data"][0] |= {"fill": "tozeroy", "fillcolor": "--danger-soft"}
    figure["layout"]["yaxis"] |= {"tickformat": "~%"}
    figure["layout"]["showlegend"] = False
    return figure


def guard_actions(chosen: TimeRange, calls_by_action: Mapping[str, Sequence[int]]) -> Figure:
    """What guards did to calls, over time."""
    series = [
        Series(
            name=action,
            values=values,
            colour=ACTION_COLOURS.get(action, "--series-8"),
            query=f"guard={action}",
        )
        for action, values in calls_by_action.items()
    ]
    return stacked_bars(chosen, series, write=formats.count)


def _label(name: str) -> str:
    """Return a name as a legend shows it: short, so that it never crowds out the chart, and never markup."""
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return escape(short, quote=False)


def _number(value: Value) -> float | int | None:
    return float(value) if isinstance(value, Decimal) else value


def _times(chosen: TimeRange) -> list[str]:
    return [_local(chosen, at) for at in chosen.buckets()]


def _local(chosen: TimeRange, at: datetime) -> str:
    """Return a time as the project's clock shows it; Plotly knows no time zones."""
    return at.astimezone(chosen.zone).strftime("%Y-%m-%dT%H:%M:%S")


def _layout(chosen: TimeRange) -> Figure:
    axis = {
        "gridcolor": "--line",
        "linecolor": "--line-strong",
        "zeroline": False,
        "tickfont": {"size": 11, "color": "--ink-3"},
        "automargin": True,
    }
    return {
        "meta": {"bucket_s": chosen.bucket_s},
        "margin": {"l": 8, "r": 18, "t": 8, "b": 8, "pad": 2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Plex, system-ui, sans-serif", "size": 12, "color": "--ink-2"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line-strong", "font": {"color": "--ink", "size": 12}},
        "showlegend": True,
        "legend": {
            "orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom", "traceorder": "normal",
            "font": {"size": 11, "color": "--ink-2"}, "bgcolor": "rgba(0,0,0,0)",
        },
        "xaxis": axis | {
            "type": "date", "showgrid": False, "range": [_local(chosen, chosen.start), _local(chosen, chosen.end)],
            "nticks": 7,
        },
        "yaxis": axis | {"rangemode": "tozero", "fixedrange": True, "nticks": 5, "linecolor": "rgba(0,0,0,0)"},
        "selectionrevision": 0,
    }  # fmt: skip
