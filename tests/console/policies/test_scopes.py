"""A policy is made for the organisation, a project, a route or a key, and what is published adds them up."""

from typing import Any

import pytest
from django.test import Client

from console.accounts.actions import IssuedKey
from console.accounts.models import AuditEntry, Project, User
from console.gateway.publish import build
from console.policies.actions import roll_out, save_policy
from console.policies.models import Policy
from console.policies.scopes import PolicyScope
from inference_proxy.snapshot import dump, parse

GUARDS = "/p/lighthouse/guards/"


def words(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name, "kind": "words", "action": "block", "places": ["user"], "on_error": "block", "deadline_ms": 100,
        "is_shadow": False, "is_enabled": True, "parameters": {"words": [name]}, **changes,
    }  # fmt: skip


def page_fields(name: str, **fields: Any) -> dict[str, Any]:
    """A draft of one words guard as the page sends it."""
    own = {
        "kind": "words", "name": name, "action": "block", "places": ["user"], "on_error": "block", "deadline_ms": "100",
        "is_enabled": "on", "p_words": name, "p_label": "WORD",
    }  # fmt: skip
    return {"guard": ["0"], **{f"g0-{key}": value for key, value in (own | fields).items()}}


def save(scope: PolicyScope, owner: User, *names: str, **options: Any) -> None:
    save_policy(policy=scope.policy(), guards=[words(name) for name in names], by=owner, **options)


@pytest.fixture
def scopes(project: Project, issued_key: IssuedKey) -> dict[str, PolicyScope]:
    route = project.routes.first()
    return {
        "organisation": PolicyScope(kind="organisation", project=project),
        "project": PolicyScope(kind="project", project=project),
        "route": PolicyScope(kind="route", project=project, route=route),
        "key": PolicyScope(kind="key", project=project, key=issued_key.key),
    }


def test_what_is_published_adds_the_scopes_up(
    scopes: dict[str, PolicyScope], project: Project, owner: User, issued_key: IssuedKey
) -> None:
    for name, scope in scopes.items():
        save(scope, owner, name)

    config = parse(dump(build(version="1"))).projects[project.pk]

    pattern = scopes["route"].route.pattern  # type: ignore[union-attr]

    def names(*where: Any) -> list[str]:
        policy = config.policy_for(*where)
        assert policy is not None
        return [guard.name for guard in policy.guards]

    assert names(None) == ["organisation", "project"]
    assert names(None, pattern) == ["organisation", "project", "route"]
    assert names(issued_key.key.pk) == ["organisation", "project", "key"]
    assert names(issued_key.key.pk, pattern) == ["organisation", "project", "route", "key"]


def test_a_policy_of_the_organisation_holds_in_every_project(
    scopes: dict[str, PolicyScope], project: Project, owner: User, stranger: User
) -> None:
    save(scopes["organisation"], owner, "everywhere")

    snapshot = build(version="1")

    assert len(snapshot.projects) == 2
    assert {each.policy.guards[0].name for each in snapshot.projects.values() if each.policy} == {
        "everywhere"
    }
    assert {entry.project.slug for entry in AuditEntry.objects.filter(action="policy.saved", target__contains="Organisation")} == {
        "lighthouse", "elsewhere",
    }  # fmt: skip


def test_the_page_saves_for_the_scope_that_is_chosen(
    owner_client: Client, project: Project, scopes: dict[str, PolicyScope]
) -> None:
    for name in ("organisation", "route", "key"):
        answer = owner_client.post(GUARDS, {"scope": scopes[name].text, "based_on": "0", **page_fields(name)})
        assert (answer.status_code, scopes[name].policy().version) == (302, 1)
        page = owner_client.get(f"{GUARDS}?scope={scopes[name].text}").content.decode()
        assert f'value="{name}"' in page

    assert project.policies.get(route=None, key=None).version == 1


@pytest.mark.parametrize(
    "scope", ["organisation", "attic", "route:x", "key:00000000-0000-0000-0000-000000000000"]
)
def test_who_may_not_change_a_scope_finds_none(teammate_client: Client, scope: str) -> None:
    assert teammate_client.post(GUARDS, {"scope": scope, **page_fields("x")}).status_code == 404


def test_a_teammate_sees_what_the_organisation_guards(
    teammate_client: Client, scopes: dict[str, PolicyScope], owner: User
) -> None:
    save(scopes["organisation"], owner, "everywhere")

    page = teammate_client.get(f"{GUARDS}?scope=organisation").content.decode()

    assert "everywhere" in page
    assert "Save version" not in page


def test_a_version_is_rolled_out_in_steps(
    owner_client: Client, scopes: dict[str, PolicyScope], project: Project, owner: User
) -> None:
    owner_client.post(
        GUARDS, {"based_on": "1", "share": "20", "remembers_min": "30", **page_fields("careful")}
    )

    running = build(version="1").projects[project.pk].policy
    assert running is not None
    assert (running.version, running.rollout_percent, running.remembers_s) == (2, 20, 1800)
    assert running.before is not None
    assert running.before.version == 1

    policy = Policy.objects.get(project=project, route=None, key=None)
    roll_out(policy=policy, percent=100, by=owner)
    whole = build(version="2").projects[project.pk].policy
    assert whole is not None
    assert (whole.version, whole.rollout_percent, whole.before, whole.remembers_s) == (3, 100, None, 1800)


def test_a_share_that_cannot_be_is_explained(owner_client: Client, project: Project) -> None:
    page = owner_client.post(GUARDS, {"based_on": "1", "share": "101", **page_fields("x")}).content.decode()
    answer = owner_client.post(f"{GUARDS}roll-out/", {"percent": "many"}, follow=True).content.decode()

    assert "a whole number from 0 to 100, not &#x27;101&#x27;" in page
    assert "Give a share from 0 to 100, not &#x27;many&#x27;" in answer
    assert project.policies.get().version == 1


def test_two_versions_are_compared_field_by_field(owner_client: Client, project: Project) -> None:
    owner_client.post(GUARDS, {"based_on": "1", **page_fields("x")})
    owner_client.post(
        GUARDS,
        {"based_on": "2", **page_fields("x", action="mask", rules="WORD: flag from 0.5", p_words="x\ny")},
    )

    page = owner_client.get(f"{GUARDS}history/?from=2&to=3").content.decode()

    assert "Version 2 to version 3" in page
    assert "when it finds something</span> <del>block</del> <ins>mask</ins>" in page
    assert "when it finds WORD</span> <del>–</del> <ins>flag</ins>" in page
    assert "least score of WORD</span> <del>–</del> <ins>0.5</ins>" in page
    assert "words</span> <ins>y</ins>" in page
