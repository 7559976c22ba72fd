"""What is watched for drift: how each series is called, measured and written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console import formats
from evaluators.drift import Kind
from ingest.queries.sketches import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One series as people see it."""

    key: Series
    title: str
    kind: Kind
    write: Callable[[float | None], str]
    axis: Mapping[str, str]
    """How Plotly writes the values on an axis."""

    def effect(self, value: float | None) -> str:
        """Write the size of a shift."""
        if value is None:
            return "–"
        return f"{value:+.1f} points" if self.kind == "rate" else f"{value:.2f} sd"


def _milliseconds(value: float | None) -> str:
    return formats.duration(None if value is None else value * 1_000)


def _tokens(value: float | None) -> str:
    return "–" if value is None else formats.count(round(value))


WATCHED: Mapping[str, Watched] = {
    one.key: one
    for one in (
        Watched(
            key="latency_ms", title="Latency", kind="numeric", write=_milliseconds, axis={"ticksuffix": " ms"}
        ),
        Watched(
            key="cost_usd",
            title="Cost per call",
            kind="numeric",
            write=formats.money,
            axis={"tickprefix": "$", "tickformat": "~g"},
        ),
        Watched(
            key="output_tokens",
            title="Output tokens",
            kind="numeric",
            write=_tokens,
            axis={"tickformat": "~s"},
        ),
        Watched(
            key="refusal_rate",
            title="Refusals",
            kind="rate",
            write=formats.percent,
            axis={"tickformat": "~%"},
        ),
    )
}


def watched(series: str) -> Watched:
    """Return what is known of a series by its key."""
    return WATCHED[series]


def summary_lines(one: Watched, summary: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Write one window's figures."""
    if summary is None:
        return []
    calls = [("Calls", formats.count(summary["observations"])), ("Mean", one.write(summary["mean"]))]
    if one.kind == "rate":
        return calls
    return [*calls, *((name, one.write(summary[name])) for name in ("p50", "p95", "p99"))]
