"""Any span may bring its trace onto the list; the trace stands there once."""

import uuid
from dataclasses import replace
from datetime import timedelta

from ingest.clickhouse.client import Client
from ingest.queries.listing import Wanted, page
from ingest.records import Span
from ingest.writer import write
from tests.makers import NOON, make_span, span_id

ALL = Wanted(start=NOON - timedelta(days=30), end=NOON + timedelta(days=1))


def _agent(project_id: uuid.UUID, *, hours_ago: float, model: str = "mini") -> list[Span]:
    """Return an agent's trace: a root without a model, and three calls within the next hour."""
    at = NOON - timedelta(hours=hours_ago)
    root = make_span(
        project_id, at=at, kind="agent", source="otlp", model="", name=f"{hours_ago:g} hours ago"
    )
    calls = [
        make_span(
            project_id,
            at=at + timedelta(minutes=20 * n),
            trace_id=root.trace_id,
            parent_span_id=root.span_id,
            source="otlp",
            model=model,
        )
        for n in range(1, 4)
    ]
    return [root, *calls]


def test_a_trace_whose_root_is_kept_elsewhere_is_listed_whoever_sent_it(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    span = make_span(project_id, parent_span_id=span_id(), source="otlp", name="orphan")
    write(clickhouse, [span], token=uuid.uuid4().hex)

    assert [row.name for row in page(clickhouse, project_id=project_id, wanted=ALL).rows] == ["orphan"]


def test_an_agent_is_found_by_the_model_its_calls_used(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    wanted, other = _agent(project_id, hours_ago=1), _agent(project_id, hours_ago=2, model="large")
    write(clickhouse, [*wanted, *other], token=uuid.uuid4().hex)

    found = page(clickhouse, project_id=project_id, wanted=replace(ALL, model="mini")).rows

    assert [(row.name, row.spans, row.models) for row in found] == [("1 hours ago", 4, ("mini",))]


def test_traces_that_overlap_appear_once_each_however_far_back_and_however_small_the_pages(
    clickhouse: Client,
) -> None:
    project_id = uuid.uuid4()
    hours = [0.2, 0.5, 0.9, 1.1, 3, 7.5, 8.5, 30, 63.5, 65, 500, 600]
    spans = [span for ago in hours for span in _agent(project_id, hours_ago=ago)]
    write(clickhouse, spans, token=uuid.uuid4().hex)

    for wanted in (ALL, replace(ALL, model="mini")):
        names: list[str] = []
        cursor = ""
        for _ in range(4):
            found = page(clickhouse, project_id=project_id, wanted=wanted, cursor=cursor, limit=3)
            names += [row.name for row in found.rows]
            cursor = found.next_cursor
        assert names == [f"{ago:g} hours ago" for ago in hours]
        assert cursor == ""


def test_a_trace_under_way_before_the_range_shows_where_the_range_meets_it(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    write(clickhouse, _agent(project_id, hours_ago=1), token=uuid.uuid4().hex)

    wanted = replace(ALL, start=NOON - timedelta(minutes=30))
    (row,) = page(clickhouse, project_id=project_id, wanted=wanted).rows

    assert (row.name, row.spans) == ("1 hours ago", 4)
