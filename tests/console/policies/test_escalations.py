"""What a guard holds back for a person waits in a queue until somebody has decided."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.models import AuditEntry, Project, User
from console.gateway.publish import build
from console.policies.actions import save_policy
from console.policies.escalations import (
    EscalationError,
    claim,
    collect,
    decide,
    note_passed,
    release,
    revoke,
)
from console.policies.models import Escalation, Policy
from console.store import store
from guardrails.permits import Permit
from inference_proxy.snapshot import dump, parse
from ingest.writer import write
from tests.makers import make_event

QUEUE = "/p/lighthouse/guards/escalated/"


@pytest.fixture
def with_store(settings: Settings, clickhouse_url: str) -> Iterator[None]:
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()
    yield
    store().close()
    store.cache_clear()


def held(project: Project, **fields: object) -> Escalation:
    values = {
        "id": uuid.uuid4(), "project": project, "trace_id": "a" * 32, "span_id": "b" * 16, "at": datetime(2026, 3, 4, tzinfo=UTC),
        "policy_name": "Default", "policy_version": 2, "guard": "cards", "guard_kind": "pattern", "place": "user",
        "entities": {"CREDIT_CARD": 1},
    }  # fmt: skip
    return Escalation.objects.create(**values | fields)


PRINTS = ["ab" * 16]


def permits_of(project: Project) -> tuple[Permit, ...]:
    """What the proxy is told."""
    return parse(dump(build(version="1"))).projects[project.pk].permits


def test_events_become_rows_once(with_store: None, project: Project) -> None:
    now = datetime.now(UTC)
    events = [
        make_event(
            project.pk, at=now - timedelta(minutes=minutes), action=action, is_shadow=is_shadow, guard="cards"
        )
        for minutes, action, is_shadow in ((3, "escalate", False), (2, "escalate", True), (1, "block", False))
    ]
    write(store(), events, token=uuid.uuid4().hex)

    assert (collect(project), collect(project)) == (1, 0)
    [row] = Escalation.objects.filter(project=project)
    assert (row.pk, row.span_id, row.guard, row.entities, row.state) == (
        events[0].id, events[0].span_id, "cards", {"EMAIL_ADDRESS": 1}, "open",
    )  # fmt: skip


def test_an_escalation_is_claimed_once_and_decided_once(
    project: Project, owner: User, teammate: User
) -> None:
    row = held(project)

    claim(escalation=row, by=owner)
    with pytest.raises(EscalationError, match="somebody was faster: it is claimed"):
        claim(escalation=row, by=teammate)
    with pytest.raises(EscalationError, match=r"owner@example.com has claimed it"):
        decide(escalation=row, allow=True, by=teammate)
    decided = decide(escalation=row, allow=True, by=owner, note="a test card")
    with pytest.raises(EscalationError, match="decided before: it is allowed"):
        decide(escalation=row, allow=False, by=owner)

    assert (decided.state, decided.decided_by, decided.note) == ("allowed", owner, "a test card")
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="escalation").order_by("number")] == [
        "escalation.claimed", "escalation.allowed",
    ]  # fmt: skip
    assert "a test card" not in str(AuditEntry.objects.latest("number").details)


def test_what_is_put_back_is_open_again(project: Project, owner: User, teammate: User) -> None:
    row = held(project)
    claim(escalation=row, by=owner)

    assert release(escalation=row, by=teammate).state == "open"
    with pytest.raises(EscalationError, match="only what is claimed"):
        release(escalation=row, by=owner)


def test_the_page_leads_through_the_queue(with_store: None, owner_client: Client, project: Project) -> None:
    row = held(project)

    assert "cards" in owner_client.get(QUEUE).content.decode()
    assert "cards" in owner_client.get(f"{QUEUE}?reference={row.span_id.upper()}").content.decode()
    owner_client.post(f"{QUEUE}{row.pk}/change/", {"do": "claim"})
    owner_client.post(f"{QUEUE}{row.pk}/change/", {"do": "deny", "note": "a real card"})

    row.refresh_from_db()
    assert (row.state, row.note) == ("denied", "a real card")
    assert "Nobody waits" in owner_client.get(QUEUE).content.decode()
    assert "a real card" in owner_client.get(f"{QUEUE}{row.pk}/").content.decode()
    assert "No call has this reference" in owner_client.get(f"{QUEUE}?reference=ffff").content.decode()


@pytest.mark.parametrize("verb", ["", "explode", "allow", "release"])
def test_what_cannot_be_done_is_said(owner_client: Client, project: Project, verb: str) -> None:
    row = held(project, state=Escalation.State.DENIED)

    answer = owner_client.post(f"{QUEUE}{row.pk}/change/", {"do": verb}, follow=True)

    row.refresh_from_db()
    assert (answer.status_code, row.state) == (200, "denied")


def test_a_teammate_sees_the_queue_and_decides_nothing(
    with_store: None, teammate_client: Client, project: Project
) -> None:
    row = held(project)

    assert "Claim" not in teammate_client.get(f"{QUEUE}{row.pk}/").content.decode()
    assert teammate_client.post(f"{QUEUE}{row.pk}/change/", {"do": "claim"}).status_code == 404


def test_an_empty_queue_says_what_to_do_next(
    with_store: None, owner_client: Client, project: Project
) -> None:
    assert "No call was held back" in owner_client.get(QUEUE).content.decode()


def test_a_note_that_quotes_the_call_is_stored_as_the_policy_masks_it(
    with_store: None, owner_client: Client, project: Project, owner: User
) -> None:
    keys = {
        "name": "keys",
        "kind": "pattern",
        "action": "mask",
        "on_error": "block",
        "deadline_ms": 50,
        "places": ["user"],
        "parameters": {"patterns": ["aws_key"]},
    }
    policy = Policy.objects.get(project=project, is_active=True)
    save_policy(policy=policy, guards=[keys], by=owner)
    row = held(project)
    owner_client.post(f"{QUEUE}{row.pk}/change/", {"do": "deny", "note": "it held AKIAIOSFODNN7EXAMPLE"})

    row.refresh_from_db()
    assert row.state == "denied"
    assert "AKIA" not in row.note


def test_a_note_that_no_guard_can_look_at_changes_nothing(
    with_store: None, owner_client: Client, project: Project, owner: User, settings: Settings
) -> None:
    settings.GUARD_URL = "http://127.0.0.1:9"
    row = held(project)
    answer = owner_client.post(
        f"{QUEUE}{row.pk}/change/", {"do": "deny", "note": "mail ada@example.org"}, follow=True
    )

    row.refresh_from_db()
    assert (row.state, row.note) == ("open", "")
    assert "Nothing was changed" in answer.content.decode()


def test_what_is_allowed_reaches_the_proxy_and_what_is_revoked_leaves_it(
    project: Project, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    row = held(project, fingerprints=PRINTS)
    began = int(time.time())

    with django_capture_on_commit_callbacks() as published:
        allowed = decide(escalation=row, allow=True, by=owner, lasts=timedelta(hours=2), for_one_call=True)

    [permit] = permits_of(project)
    assert published
    assert (permit.escalation_id, permit.by, permit.is_once) == (row.pk, "owner@example.com", True)
    assert permit.fingerprints == tuple(PRINTS)
    assert permit.expires_at_s - began == pytest.approx(7_200, abs=30)
    assert allowed.passing == "passes"
    entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.details["once"]) == ("escalation.allowed", True)

    assert revoke(escalation=row, by=owner).passing == "revoked"
    assert permits_of(project) == ()
    assert AuditEntry.objects.latest("number").action == "escalation.revoked"
    with pytest.raises(EscalationError, match="nothing is let pass by it any more"):
        revoke(escalation=row, by=owner)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "denied"},
        {"allowed_until": datetime(2026, 1, 1, tzinfo=UTC)},
        {"is_for_one_call": True, "calls_passed": 1},
    ],
    ids=["denied", "expired", "used"],
)
def test_what_does_not_pass_any_more_is_no_permit(project: Project, fields: dict[str, Any]) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    held(project, **{"state": "allowed", "fingerprints": PRINTS, "allowed_until": soon} | fields)

    assert permits_of(project) == ()


def test_one_word_counts_for_every_guard_that_held_the_call(
    project: Project, owner: User, teammate: User
) -> None:
    cards = held(project, fingerprints=PRINTS)
    names = held(project, guard="names", fingerprints=["cd" * 16])
    held(project, span_id="c" * 16, fingerprints=["ef" * 16])

    claim(escalation=cards, by=owner)
    names.refresh_from_db()
    assert names.claimed_by == owner
    decide(escalation=names, allow=True, by=owner)

    assert {permit.escalation_id for permit in permits_of(project)} == {cards.pk, names.pk}


@pytest.mark.parametrize("lasts", [timedelta(seconds=5), timedelta(days=31)])
def test_a_call_is_allowed_for_a_minute_to_thirty_days(
    project: Project, owner: User, lasts: timedelta
) -> None:
    with pytest.raises(EscalationError, match="at least a minute and at most 30 days"):
        decide(escalation=held(project, fingerprints=PRINTS), allow=True, by=owner, lasts=lasts)


def test_what_came_as_a_trace_is_allowed_for_the_record(project: Project, owner: User) -> None:
    decided = decide(escalation=held(project), allow=True, by=owner)

    assert (decided.state, decided.passing, permits_of(project)) == ("allowed", "", ())


def test_calls_that_passed_are_counted(with_store: None, project: Project, owner: User) -> None:
    row = decide(escalation=held(project, fingerprints=PRINTS), allow=True, by=owner, for_one_call=True)
    at = datetime.now(UTC)
    events = [
        make_event(project.pk, at=at, action="allow", escalation_id=row.pk, span_id=span)
        for span in ("d" * 16, "d" * 16)
    ]
    write(store(), events, token=uuid.uuid4().hex)

    note_passed(project)

    row.refresh_from_db()
    assert (row.calls_passed, row.passing) == (1, "used")
    assert permits_of(project) == ()


def test_the_pages_let_pass_and_revoke(with_store: None, owner_client: Client, project: Project) -> None:
    row = held(project, fingerprints=PRINTS)
    assert "one call only" in owner_client.get(f"{QUEUE}{row.pk}/").content.decode()

    owner_client.post(f"{QUEUE}{row.pk}/change/", {"do": "allow", "lasts": "1440", "once": "on"})

    row.refresh_from_db()
    assert row.allowed_until is not None
    assert row.decided_at is not None
    assert (row.allowed_until - row.decided_at, row.is_for_one_call) == (timedelta(days=1), True)
    listed = owner_client.get(f"{QUEUE}?state=passing").content.decode()
    assert row.span_id in listed
    assert "Revoke" in owner_client.get(f"{QUEUE}{row.pk}/").content.decode()
    answer = owner_client.post(f"{QUEUE}{row.pk}/change/", {"do": "revoke", "from": "list"}, follow=True)
    assert "Nothing is let pass" in answer.content.decode()
    assert "revoked by" in owner_client.get(f"{QUEUE}{row.pk}/").content.decode()


@pytest.mark.parametrize("lasts", ["0", "-1", "43201", "x", "9" * 40])
def test_a_page_says_for_how_long_a_call_can_be_allowed(
    owner_client: Client, project: Project, lasts: str
) -> None:
    row = held(project, fingerprints=PRINTS)

    answer = owner_client.post(
        f"{QUEUE}{row.pk}/change/", {"do": "allow", "lasts": lasts, "note": ""}, follow=True
    )

    row.refresh_from_db()
    assert row.state == "open"
    assert "a call is allowed for 1 to 43200 minutes" in answer.content.decode()
