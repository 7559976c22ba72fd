"""What a guard holds back for a person waits in a queue until somebody has decided."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.models import AuditEntry, Project, User
from console.policies.actions import save_policy
from console.policies.escalations import EscalationError, claim, collect, decide, release
from console.policies.models import Escalation, Policy
from console.store import store
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
