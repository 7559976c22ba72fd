import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.models import Project
from console.policies.models import Policy
from console.policies.scopes import PolicyScope
from console.store import store
from ingest.clickhouse.client import Client as ClickHouse
from ingest.records import GuardEvent
from ingest.writer import write

EVENTS = "/p/lighthouse/guards/events/"


@pytest.fixture(autouse=True)
def events_page(settings: Settings, clickhouse_url: str) -> Iterator[None]:
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()
    yield
    store().close()
    store.cache_clear()


def event(project_id: UUID, **fields: object) -> GuardEvent:
    known: dict[str, object] = {
        "id": uuid4(), "project_id": project_id, "trace_id": uuid4().hex, "span_id": uuid4().hex[:16],
        "at_us": time.time_ns() // 1_000 - 60_000_000, "policy_id": uuid4(), "policy_name": "Default",
        "policy_version": 3, "guard": "personal-data", "guard_kind": "pii", "place": "user", "action": "mask",
        "entities": {"EMAIL_ADDRESS": 2}, "duration_us": 4_200, "model": "gpt-4o-mini",
    }  # fmt: skip
    return GuardEvent(**(known | fields))  # type: ignore[arg-type]


def test_a_decision_is_listed_with_its_trace_and_drawn(
    owner_client: Client, project: Project, clickhouse: ClickHouse
) -> None:
    one = event(project.id)
    write(clickhouse, [one, event(uuid4(), guard="of another project")], token=uuid4().hex)

    page = owner_client.get(EVENTS).content.decode()

    assert f'href="/p/lighthouse/traces/{one.trace_id}/"' in page
    assert "2 × <span" in page
    assert 'id="chart-guards"' in page
    assert "of another project" not in page


def test_what_was_allowed_is_listed_only_when_asked(
    owner_client: Client, project: Project, clickhouse: ClickHouse
) -> None:
    one = event(project.id, action="allow", entities={})
    write(clickhouse, [one], token=uuid4().hex)

    assert "Nothing was found" in owner_client.get(EVENTS).content.decode()
    assert one.trace_id in owner_client.get(f"{EVENTS}?all=1").content.decode()
    assert one.trace_id in owner_client.get(f"{EVENTS}?action=allow").content.decode()


def test_pages_follow_one_another_without_a_gap(
    owner_client: Client, project: Project, clickhouse: ClickHouse
) -> None:
    events = [
        event(project.id, at_us=time.time_ns() // 1_000 - 60_000_000 - number // 2) for number in range(120)
    ]
    write(clickhouse, events, token=uuid4().hex)

    seen: list[str] = []
    address = EVENTS
    for _ in range(3):
        answer = owner_client.get(address)
        seen += [row["event"].trace_id for row in answer.context["rows"]]
        address = f"{EVENTS}?cursor={answer.context['older']}"

    assert sorted(seen) == sorted(one.trace_id for one in events)
    assert answer.context["older"] == ""


def test_nothing_yet_says_what_to_do(owner_client: Client) -> None:
    assert b"Every call through the proxy" in owner_client.get(EVENTS).content


@pytest.mark.parametrize(
    "query",
    ["action=shout", "cursor=x", "cursor=1_x", "cursor=99999999999999999999_0", "range=1y", "from=yesterday"],
)
def test_an_address_that_makes_no_sense_is_explained(owner_client: Client, query: str) -> None:
    assert owner_client.get(f"{EVENTS}?{query}").status_code == 400


def test_filters_are_values_and_never_sql(owner_client: Client) -> None:
    assert (
        owner_client.get(EVENTS, {"guard": "' OR 1=1 --", "env": "'); DROP TABLE spans"}).status_code == 200
    )


def test_a_teammate_may_look_and_a_stranger_may_not(teammate_client: Client, stranger_client: Client) -> None:
    assert teammate_client.get(EVENTS).status_code == 200
    assert stranger_client.get(EVENTS).status_code == 404


def test_decisions_are_listed_by_the_policy_their_guard_came_from(
    owner_client: Client, project: Project, clickhouse: ClickHouse
) -> None:
    organisation = PolicyScope(kind="organisation", project=project).policy()
    organisation.save()
    own = Policy.objects.get(project=project)
    write(
        clickhouse,
        [event(project.id, policy_id=each.pk, guard=f"of {each.name}") for each in (organisation, own)],
        token=uuid4().hex,
    )

    page = owner_client.get(f"{EVENTS}?policy={organisation.pk}").content.decode()
    rows = page.partition('id="rows"')[2]

    assert ">of Organisation<" in rows
    assert ">of Default<" not in rows
    assert "policy: Organisation" in page
    assert f"Project {project.name}" in owner_client.get(EVENTS).content.decode()
    assert "is not the id of a policy" in owner_client.get(f"{EVENTS}?policy=x").content.decode()
