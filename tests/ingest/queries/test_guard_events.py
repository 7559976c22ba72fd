"""Verdicts are listed, counted and summed up, each once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.queries.guard_events import (
    GuardEventFilters,
    events_of_trace,
    guard_counts,
    guard_summaries,
    newest_events,
)
from ingest.writer import write
from tests.makers import HOUR, NOON, make_event

BOUNDS: dict[str, Any] = {"since": NOON - HOUR, "until": NOON + HOUR}


def test_another_project_sees_no_verdict(clickhouse: Client) -> None:
    event = make_event(uuid.uuid4())
    write(clickhouse, [event], token=uuid.uuid4().hex)

    stranger = uuid.uuid4()
    assert events_of_trace(clickhouse, project_id=stranger, trace_id=event.trace_id) == []
    assert newest_events(clickhouse, project_id=stranger, filters=GuardEventFilters(**BOUNDS)) == []
    assert guard_counts(clickhouse, project_id=stranger, **BOUNDS) == []
    assert guard_summaries(clickhouse, project_id=stranger, **BOUNDS) == []


def test_a_verdict_comes_back_with_what_was_found_but_not_the_text(clickhouse: Client) -> None:
    event = make_event(uuid.uuid4(), entities={"EMAIL_ADDRESS": 2, "PERSON": 1}, is_shadow=True)
    write(clickhouse, [event], token=uuid.uuid4().hex)

    (found,) = events_of_trace(clickhouse, project_id=event.project_id, trace_id=event.trace_id)
    assert (found.at, found.guard, found.action, found.is_shadow) == (NOON, "personal data", "mask", True)
    assert found.entities == {"EMAIL_ADDRESS": 2, "PERSON": 1}
    assert found.score == pytest.approx(0.9)


def test_verdicts_delivered_twice_are_counted_once(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    events = [
        make_event(project_id),
        make_event(project_id, action="block"),
        make_event(project_id, error="timeout"),
    ]
    write(clickhouse, events, token=uuid.uuid4().hex)
    write(clickhouse, events, token=uuid.uuid4().hex)

    counts = guard_counts(clickhouse, project_id=project_id, **BOUNDS)
    assert [(c.hour, c.action, c.events, c.failures) for c in counts] == [
        (NOON, "block", 1, 0),
        (NOON, "mask", 2, 1),
    ]
    (summary,) = guard_summaries(clickhouse, project_id=project_id, **BOUNDS)
    assert (summary.events, summary.masked, summary.blocked, summary.failures) == (3, 2, 1, 1)
    assert summary.p50_us == 800


def test_pages_meet_without_gap_or_overlap(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [make_event(project_id, at=NOON + timedelta(microseconds=n // 4)) for n in range(8)]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    seen: list[uuid.UUID] = []
    before = None
    for _ in range(4):
        page = newest_events(
            clickhouse, project_id=project_id, filters=GuardEventFilters(**BOUNDS), before=before, limit=2
        )
        seen += [event.id for event in page]
        before = (page[-1].at, page[-1].id)

    assert len(set(seen)) == 8


@pytest.mark.parametrize(
    ("filters", "changes"),
    [
        ({"guard": "words"}, {"guard": "words"}),
        ({"guard_kind": "pattern"}, {"guard_kind": "pattern"}),
        ({"action": "block"}, {"action": "block"}),
        ({"place": "answer"}, {"place": "answer"}),
        ({"environment": "staging"}, {"environment": "staging"}),
        ({"only_findings": True}, {"action": "allow", "error": "timeout"}),
    ],
)
def test_each_filter_keeps_what_it_asks_for(
    clickhouse: Client, filters: dict[str, Any], changes: dict[str, Any]
) -> None:
    project_id = uuid.uuid4()
    wanted = make_event(project_id, **changes)
    ordinary = make_event(project_id, action="allow")
    write(clickhouse, [ordinary, wanted], token=uuid.uuid4().hex)

    found = newest_events(clickhouse, project_id=project_id, filters=GuardEventFilters(**BOUNDS | filters))
    assert [event.id for event in found] == [wanted.id]
