"""Figures of drift: a series over time, and two distributions on top of one another."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from console.dashboards.charts import Figure, Series, lines
from console.drift.series import Watched
from console.ranges import TimeRange


def course(chosen: TimeRange, hours: Mapping[datetime, tuple[float, int]], watched: Watched) -> Figure:
    """Draw the mean of a series over time."""
    sums: dict[int, tuple[float, int]] = {}
    for hour, (total, seen) in hours.items():
        bucket = int(hour.timestamp()) // chosen.bucket_s * chosen.bucket_s
        before = sums.get(bucket, (0.0, 0))
        sums[bucket] = (before[0] + total, before[1] + seen)
    values: list[float | None] = []
    for at in chosen.buckets():
        total, seen = sums.get(int(at.timestamp()), (0.0, 0))
        values.append(total / seen if seen else None)
    figure = lines(
        chosen, [Series(name=watched.title, values=values, colour="--series-1")], write=watched.write
    )
    figure["layout"]["showlegend"] = False
    figure["layout"]["yaxis"] |= watched.axis
    return figure


def distributions(details: Mapping[str, Sequence[float]], watched: Watched) -> Figure | None:
    """Draw how calls were spread before, and how they are now."""
    if not details:
        return None
    axis = {"gridcolor": "--line", "linecolor": "--line-strong", "zeroline": False, "automargin": True,
            "tickfont": {"size": 11, "color": "--ink-3"}}  # fmt: skip
    written = [watched.write(value) for value in details["values"]]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": list(details["values"]),
            "y": list(details[key]),
            "customdata": written,
            "hovertemplate": "%{y:.1%} around %{customdata}",
            "line": {"color": colour, "width": 1.75, "shape": "hvh"},
            **({"fill": "tozeroy", "fillcolor": fill} if fill else {}),
        }
        for name, key, colour, fill in (
            ("the week before", "reference", "--series-8", "--sunken"),
            ("last 24 hours", "current", "--series-1", ""),
        )
    ]
    layout = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Plex, system-ui, sans-serif", "size": 12, "color": "--ink-2"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line-strong", "font": {"color": "--ink", "size": 12}},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom",
                   "font": {"size": 11, "color": "--ink-2"}, "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": axis | {"type": "log", "showgrid": False, "nticks": 7, "fixedrange": True,
                         **_ticks(details["values"], watched)},
        "yaxis": axis | {"rangemode": "tozero", "tickformat": "~%", "nticks": 4, "fixedrange": True,
                         "linecolor": "rgba(0,0,0,0)"},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _ticks(values: Sequence[float], watched: Watched) -> dict[str, object]:
    chosen = [values[round(step * (len(values) - 1) / 6)] for step in range(7)]
    return {"tickvals": chosen, "ticktext": [watched.write(value) for value in chosen]}
