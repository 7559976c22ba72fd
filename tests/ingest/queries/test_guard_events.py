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
    permitted_calls,
)
from ingest.records import decode, encode
from ingest.writer import write
from tests.makers import HOUR, NOON, make_event, make_verdicts

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
    token = uuid.uuid4().hex
    write(clickhouse, events, token=token)
    write(clickhouse, events, token=token)

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


def test_what_several_guards_decided_at_once_becomes_a_row_each(clickhouse: Client) -> None:
    decided = [
        {"guard": "secrets", "kind": "secrets", "place": "user", "action": "allow", "reason": "not kept"},
        {
            "guard": "personal data",
            "kind": "pii",
            "place": "answer",
            "action": "mask",
            "entities": {"EMAIL_ADDRESS": 2},
            "entity_scores": {"EMAIL_ADDRESS": 0.75},
            "score": 0.75,
            "held_us": 1_200,
            "canary": "shadow",
        },
    ]
    said = make_verdicts(uuid.uuid4(), decisions=decided, api_key_id=uuid.UUID(int=5))
    write(clickhouse, [decode(encode(said))], token=uuid.uuid4().hex)

    masked, allowed = events_of_trace(clickhouse, project_id=said.project_id, trace_id=said.trace_id)
    assert (allowed.guard, allowed.action, allowed.entities, allowed.held_us) == (
        "secrets",
        "allow",
        {},
        None,
    )
    assert (masked.place, masked.entity_scores, masked.score) == ("answer", {"EMAIL_ADDRESS": 0.75}, 0.75)
    assert (masked.held_us, masked.canary, masked.api_key_id) == (1_200, "shadow", uuid.UUID(int=5))
    assert {allowed.id, masked.id} == {said.id, uuid.UUID(int=said.id.int + 1)}
    (busiest, _) = guard_summaries(clickhouse, project_id=said.project_id, **BOUNDS)
    assert (busiest.guard, busiest.events, busiest.found) == ("personal data", 1, 1)


def test_calls_that_a_person_let_pass_are_counted_by_the_escalation(clickhouse: Client) -> None:
    project_id, allowed, other = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    held = {"fingerprints": ["a1", "b2"], "escalation_id": str(allowed)}
    decision = {"guard": "cards", "kind": "pattern", "place": "user", "action": "allow", "held": held}
    calls = [
        make_verdicts(project_id, decisions=[decision, decision | {"place": "history"}]) for _ in range(2)
    ]
    write(clickhouse, [decode(encode(each)) for each in calls], token=uuid.uuid4().hex)

    (found, *_) = newest_events(clickhouse, project_id=project_id, filters=GuardEventFilters(**BOUNDS))
    counted = permitted_calls(
        clickhouse, project_id=project_id, since=BOUNDS["since"], escalation_ids=[allowed, other]
    )

    assert (found.fingerprints, found.escalation_id) == (["a1", "b2"], allowed)
    assert {key: calls for key, (calls, _) in counted.items()} == {allowed: 2}
