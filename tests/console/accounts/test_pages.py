import re
from html import unescape

import pytest
from django.test import Client

from console.accounts.actions import IssuedKey, create_key
from console.accounts.models import ApiKey, Membership, Project, User

SETTINGS = "/p/lighthouse/settings/"


def secret_on(page: str) -> str:
    found = re.search(r'id="secret"[^>]*>(pk_\w+)<', page)
    return found.group(1) if found else ""


def test_a_new_key_is_shown_once_and_never_again(owner_client: Client, project: Project) -> None:
    fields = {
        "name": "shop",
        "scopes": ["proxy", "ingest"],
        "allowed_models": "gpt-4o\ngpt-4o-mini",
        "lifetime": "30",
    }
    answer = owner_client.post(f"{SETTINGS}keys/", fields)

    secret = secret_on(answer.content.decode())
    assert secret.startswith("pk_")
    assert "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.allowed_models) == (
        "shop",
        ["proxy", "ingest"],
        ["gpt-4o", "gpt-4o-mini"],
    )
    assert key.expires_at is not None
    again = owner_client.get(f"{SETTINGS}keys/").content.decode()
    assert "shop" in again
    assert key.hint in again
    assert secret not in again


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": ""},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["proxy"], "requests_per_minute": "-1"},
        {"name": "x", "scopes": ["proxy"], "tokens_per_minute": "many"},
        {"name": "x", "scopes": ["proxy"], "budget_usd_per_day": "NaN"},
        {"name": "x", "scopes": ["proxy"], "lifetime": "31"},
        {"name": "x\0", "scopes": ["proxy"]},
        {"name": "x", "scopes": ["proxy"], "requests_per_minute": "9" * 400},
    ],
)
def test_a_key_that_makes_no_sense_is_explained_on_the_page(
    owner_client: Client, fields: dict[str, object]
) -> None:
    answer = owner_client.post(f"{SETTINGS}keys/", fields)

    assert answer.status_code == 200
    assert 'class="errorlist' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_is_rotated_and_revoked_from_the_page(owner_client: Client, issued_key: IssuedKey) -> None:
    rotated = owner_client.post(f"{SETTINGS}keys/{issued_key.key.id}/rotate/", {"grace_hours": "24"})
    secret = secret_on(rotated.content.decode())
    assert secret not in ("", issued_key.secret)

    new = ApiKey.objects.get(last4=secret[-4:], prefix=secret[:7])
    answer = owner_client.post(f"{SETTINGS}keys/{new.id}/revoke/", follow=True)

    assert f"Key {new.hint} is revoked" in answer.content.decode()
    assert ApiKey.objects.get(pk=new.pk).revoked_at is not None
    twice = owner_client.post(f"{SETTINGS}keys/{new.id}/revoke/", follow=True)
    assert "no longer in force" in twice.content.decode()


def test_names_people_gave_are_drawn_as_text(owner_client: Client, project: Project, owner: User) -> None:
    evil = "<img src=x onerror=alert(1)>"
    create_key(project=project, name=evil, environment=evil, by=owner)

    page = owner_client.get(f"{SETTINGS}keys/").content.decode()

    assert evil not in page
    assert evil in unescape(page)


def test_a_project_is_changed_by_its_owner(owner_client: Client, project: Project) -> None:
    fields = {"name": "Lighthouse 2", "time_zone": "Europe/Berlin"}

    assert owner_client.post(SETTINGS, fields).status_code == 302

    project.refresh_from_db()
    assert (project.name, project.time_zone, project.stores_messages) == (
        "Lighthouse 2",
        "Europe/Berlin",
        False,
    )


def test_anyone_signed_in_can_make_a_project_and_owns_it(stranger_client: Client, stranger: User) -> None:
    answer = stranger_client.post("/projects/new/", {"name": "Mine", "time_zone": "UTC"})

    assert answer["Location"] == "/p/mine/settings/"
    assert Membership.objects.get(project__slug="mine").user == stranger


def test_the_quick_start_has_the_real_addresses(owner_client: Client) -> None:
    page = unescape(owner_client.get(SETTINGS).content.decode())

    assert 'OpenAI(base_url="http://127.0.0.1:8080/v1"' in page
    assert 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://127.0.0.1:4318/v1/traces"' in page


@pytest.mark.parametrize("page", ["", "keys/", "upstreams/", "routes/", "members/"])
def test_a_teammate_may_look_and_is_offered_nothing_to_change(teammate_client: Client, page: str) -> None:
    answer = teammate_client.get(SETTINGS + page)

    assert answer.status_code == 200
    forms = re.findall(r'<form[^>]*action="([^"]*)"', answer.content.decode())
    assert [form for form in forms if form.startswith("/p/")] == []


@pytest.mark.parametrize(
    "path",
    [
        SETTINGS,
        f"{SETTINGS}keys/",
        f"{SETTINGS}members/",
        f"{SETTINGS}upstreams/new/",
        f"{SETTINGS}routes/",
        "/p/lighthouse/guards/",
        "/p/lighthouse/guards/draft/",
        "/p/lighthouse/guards/try/",
        "/p/lighthouse/guards/history/1/roll-back/",
    ],
)
def test_a_teammate_who_only_looks_can_change_nothing(teammate_client: Client, path: str) -> None:
    assert teammate_client.post(path, {"name": "x"}).status_code == 404


def test_the_audit_log_is_for_owners(owner_client: Client, teammate_client: Client) -> None:
    page = owner_client.get(f"{SETTINGS}audit/").content.decode()

    assert "chain is whole" in page
    assert "project.created" in page
    assert teammate_client.get(f"{SETTINGS}audit/").status_code == 404


def test_a_member_is_given_a_role_and_shown_out(
    owner_client: Client, teammate: User, teammate_client: Client
) -> None:
    membership = Membership.objects.get(user=teammate)

    owner_client.post(f"{SETTINGS}members/{membership.pk}/role/", {"role": "editor"})
    assert teammate_client.get("/p/lighthouse/guards/").status_code == 200
    assert b"Save version" in teammate_client.get("/p/lighthouse/guards/").content
    owner_client.post(f"{SETTINGS}members/{membership.pk}/remove/")

    assert teammate_client.get("/p/lighthouse/guards/").status_code == 404


def test_the_last_owner_stays(owner_client: Client, owner: User) -> None:
    membership = Membership.objects.get(user=owner)

    answer = owner_client.post(f"{SETTINGS}members/{membership.pk}/remove/", follow=True)

    assert b"only owner" in answer.content
    assert Membership.objects.filter(pk=membership.pk).exists()
