"""Figures are data that Plotly accepts, with names that cannot become markup."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest
from django.conf import settings
from django.http import QueryDict

from console.dashboards import charts
from console.ranges import TimeRange, parse_range

CHOSEN = parse_range(
    QueryDict("range=6h"), zone=ZoneInfo("Asia/Tokyo"), now=datetime(2026, 11, 21, 10, 2, tzinfo=UTC)
)
POINTS = len(list(CHOSEN.buckets()))


def figures(chosen: TimeRange) -> dict[str, charts.Figure]:
    count, cost, time = [3] * POINTS, [Decimal("0.25")] * POINTS, [1_500_000.0] * POINTS
    return {
        "traffic": charts.traffic(chosen, {"ok": count, "error": count}),
        "latency": charts.latency(chosen, {"p50": time, "p95": time, "p99": [None] * POINTS}),
        "cost": charts.cost(chosen, {"gpt-4o": cost, charts.OTHERS: cost}, parameter="model"),
        "errors": charts.error_rate(chosen, [0.5, None] * (POINTS // 2) + [0.5] * (POINTS % 2)),
        "guards": charts.guard_actions(chosen, {"mask": count}),
    }


def painted(part: Any) -> Any:
    """Do what the browser does: put colours in place of tokens."""
    return json.loads(re.sub(r'"--[a-z0-9-]+"', '"#123456"', json.dumps(part)))


@pytest.mark.parametrize("name", ["traffic", "latency", "cost", "errors", "guards"])
def test_a_figure_is_plain_json_that_plotly_accepts(name: str) -> None:
    figure = painted(figures(CHOSEN)[name])

    drawn = go.Figure(figure)
    assert len(drawn.data[0].x) == POINTS


@pytest.mark.parametrize("name", ["traffic", "latency", "cost", "errors", "guards"])
def test_every_colour_is_a_token_of_the_style_sheet(name: str) -> None:
    sheet = (settings.ROOT / "console/static/css/tokens.css").read_text()
    known = set(re.findall(r"^\s*(--[a-z0-9-]+):", sheet, re.MULTILINE))

    used = set(re.findall(r'"(--[a-z0-9-]+)"', json.dumps(figures(CHOSEN)[name])))
    assert used <= known


def test_times_are_those_of_the_projects_clock() -> None:
    first = figures(CHOSEN)["traffic"]["data"][0]["x"][0]

    assert datetime.fromisoformat(first) == CHOSEN.start.replace(tzinfo=None) + timedelta(hours=9)


def test_a_models_name_cannot_become_markup() -> None:
    hostile = '<a href="javascript:alert(1)">gpt</a>'
    figure = charts.cost(CHOSEN, {hostile: [Decimal(1)] * POINTS}, parameter="model")

    assert "<" not in figure["data"][0]["name"]


def test_a_long_name_is_cut_in_the_legend_and_whole_in_the_link() -> None:
    name = "a&model=" + "x" * 80
    [drawn] = charts.cost(CHOSEN, {name: [Decimal(1)] * POINTS}, parameter="model")["data"]

    assert len(unescape(drawn["name"])) == 24
    assert QueryDict(drawn["meta"])["model"] == name


def test_hover_says_what_the_tables_say() -> None:
    figure = figures(CHOSEN)

    assert figure["cost"]["data"][0]["customdata"][0] == "$0.250"
    assert figure["latency"]["data"][0]["customdata"][0] == "1.50 s"
    assert figure["latency"]["data"][0]["y"][0] == 1.5
    assert figure["latency"]["data"][2]["customdata"][0] == "–"
