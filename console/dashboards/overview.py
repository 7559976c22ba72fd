"""What the Overview shows: sums with their change, courses over time, and who leads in cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console import formats
from console.dashboards import charts
from console.ranges import HOUR_S, TimeRange
from ingest.queries.traffic import Grain, Quantiles, Traffic

STATUSES = ("ok", "blocked", "error", "aborted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """One figure, what it was before, and whether the change is good news."""

    label: str
    value: str
    change: str = ""
    tone: str = ""
    note: str = ""
    query: str = ""


def grain_of(chosen: TimeRange) -> Grain:
    """Return the rollup whose rows fit into a bucket of this range's charts."""
    return "minute" if chosen.bucket_s < HOUR_S else "hour"


def stats(now: Traffic, before: Traffic) -> list[Stat]:
    """Return the figures at the top of the page."""
    failed, failed_before = _rate(now.errors, now.calls), _rate(before.errors, before.calls)
    return [
        Stat(label="Model calls", value=formats.count(now.calls), change=_change(now.calls, before.calls)),
        Stat(
            label="Cost",
            value=formats.UNKNOWN if _is_unknown(now) else formats.money(now.cost_usd),
            change="" if _is_unknown(now) else _change(float(now.cost_usd), float(before.cost_usd)),
            note=f"without {formats.count(now.unpriced)} unpriced" if now.unpriced else "",
        ),
        Stat(
            label="Tokens",
            value=formats.count(now.input_tokens + now.output_tokens),
            note=f"{formats.count(now.input_tokens)} in, {formats.count(now.output_tokens)} out"
            + (f", {formats.percent(now.cache_read_tokens / now.input_tokens)} cached" if now.cache_read_tokens else ""),
        ),
        _slower("Latency p50", now.duration.p50, before.duration.p50),
        _slower("Latency p95", now.duration.p95, before.duration.p95),
        _slower("First token p50", now.ttft.p50, before.ttft.p50),
        Stat(
            label="Failed",
            value=formats.percent(failed),
            change=_points(failed, failed_before),
            tone=_tone(failed, failed_before),
            note=f"{formats.count(now.errors)} calls",
            query="status=error",
        ),
        Stat(
            label="Guarded",
            value=formats.count(now.flagged + now.masked + now.stopped),
            note=f"{formats.count(now.stopped)} blocked, {formats.count(now.masked)} masked",
            query="guard=block" if now.stopped else "",
        ),
    ]  # fmt: skip


def figures(chosen: TimeRange, course: dict[int, Traffic]) -> dict[str, charts.Figure | None]:
    """Return the figures that the course of traffic makes; None where there is nothing to draw."""
    points = [course.get(int(at.timestamp())) for at in chosen.buckets()]
    if not course:
        return dict.fromkeys(("traffic", "latency", "ttft", "errors", "guards"))
    statuses = {status: [_of(point, status) for point in points] for status in STATUSES}
    actions = {
        "flag": [point.flagged if point else 0 for point in points],
        "mask": [point.masked if point else 0 for point in points],
        "block": [point.stopped if point else 0 for point in points],
    }
    ttft = _quantiles([point.ttft if point else None for point in points])
    return {
        "traffic": charts.traffic(chosen, {name: calls for name, calls in statuses.items() if any(calls)}),
        "latency": charts.latency(chosen, _quantiles([point.duration if point else None for point in points])),
        "ttft": charts.latency(chosen, ttft) if _is_measured(ttft) else None,
        "errors": charts.error_rate(
            chosen, [_rate(point.errors, point.calls) if point else None for point in points]
        ),
        "guards": charts.guard_actions(chosen, {name: calls for name, calls in actions.items() if any(calls)})
        if any(any(calls) for calls in actions.values())
        else None,
    }  # fmt: skip


def cost_figure(
    chosen: TimeRange, course: dict[str, dict[int, Any]], names: Sequence[str], *, parameter: str
) -> charts.Figure | None:
    """Return cost over time by the given names, in their order, the others last."""
    starts = [int(at.timestamp()) for at in chosen.buckets()]
    by_name = {
        name: [course[name].get(start, 0) for start in starts]
        for name in (*names, charts.OTHERS)
        if name in course
    }
    if not any(any(values) for values in by_name.values()):
        return None
    return charts.cost(chosen, by_name, parameter=parameter)


def _of(point: Traffic | None, status: str) -> int:
    if point is None:
        return 0
    return {"ok": point.ok, "blocked": point.blocked, "error": point.errors, "aborted": point.aborted}[status]


def _quantiles(points: Sequence[Quantiles | None]) -> dict[str, Sequence[float | None]]:
    return {
        "p50": [point.p50 if point else None for point in points],
        "p95": [point.p95 if point else None for point in points],
        "p99": [point.p99 if point else None for point in points],
    }


def _is_measured(quantiles: dict[str, Sequence[float | None]]) -> bool:
    return any(value is not None for values in quantiles.values() for value in values)


def _is_unknown(traffic: Traffic) -> bool:
    return bool(traffic.unpriced) and traffic.unpriced == traffic.ok + traffic.aborted


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _change(now: float, before: float) -> str:
    if not before:
        return ""
    ratio = now / before - 1
    if abs(ratio) < 0.005:
        return "unchanged"
    if ratio >= 9:
        return f"{ratio + 1:.0f} times as many"
    return f"{'+' if ratio > 0 else '−'}{formats.percent(abs(ratio))}"


def _points(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return ""
    points = (now - before) * 100
    if abs(points) < 0.05:
        return "unchanged"
    return f"{'+' if points > 0 else '−'}{abs(points):.1f} points"


def _tone(now: float | None, before: float | None, *, threshold: float = 0.005) -> str:
    """Fewer is better; a change too small to matter is neither."""
    if now is None or before is None or abs(now - before) < threshold:
        return ""
    return "worse" if now > before else "better"


def _slower(label: str, now: float | None, before: float | None) -> Stat:
    tone = "" if not before else _tone(now, before, threshold=before * 0.05)
    change = _change(now, before) if now is not None and before else ""
    return Stat(label=label, value=formats.duration(now), change=change, tone=tone)
