"""A page of traces: each trace once, newest first, summed, scored, found by its words, and nobody else's."""

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.queries.listing import CursorError, Page, Wanted, facets, page
from ingest.records import NO_USAGE, Price, PricedSpan, Record, Span, Usage
from ingest.writer import write
from tests.makers import HOUR, NOON, make_event, make_score, make_span, span_id, trace_id

ALL = Wanted(start=NOON - HOUR, end=NOON + HOUR)


def stored(client: Client, *records: Record | PricedSpan) -> None:
    write(client, list(records), token=uuid.uuid4().hex)


def agent_of(project_id: uuid.UUID, **changes: Any) -> tuple[Span, Span, Span]:
    trace, root = trace_id(), span_id()
    common = {"trace_id": trace, "source": "otlp"} | changes
    return (
        make_span(project_id, span_id=root, kind="agent", name="agent", usage=Usage(input_tokens=777, source="reported"), **common),
        make_span(project_id, parent_span_id=root, at=NOON + timedelta(seconds=1), **common),
        make_span(project_id, parent_span_id=root, at=NOON + timedelta(seconds=2), kind="tool", name="look", status="error", usage=NO_USAGE, model="", **common),
    )  # fmt: skip


def names(found: Page) -> list[str]:
    return [row.name for row in found.rows]


