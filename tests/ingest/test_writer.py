"""Batches are stored whole and once, whatever is in them and however often they are sent."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ingest import rows
from ingest.clickhouse.client import Client
from ingest.messages import SeenMessages
from ingest.queries.scores import scores_of_trace
from ingest.queries.spans import span_detail, spans_of_trace
from ingest.records import PricedSpan, Record, Span, Usage
from ingest.rows import Table
from ingest.writer import write, write_scores
from tests.makers import HOUR, NOON, make_event, make_priced, make_score, make_span

COLUMNS = """
SELECT name, type
FROM system.columns
WHERE database = currentDatabase() AND table = {table:String}
ORDER BY position
"""

ROLLUPS = """
SELECT
    (SELECT (count(), sum(cost_usd)) FROM spans WHERE project_id = {project_id:UUID}),
    (SELECT (sum(spans), sum(cost_usd)) FROM usage_by_hour WHERE project_id = {project_id:UUID}),
    (SELECT (sum(calls), sum(cost_usd)) FROM usage_by_user WHERE project_id = {project_id:UUID}),
    (SELECT sum(observations) FROM sketches WHERE project_id = {project_id:UUID} AND series = 'latency_ms'),
    (SELECT count() FROM messages WHERE project_id = {project_id:UUID})
"""


@pytest.mark.parametrize("table", [rows.SPANS, rows.MESSAGES, rows.SCORES, rows.GUARD_EVENTS])
def test_the_columns_written_are_the_columns_of_the_table(clickhouse: Client, table: Table) -> None:
    found = clickhouse.query(COLUMNS, {"table": table.name}).result_rows

    assert sorted(table.columns) == sorted((name, kind) for name, kind in found)


def test_a_batch_sent_three_times_over_four_months_counts_once_everywhere(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [
        make_priced(project_id, cost="0.000000001", at=NOON + timedelta(days=10 * n), user_id=f"u{n % 3}")
        for n in range(12)
    ]
    token = uuid.uuid4().hex

    for _ in range(3):
        write(clickhouse, batch, token=token)

    found = clickhouse.query(ROLLUPS, {"project_id": project_id}).result_rows[0]
    exactly = (12, Decimal("0.000000012"))
    assert found == (exactly, exactly, exactly, 12, 36)


def test_a_history_that_grows_turn_by_turn_is_stored_once(clickhouse: Client) -> None:
    project_id, trace = uuid.uuid4(), uuid.uuid4().hex
    history = [{"role": "user", "content": f"turn {n}"} for n in range(10)]
    seen = SeenMessages()

    for n in range(1, 11):
        span = make_span(project_id, trace_id=trace, input_messages=history[:n], output_messages=[])
        write(clickhouse, [span], token=uuid.uuid4().hex, seen=seen)

    stored = clickhouse.query(
        "SELECT count() FROM messages WHERE project_id = {p:UUID}", {"p": project_id}
    ).result_rows
    assert stored == [(10,)]


def test_a_span_comes_back_with_every_field_and_both_message_lists(clickhouse: Client) -> None:
    project_id, key_id = uuid.uuid4(), uuid.uuid4()
    priced = make_priced(
        project_id,
        api_key_id=key_id,
        tags=("a", "b"),
        attributes={"k": "v"},
        is_streamed=True,
        http_status=200,
        usage=Usage(input_tokens=7, output_tokens=3, cache_read_tokens=2, source="reported", raw={"x": 1}),
    )
    write(clickhouse, [priced], token=uuid.uuid4().hex)

    span = priced.span
    found = span_detail(clickhouse, project_id=project_id, trace_id=span.trace_id, span_id=span.span_id)
    assert found is not None
    assert found.start_time == NOON
    assert (found.duration_us, found.ttft_us, found.is_streamed, found.http_status) == (
        1_500_000,
        200_000,
        True,
        200,
    )
    assert (found.input_tokens, found.output_tokens, found.cache_read_tokens) == (7, 3, 2)
    assert (found.cache_write_tokens, found.reasoning_tokens) == (None, None)
    assert found.cost_usd == Decimal("0.00045")
    assert (found.tags, dict(found.attributes), found.api_key_id) == (("a", "b"), {"k": "v"}, key_id)
    assert found.usage_raw == {"x": 1}
    assert found.unit_prices == {"input_mtok": "2.5", "output_mtok": "10"}
    assert found.request == {"temperature": 0.5}
    assert list(found.input_messages) == span.input_messages
    assert list(found.output_messages) == span.output_messages
    assert (found.input_preview, found.output_preview) == ("What is the capital of France?", "Paris.")


def test_an_unknown_cost_is_null_and_a_free_call_is_zero(clickhouse: Client) -> None:
    project_id, trace = uuid.uuid4(), uuid.uuid4().hex
    batch = [
        make_priced(project_id, cost=None, trace_id=trace),
        make_priced(project_id, cost="0", trace_id=trace, at=NOON + HOUR),
    ]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    found = spans_of_trace(clickhouse, project_id=project_id, trace_id=trace)
    assert [span.cost_usd for span in found] == [None, Decimal(0)]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "lone \ud800 surrogate", "tags": ("\udfff",), "attributes": {"\ud800": "\ud800"}},
        {"duration_us": 2**80, "ttft_us": -5, "http_status": 70_000, "attempts": 999},
        {"start_time_us": -1},
        {"start_time_us": 2**62},
        {"usage": Usage(input_tokens=2**70, output_tokens=-1)},
        {"name": "", "trace_id": "", "span_id": ""},
        {"name": "nul \0 byte", "user_id": "☃" * 500},
        {"input_messages": [{"role": "user", "content": "\ud800"}], "request": {"seed": 2**70}},
        {"input_messages": [{}], "output_messages": [{"role": None, "content": {"a": [1, 2.5, None]}}]},
    ],
)
def test_what_clickhouse_cannot_hold_is_made_to_fit(clickhouse: Client, changes: dict[str, Any]) -> None:
    project_id = uuid.uuid4()

    write(clickhouse, [make_span(project_id, **changes)], token=uuid.uuid4().hex)

    stored = clickhouse.query("SELECT count() FROM spans WHERE project_id = {p:UUID}", {"p": project_id})
    assert stored.result_rows == [(1,)]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ([{"role": "assistant", "content": "I'm sorry, but I can't help with that."}], True),
        ([{"role": "assistant", "content": None, "refusal": "No."}], True),
        ([{"role": "assistant", "content": "Paris."}], False),
        ([], False),
    ],
)
def test_a_refusal_is_marked_when_it_is_written(output: list[dict[str, object]], expected: bool) -> None:
    prepared = rows.prepare(make_span(uuid.uuid4(), output_messages=output), None)
    columns = dict(
        zip(
            (name for name, _ in rows.SPANS.columns),
            rows.span_columns([prepared], ingested_at_ms=0),
            strict=True,
        )
    )

    assert columns["is_refusal"] == [expected]


def test_all_kinds_of_records_travel_in_one_batch(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch: list[Record | PricedSpan] = [
        make_span(project_id),
        make_event(project_id),
        make_score(project_id),
        make_priced(project_id),
    ]

    write(clickhouse, batch, token=uuid.uuid4().hex)

    counts = [
        clickhouse.query(f"SELECT count() FROM {table} WHERE project_id = {{p:UUID}}", {"p": project_id})
        for table in ("spans", "guard_events", "scores")
    ]
    assert [count.result_rows[0][0] for count in counts] == [2, 1, 1]


def test_an_empty_batch_writes_nothing(clickhouse: Client) -> None:
    write(clickhouse, [], token="empty")


def test_a_score_given_again_replaces_itself(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    score = make_score(project_id)
    changed = make_score(
        project_id,
        id=score.id,
        trace_id=score.trace_id,
        value=float("nan"),
        scored_at_us=score.scored_at_us + 1,
    )

    write_scores(clickhouse, [score])
    write_scores(clickhouse, [score])
    write_scores(clickhouse, [changed])

    found = scores_of_trace(clickhouse, project_id=project_id, trace_id=score.trace_id)
    assert [(row.id, row.value) for row in found] == [(score.id, None)]


def test_the_partition_named_in_the_token_is_the_one_clickhouse_uses(clickhouse: Client) -> None:
    times = [0, 946_684_800_000_000, 1_709_251_199_999_999, 1_709_251_200_000_000, 1_735_689_599_999_999]

    found = clickhouse.query(
        "SELECT toYYYYMM(fromUnixTimestamp64Micro(arrayJoin({t:Array(Int64)}), 'UTC'))", {"t": times}
    ).result_rows
    assert [rows.month_of(at) for at in times] == [row[0] for row in found]


def test_spans_without_a_price_are_taken_as_they_are(clickhouse: Client) -> None:
    span: Span = make_span(uuid.uuid4())

    write(clickhouse, [span], token=uuid.uuid4().hex)

    assert len(spans_of_trace(clickhouse, project_id=span.project_id, trace_id=span.trace_id)) == 1
