"""Spans are read by the project they belong to, in order, page by page."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.queries.spans import SpanFilters, newest_spans, span_detail, spans_of_trace
from ingest.writer import write
from tests.makers import HOUR, NOON, make_priced, make_span

ALL = SpanFilters(since=NOON - HOUR, until=NOON + HOUR)


def test_another_project_sees_neither_trace_nor_span(clickhouse: Client) -> None:
    span = make_span(uuid.uuid4())
    write(clickhouse, [span], token=uuid.uuid4().hex)

    stranger = uuid.uuid4()
    assert spans_of_trace(clickhouse, project_id=stranger, trace_id=span.trace_id) == []
    assert span_detail(clickhouse, project_id=stranger, trace_id=span.trace_id, span_id=span.span_id) is None
    assert newest_spans(clickhouse, project_id=stranger, filters=ALL) == []


def test_two_projects_with_the_same_trace_id_keep_their_own_messages(clickhouse: Client) -> None:
    ours, theirs = uuid.uuid4(), uuid.uuid4()
    span = make_span(ours)
    other = make_span(
        theirs,
        trace_id=span.trace_id,
        span_id=span.span_id,
        input_messages=[{"role": "user", "content": "a secret"}],
    )
    write(clickhouse, [span, other], token=uuid.uuid4().hex)

    found = span_detail(clickhouse, project_id=ours, trace_id=span.trace_id, span_id=span.span_id)
    assert found is not None
    assert list(found.input_messages) == span.input_messages


def test_a_span_delivered_twice_is_read_once(clickhouse: Client) -> None:
    span = make_span(uuid.uuid4())
    write(clickhouse, [span], token=uuid.uuid4().hex)
    write(clickhouse, [span], token=uuid.uuid4().hex)

    assert len(spans_of_trace(clickhouse, project_id=span.project_id, trace_id=span.trace_id)) == 1
    assert len(newest_spans(clickhouse, project_id=span.project_id, filters=ALL)) == 1


def test_spans_of_a_trace_come_in_the_order_in_which_they_began(clickhouse: Client) -> None:
    project_id, trace = uuid.uuid4(), uuid.uuid4().hex
    later = make_span(project_id, trace_id=trace, at=NOON + timedelta(microseconds=1), name="later")
    first = make_span(project_id, trace_id=trace, name="first")
    month = make_span(project_id, trace_id=trace, at=NOON + timedelta(days=40), name="next month")
    write(clickhouse, [later, month, first], token=uuid.uuid4().hex)

    names = [span.name for span in spans_of_trace(clickhouse, project_id=project_id, trace_id=trace)]
    assert names == ["first", "later", "next month"]


def test_pages_meet_without_gap_or_overlap_even_where_spans_began_at_once(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [make_span(project_id, at=NOON + timedelta(microseconds=n // 3)) for n in range(10)]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    seen: list[str] = []
    before = None
    for _ in range(4):
        page = newest_spans(clickhouse, project_id=project_id, filters=ALL, before=before, limit=3)
        seen += [span.span_id for span in page]
        before = (page[-1].start_time, page[-1].span_id)

    newest_first = sorted(batch, key=lambda span: (span.start_time_us, span.span_id), reverse=True)
    assert seen == [span.span_id for span in newest_first]


@pytest.mark.parametrize(
    ("filters", "changes"),
    [
        ({"kind": "tool"}, {"kind": "tool"}),
        ({"status": "error"}, {"status": "error"}),
        ({"environment": "staging"}, {"environment": "staging"}),
        ({"provider": "anthropic"}, {"provider": "anthropic"}),
        ({"model": "o'; DROP TABLE spans"}, {"model": "o'; DROP TABLE spans"}),
        ({"user_id": "☃ \\' \t"}, {"user_id": "☃ \\' \t"}),
        ({"session_id": "s"}, {"session_id": "s"}),
        ({"feature": "search"}, {"feature": "search"}),
        ({"prompt_name": "p", "prompt_version": "2"}, {"prompt_name": "p", "prompt_version": "2"}),
        ({"guard_action": "block"}, {"guard_action": "block"}),
        ({"tag": "vip"}, {"tags": ("beta", "vip")}),
    ],
)
def test_each_filter_keeps_what_it_asks_for(
    clickhouse: Client, filters: dict[str, Any], changes: dict[str, Any]
) -> None:
    project_id = uuid.uuid4()
    wanted = make_priced(project_id, **changes)
    write(clickhouse, [make_span(project_id), wanted], token=uuid.uuid4().hex)

    found = newest_spans(clickhouse, project_id=project_id, filters=replace(ALL, **filters))
    assert [span.span_id for span in found] == [wanted.span.span_id]


def test_messages_that_were_deleted_leave_their_roles(clickhouse: Client) -> None:
    span = make_span(uuid.uuid4())
    write(clickhouse, [span], token=uuid.uuid4().hex)
    clickhouse.command("DELETE FROM messages WHERE project_id = {p:UUID}", {"p": span.project_id})

    found = span_detail(
        clickhouse, project_id=span.project_id, trace_id=span.trace_id, span_id=span.span_id, around=NOON
    )
    assert found is not None
    assert [message["role"] for message in found.input_messages] == ["system", "user"]
    assert [message["content"] for message in found.input_messages] == [None, None]