def test_a_trace_is_one_row_with_the_sums_of_its_calls(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    root, call, tool = agent_of(project_id)
    cost = Price(
        cost_usd=Decimal("0.125"),
        input_cost_usd=Decimal("0.125"),
        output_cost_usd=Decimal(0),
        source="reported",
    )
    stored(clickhouse, root, PricedSpan(span=call, price=cost), tool)

    [row] = page(clickhouse, project_id=project_id, wanted=ALL).rows

    assert (row.name, row.spans, row.errors, row.calls) == ("agent", 3, 1, 1)
    assert (row.input_tokens, row.output_tokens, row.cost_usd, row.unpriced) == (100, 20, Decimal("0.125"), 0)
    assert row.models == ("gpt-4o",)


def test_an_unpriced_call_leaves_the_cost_unknown(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    stored(clickhouse, *agent_of(project_id))

    [row] = page(clickhouse, project_id=project_id, wanted=ALL).rows

    assert (row.cost_usd, row.unpriced) == (None, 1)


def test_a_call_whose_root_is_traced_elsewhere_stands_for_its_trace_once(clickhouse: Client) -> None:
    project_id, trace = uuid.uuid4(), trace_id()
    calls = [
        make_span(
            project_id,
            trace_id=trace,
            parent_span_id=span_id(),
            at=NOON + timedelta(seconds=n),
            name=f"call {n}",
        )
        for n in range(3)
    ]
    stored(clickhouse, *calls)

    [row] = page(clickhouse, project_id=project_id, wanted=ALL).rows

    assert (row.name, row.spans, row.input_tokens) == ("call 0", 3, 300)
    assert row.duration_us == 3_500_000


def test_pages_follow_one_another_without_gap_or_repeat(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    at_once = [make_span(project_id, name=f"{n}") for n in range(7)]
    stored(clickhouse, *at_once, *agent_of(project_id))

    seen, cursor = [], ""
    for _ in range(3):
        found = page(clickhouse, project_id=project_id, wanted=ALL, cursor=cursor, limit=3)
        seen += names(found)
        cursor = found.next_cursor

    assert len(seen) == 8
    assert sorted(seen) == [*"0123456", "agent"]
    assert cursor == ""


def test_calls_of_agents_do_not_crowd_out_the_traces(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    root = make_span(project_id, kind="agent", name="agent", source="otlp")
    calls = [
        make_span(
            project_id, trace_id=root.trace_id, parent_span_id=root.span_id, at=NOON + timedelta(seconds=n)
        )
        for n in range(30)
    ]
    stored(clickhouse, root, *calls)

    found = page(clickhouse, project_id=project_id, wanted=ALL, limit=10)

    assert names(found) == ["agent"]
    assert found.rows[0].spans == 31


def test_calls_are_listed_wherever_they_stand(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    _, call, _ = spans = agent_of(project_id)
    stored(clickhouse, *spans)

    found = page(clickhouse, project_id=project_id, wanted=replace(ALL, calls_only=True))

    assert [row.span_id for row in found.rows] == [call.span_id]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"environment": "staging"}, 1),
        ({"status": "error"}, 1),
        ({"model": "mini"}, 1),
        ({"user_id": "ada"}, 1),
        ({"session_id": "s1"}, 1),
        ({"feature": "chat"}, 1),
        ({"guard_action": "mask"}, 1),
        ({"tag": "beta"}, 1),
        ({"min_duration_us": 5_000_000}, 1),
        ({"is_unpriced": True}, 2),
        ({"min_cost_usd": Decimal("0.1")}, 1),
        ({"name": "'; DROP TABLE spans --"}, 0),
        ({"text": "lighthouse keeper"}, 1),
        ({"text": "KEEPER"}, 1),
        ({"text": "Zürich"}, 1),
        ({"text": "%"}, 0),
        ({"text": "keeper nowhere"}, 0),
    ],
)
def test_filters_narrow_the_list(clickhouse: Client, wanted: dict[str, Any], count: int) -> None:
    project_id = uuid.uuid4()
    said = [{"role": "user", "content": "Who is the lighthouse keeper of Zürich?"}]
    cost = Price(
        cost_usd=Decimal("0.125"),
        input_cost_usd=Decimal("0.125"),
        output_cost_usd=Decimal(0),
        source="reported",
    )
    stored(
        clickhouse,
        make_span(project_id, environment="staging", model="mini", user_id="ada", session_id="s1", feature="chat",
                  guard_action="mask", tags=("beta",), duration_us=9_000_000, input_messages=said),
        PricedSpan(span=make_span(project_id), price=cost),
        make_span(project_id, status="error", usage=NO_USAGE),
        make_span(project_id),
    )  # fmt: skip

    assert len(page(clickhouse, project_id=project_id, wanted=replace(ALL, **wanted)).rows) == count


def test_scores_and_the_strongest_guard_stand_beside_their_trace(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    span = make_span(project_id, guard_action="mask")
    older = make_score(project_id, trace_id=span.trace_id, name="polite", value=0.1)
    newer = replace(older, value=0.9, scored_at_us=older.scored_at_us + 1)
    stored(clickhouse, span, older, make_event(project_id, trace_id=span.trace_id))
    stored(clickhouse, newer)

    [row] = page(clickhouse, project_id=project_id, wanted=ALL).rows

    assert [(score.name, score.value) for score in row.scores] == [("polite", 0.9)]
    assert row.guard_action == "mask"


def test_another_project_lists_nothing_of_ours(clickhouse: Client) -> None:
    stored(clickhouse, make_span(uuid.uuid4()))

    assert page(clickhouse, project_id=uuid.uuid4(), wanted=ALL).rows == ()


@pytest.mark.parametrize("cursor", ["x", "1-zz", "99999999999999999-a", "1-a' OR 1=1", "-"])
def test_a_cursor_of_ones_own_making_is_refused(clickhouse: Client, cursor: str) -> None:
    with pytest.raises(CursorError, match="not a cursor"):
        page(clickhouse, project_id=uuid.uuid4(), wanted=ALL, cursor=cursor)


def test_facets_count_the_values_of_what_is_listed(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    stored(
        clickhouse,
        make_span(project_id),
        make_span(project_id, model="mini"),
        make_span(project_id, status="error"),
    )

    found = {
        facet.column: dict(facet.counts) for facet in facets(clickhouse, project_id=project_id, wanted=ALL)
    }

    assert found["model"] == {"gpt-4o": 2, "mini": 1}
    assert found["status"] == {"ok": 2, "error": 1}
    assert "feature" not in found
