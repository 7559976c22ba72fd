import re

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.actions import add_member
from console.accounts.models import Project, Role, User


def sign_in(client: Client, password: str, email: str = "owner@example.com") -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def test_the_owner_comes_in_with_the_password(owner: User, client: Client) -> None:
    assert sign_in(client, "owner's long password") == 302
    assert client.get("/projects/new/").status_code == 200


@pytest.mark.parametrize("email", ["owner@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    owner: User, client: Client, email: str
) -> None:
    answer = client.post("/accounts/login/", {"login": email, "password": "wrong"})

    assert answer.status_code == 200
    assert b"The email address and/or password you specified are not correct." in answer.content


def test_after_ten_failures_the_door_stays_shut_even_for_the_right_password(
    owner: User, client: Client
) -> None:
    statuses = [sign_in(client, "wrong") for _ in range(10)]

    assert statuses == [200] * 9 + [429]
    assert sign_in(client, "owner's long password") == 429
    answer = client.post(
        "/accounts/login/", {"login": "owner@example.com", "password": "owner's long password"}
    )
    assert b"Wait 15 minutes" in answer.content


def test_one_person_locked_out_does_not_lock_out_another(owner: User, teammate: User, client: Client) -> None:
    for _ in range(10):
        sign_in(client, "wrong")

    assert sign_in(client, "teammate's long password", "teammate@example.com") == 302


@pytest.mark.parametrize(
    "path", ["/accounts/signup/", "/accounts/password/reset/", "/accounts/email/", "/accounts/"]
)
def test_doors_that_are_not_used_do_not_exist(owner: User, client: Client, path: str) -> None:
    assert client.get(path).status_code in {302, 404}
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(path).status_code == 404


def test_signing_in_leads_back_to_the_page_but_never_elsewhere(owner: User, client: Client) -> None:
    inside = {"login": "owner@example.com", "password": "owner's long password", "next": "/projects/new/"}
    assert client.post("/accounts/login/", inside)["Location"] == "/projects/new/"

    client.logout()
    outside = inside | {"next": "https://evil.example/"}
    assert client.post("/accounts/login/", outside)["Location"] == "/"


def test_the_link_of_an_invitation_lets_in_once(
    owner_client: Client, project: Project, settings: Settings, client: Client
) -> None:
    members = f"/p/{project.slug}/settings/members/"
    page = owner_client.post(members, {"email": "new@example.com", "role": "editor"}).content.decode()
    link = re.search(r"(/accounts/welcome/[^<]+)<", page)
    assert link
    path = link.group(1)

    too_short = client.post(path, {"new_password1": "short", "new_password2": "short"})
    assert too_short.status_code == 200
    assert b"at least 12 characters" in too_short.content
    chosen = {"new_password1": "a fine long password", "new_password2": "a fine long password"}
    assert client.post(path, chosen)["Location"] == "/"
    assert client.get(f"/p/{project.slug}/settings/").status_code == 200
    assert Client().get(path).status_code == 410
    assert Client().post(path, chosen).status_code == 410


def test_another_projects_owner_gets_no_link_to_an_account_that_waits_for_its_person(
    owner: User, project: Project, stranger_client: Client, stranger: User
) -> None:
    add_member(project=project, email="new@example.com", role=Role.EDITOR, by=owner)
    elsewhere = Project.objects.get(memberships__user=stranger)
    members = f"/p/{elsewhere.slug}/settings/members/"

    page = stranger_client.post(members, {"email": "new@example.com", "role": "viewer"}).content.decode()
    theirs = elsewhere.memberships.get(user__email="new@example.com")
    again = stranger_client.post(f"{members}{theirs.pk}/link/").content.decode()

    assert "new@example.com" in page
    assert "/accounts/welcome/" not in page
    assert "/accounts/welcome/" not in again


@pytest.mark.parametrize("path", ["MQ/abc-def", "!!!/x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/x-y", "LTE/x"])
def test_a_made_up_link_lets_nobody_in(owner: User, client: Client, path: str) -> None:
    assert client.get(f"/accounts/welcome/{path}/").status_code == 410


def test_no_link_is_made_for_someone_who_has_a_password(
    owner_client: Client, project: Project, stranger: User
) -> None:
    page = owner_client.post(
        f"/p/{project.slug}/settings/members/", {"email": stranger.email, "role": "viewer"}
    ).content.decode()

    assert "/accounts/welcome/" not in page
    assert "stranger@example.com has an account" in page


def test_a_password_can_be_changed(owner_client: Client) -> None:
    assert owner_client.get("/accounts/password/change/").status_code == 200
    fields = {
        "oldpassword": "owner's long password",
        "password1": "another long password",
        "password2": "another long password",
    }
    assert owner_client.post("/accounts/password/change/", fields).status_code == 302
    assert User.objects.get(email="owner@example.com").check_password("another long password")
