"""Who may use the API, and what the others are told."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from console.accounts.actions import IssuedKey, create_key, revoke_key
from console.accounts.models import Project, User
from console.api.urls import urlpatterns
from console.store import store
from tests.console.api.conftest import App, Recorded

ADDRESSES = [p for p in urlpatterns if isinstance(p, URLPattern) and p.name != "nothing"]
NOUNS = ["traces", "spans", "scores", "usage", "prompts", "guard-events"]


@pytest.mark.parametrize("pattern", ADDRESSES, ids=lambda p: str(p.name))
def test_nobody_gets_in_without_a_key_or_a_session(db: None, pattern: Any) -> None:
    named = re.findall(r"<(\w+):(\w+)>", str(pattern.pattern))
    arguments = {name: UUID(int=7) if converter == "uuid" else "ab" for converter, name in named}

    answer = Client().get(reverse(f"api:{pattern.name}", kwargs=arguments))

    assert answer.status_code == (302 if pattern.name == "docs" else 401)


@pytest.mark.parametrize("secret", ["pk_wrong", "", "ü", "x" * 5000])
def test_a_key_that_nobody_issued_is_refused_in_the_shape_of_all_errors(db: None, secret: str) -> None:
    answer = Client().get("/api/v1/traces", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {
        "error": {"code": "unauthenticated", "message": "This API key is unknown, expired or revoked."}
    }


def test_a_revoked_key_is_refused(app: App, issued_key: IssuedKey, owner: User) -> None:
    revoke_key(key=issued_key.key, by=owner)

    assert app.get("traces").status_code == 401


def test_a_key_without_the_scope_is_refused_and_told_what_it_has(project: Project, owner: User) -> None:
    issued = create_key(project=project, name="proxy only", by=owner, scopes=["proxy"])

    answer = App(issued.secret).get("traces")

    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "This API key has no scope `api`; it has proxy."


@pytest.mark.parametrize("noun", NOUNS)
def test_owner_and_teammate_see_the_project_and_the_stranger_does_not(
    owner_client: Client, teammate_client: Client, stranger_client: Client, project: Project, noun: str
) -> None:
    address = f"/api/v1/{noun}?project={project.slug}"

    answers = [client.get(address).status_code for client in (owner_client, teammate_client, stranger_client)]
    assert answers == [200, 200, 404]


def test_a_person_must_name_the_project(owner_client: Client) -> None:
    answer = owner_client.get("/api/v1/traces")

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["project"]


def test_a_viewer_may_not_score_and_the_owner_may(
    owner_client: Client, teammate_client: Client, project: Project, recorded: Recorded
) -> None:
    body = {"name": "good", "trace_id": recorded.trace_id, "value": 1}
    address = f"/api/v1/scores?project={project.slug}"

    assert teammate_client.post(address, body, content_type="application/json").status_code == 404
    assert owner_client.post(address, body, content_type="application/json").status_code == 201


def test_a_session_needs_the_token_against_forged_requests(owner: User, project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = client.post(f"/api/v1/scores?project={project.slug}", {}, content_type="application/json")

    assert answer.status_code == 403


def test_ids_of_another_project_lead_nowhere(recorded: Recorded, stranger: User) -> None:
    elsewhere = Project.objects.get(memberships__user=stranger)
    other = App(create_key(project=elsewhere, name="other", by=stranger).secret)

    answers = [
        other.get(f"traces/{recorded.trace_id}"),
        other.get(f"traces/{recorded.trace_id}/spans/{recorded.call_id}"),
        other.get("traces", project=recorded.call.span.project_id),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert [other.get(noun).json()["data"] for noun in NOUNS] == [[]] * len(NOUNS)
    given = other.post("scores", {"name": "x", "trace_id": recorded.trace_id, "value": 1})
    assert list(given.json()["error"]["fields"]) == ["trace_id"]


def test_an_address_that_leads_nowhere_says_so_in_json(app: App) -> None:
    answer = app.get("nothing/here")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_while_the_store_is_away_the_answer_is_503_with_a_reason(app: App, settings: Any) -> None:
    settings.CLICKHOUSE_URL = "http://127.0.0.1:9/parapet"
    store.cache_clear()

    answer = app.get("traces")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer.json()["error"]["code"] == "store_unavailable"
