"""Owners read what a policy encrypted; everybody else learns nothing, and no store learns what they read."""

import logging
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.actions import IssuedKey
from console.accounts.models import AuditEntry, Project, User
from console.policies.revealing import RevealError, reveal
from guardrails.one_way import RedactionKeys, encrypted, hashed
from ingest.keys import pepper_from

PAGE = "/p/lighthouse/guards/reveal/"
API = "/api/v1/reveal?project=lighthouse"
MAIL = "ada@example.com"


@pytest.fixture
def token(settings: Settings, project: Project) -> Callable[[str], str]:
    keys = RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project.pk)
    return lambda value: encrypted("EMAIL_ADDRESS", value, keys)


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action="values.revealed").order_by("number"))


def test_an_owner_sees_the_values_and_the_audit_log_only_how_many(
    owner_client: Client, token: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    text = f"mail {token(MAIL)} or {token('bob@example.com')}, not {token(MAIL)[:40]}"

    with caplog.at_level(logging.DEBUG):
        page = owner_client.post(PAGE, {"text": text})

    said = page.content.decode()
    assert (page.status_code, page["Cache-Control"]) == (200, "private, no-store")
    assert f'title="EMAIL_ADDRESS">{MAIL}</mark>' in said
    assert "2 opened" in said
    assert "1 not" in said
    [entry] = entries()
    assert (entry.actor, entry.target, entry.details) == (
        "owner@example.com", "2 of 3 values", {"opened": 2, "failed": 1},
    )  # fmt: skip
    assert MAIL not in caplog.text


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_but_an_owner_finds_the_page(teammate_client: Client, project: Project, method: str) -> None:
    assert getattr(teammate_client, method)(PAGE, {"text": "x"}).status_code == 404
    assert teammate_client.post(API, {"text": "x"}, content_type="application/json").status_code == 404
    assert PAGE not in teammate_client.get("/p/lighthouse/guards/").content.decode()


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (lambda token, other: token[:-3] + "abc", "made in another project or under another secret, or it is damaged"),
        (lambda token, other: token.replace("EMAIL_ADDRESS", "PERSON"), "or it is damaged"),
        (lambda token, other: other, "made in another project or under another secret"),
        (lambda token, other: "EMAIL_ADDRESS:e1:abc", "some of this value is missing: copy it whole"),
    ],
    ids=["damaged", "another type", "another secret", "cut short"],
)  # fmt: skip
def test_what_does_not_open_says_why(
    owner_client: Client, project: Project, token: Callable[[str], str], spoiled: Callable[[str, str], str], said: str
) -> None:  # fmt: skip
    other = encrypted("EMAIL_ADDRESS", MAIL, RedactionKeys.derive("another secret", project.pk))

    page = owner_client.post(PAGE, {"text": f"x {spoiled(token(MAIL), other)} y"}).content.decode()

    assert said in page
    assert MAIL not in page
    assert entries()[0].details == {"opened": 0, "failed": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no encrypted value in it"),
        ("mail ada", "there is no encrypted value in it"),
        ("e1:" * 40_000, "at most 100,000 characters; this one has 120,000"),
        ("A:e1:b " * 1_001, "1,000 values are opened at once; these are 1,001"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_not_noted(
    owner_client: Client, project: Project, text: str, said: str
) -> None:
    page = owner_client.post(PAGE, {"text": text})

    assert (page.status_code, said in page.content.decode(), entries()) == (400, True, [])


def test_hashes_are_told_apart(owner_client: Client, settings: Settings, project: Project) -> None:
    keys = RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project.pk)

    page = owner_client.post(PAGE, {"text": hashed("PERSON", "Ada", keys)}).content.decode()

    assert "only hashes in it (1)" in page


def test_a_person_in_a_hurry_is_slowed_down(owner_client: Client, token: Callable[[str], str]) -> None:
    answers = [owner_client.post(PAGE, {"text": token(MAIL)}).status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]
    assert len(entries()) == 10
    answer = owner_client.post(API, {"text": token(MAIL)}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_requests")


def test_so_many_values_an_hour_are_the_most(
    project: Project, owner: User, token: Callable[[str], str]
) -> None:
    one = token(MAIL)
    for _ in range(5):
        reveal(project=project, text=f"{one} " * 1_000, by=owner)

    with pytest.raises(RevealError, match="5,000 are the most"):
        reveal(project=project, text=one, by=owner)


def test_the_api_answers_people_and_no_keys(
    owner_client: Client, token: Callable[[str], str], issued_key: IssuedKey
) -> None:
    app = Client(headers={"Authorization": f"Bearer {issued_key.secret}"})

    refused = app.post("/api/v1/reveal", {"text": token(MAIL)}, content_type="application/json")
    answer = owner_client.post(API, {"text": f"to {token(MAIL)}, A:e1:b"}, content_type="application/json")

    assert (refused.status_code, "noted by name" in refused.json()["error"]["message"]) == (403, True)
    assert answer.json() == {
        "text": f"to {MAIL}, A:e1:b", "opened": 1,
        "failed": [{"token": "A:e1:b", "reason": "some of this value is missing: copy it whole"}],
    }  # fmt: skip
    assert owner_client.post(API, {"text": "x"}, content_type="application/json").status_code == 400
