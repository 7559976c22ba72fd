"""Figures of quality: how often a guard finds something, and what it would be at another threshold."""

from collections.abc import Sequence
from datetime import UTC, datetime

from console import formats
from console.dashboards.charts import Figure, Series, lines
from console.ranges import TimeRange
from guardrails.quality import Point, Rate


def found_share(chosen: TimeRange, hours: Sequence[tuple[datetime, int, int]]) -> Figure | None:
    """Draw the share of texts in which a guard found something; None when it looked at none."""
    starts = list(chosen.buckets())
    looked, found = [0] * len(starts), [0] * len(starts)
    for hour, events, hits in hours:
        at = hour if hour.tzinfo else hour.replace(tzinfo=UTC)
        position = max((n for n, start in enumerate(starts) if start <= at), default=0)
        looked[position] += events
        found[position] += hits
    if not any(looked):
        return None
    values = [hits / events if events else None for hits, events in zip(found, looked, strict=True)]
    figure = lines(
        chosen, [Series(name="found something", values=values, colour="--series-1")], write=formats.percent
    )
    figure["layout"]["showlegend"] = False
    figure["layout"]["yaxis"] |= {"tickformat": "~%"}
    return figure


def threshold_curve(points: Sequence[Point]) -> Figure | None:
    """Draw precision and recall by threshold, each with its interval; None when there is nothing to draw."""
    if len(points) < 2:
        return None
    thresholds = [point.threshold for point in points]
    data = _with_band(
        "precision", thresholds, [point.precision for point in points], "--series-1", "--info-soft"
    )
    # Bands first: no line lies behind one.
    recalls = [point.recall for point in points if point.recall is not None]
    if len(recalls) == len(points):
        data += _with_band("recall", thresholds, recalls, "--series-3", "--warn-soft")
    data.sort(key=lambda trace: "fill" not in trace and trace["mode"] != "lines")
    axis = {"gridcolor": "--line", "linecolor": "--line-strong", "zeroline": False, "automargin": True,
            "fixedrange": True, "tickfont": {"size": 11, "color": "--ink-3"}}  # fmt: skip
    layout = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 28, "pad": 2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Plex, system-ui, sans-serif", "size": 12, "color": "--ink-2"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line-strong", "font": {"color": "--ink", "size": 12}},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom",
                   "font": {"size": 11, "color": "--ink-2"}, "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": axis | {"showgrid": False, "nticks": 7, "title": {"text": "threshold", "font": {"size": 11}}},
        "yaxis": axis | {"range": [0, 1.02], "tickformat": "~%", "nticks": 6, "linecolor": "rgba(0,0,0,0)"},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _with_band(
    name: str, thresholds: Sequence[float], rates: Sequence[Rate], colour: str, soft: str
) -> list[Figure]:
    edge = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0, "color": soft},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    x = list(thresholds)
    return [
        edge | {"name": f"{name}, at least", "x": x, "y": [rate.low for rate in rates]},
        edge
        | {
            "name": f"{name}, at most",
            "x": x,
            "y": [rate.high for rate in rates],
            "fill": "tonexty",
            "fillcolor": soft,
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": x,
            "y": [rate.share for rate in rates],
            "customdata": [interval(rate) for rate in rates],
            "hovertemplate": "%{customdata}",
            "line": {"color": colour, "width": 1.75},
            "marker": {"size": 4},
        },
    ]


def interval(rate: Rate) -> str:
    """Return a share with its interval."""
    return f"{formats.percent(rate.share)} ({formats.percent(rate.low)} to {formats.percent(rate.high)})"
