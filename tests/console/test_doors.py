"""Every address of the console, found by walking the URL patterns: who gets in, and what every answer carries."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from console.accounts.models import Project, User
from console.store import store

SOMETHING = {
    "slug": "lighthouse",
    "uuid": str(UUID(int=7)),
    "int": "1",
    "str": "x",
    "path": "x",
    "hexid": "0" * 32,
}
OPEN = {"/health", "/accounts/login/", "/accounts/logout/", "/accounts/inactive/", "/accounts/welcome/x/x/"}
"""What answers without a sign-in. Signing out leads anyone to the sign-in."""
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def addresses() -> list[str]:
    """One example of every address there is."""
    return sorted({"/" + path for path in _walk(get_resolver().url_patterns, "")})


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + _example(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            yield route


def _example(route: str) -> str:
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: SOMETHING[found.group(1) or "str"], route)


PROJECT_PAGES = [address for address in addresses() if address.startswith("/p/lighthouse/")]


@pytest.fixture
def with_store(settings: Settings, clickhouse_url: str) -> Iterator[None]:
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()
    yield
    store().close()
    store.cache_clear()


def test_the_walk_finds_the_pages() -> None:
    assert {"/p/lighthouse/settings/keys/", "/p/lighthouse/guards/", "/health"} <= set(addresses())
    assert len(PROJECT_PAGES) > 20


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
def test_nobody_gets_in_without_signing_in(client: Client, method: str) -> None:
    closed = [address for address in addresses() if address not in OPEN]

    answers = {address: getattr(client, method)(address) for address in closed}

    assert {address for address, answer in answers.items() if not _is_sent_to_sign_in(answer)} == set()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_project_does_not_exist_for_a_stranger(stranger_client: Client, method: str) -> None:
    answers = {address: getattr(stranger_client, method)(address) for address in PROJECT_PAGES}

    assert {address for address, answer in answers.items() if answer.status_code not in {404, 405}} == set()
    assert {address for address, answer in answers.items() if b"Lighthouse" in answer.content} == set()


def test_a_form_from_elsewhere_is_refused(owner: User, project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")

    statuses = {address: client.post(address, {"name": "x"}).status_code for address in PROJECT_PAGES}

    assert {address for address, status in statuses.items() if status != 403} == set()


@pytest.mark.usefixtures("with_store")
def test_every_answer_carries_the_headers_and_obeys_the_policy(owner_client: Client) -> None:
    answers = {address: owner_client.get(address) for address in addresses() if "logout" not in address}

    assert {address: found for address, answer in answers.items() if (found := _faults(answer))} == {}


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(owner: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": owner.email, "password": "owner's long password"})

    session = client.cookies["parapet_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
DIRECTIVES = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"}


def _faults(answer: Any) -> list[str]:
    """What is wrong with an answer: it failed, lacks a header, or holds what a browser would refuse to run."""
    policy = {directive.strip() for directive in answer["Content-Security-Policy"].split(";")}
    faults = [f"HTTP {answer.status_code}"] * (answer.status_code >= 500)
    faults += ["Cache-Control"] * ("no-store" not in answer.get("Cache-Control", ""))
    faults += [name for name, value in HEADERS.items() if answer.get(name) != value]
    faults += sorted(DIRECTIVES - policy) + [one for one in policy if "unsafe" in one]
    return faults + _violations(answer.content.decode(errors="replace"))


def _is_sent_to_sign_in(answer: Any) -> bool:
    to_the_page = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    return to_the_page or answer.status_code in {401, 403}


def _violations(page: str) -> list[str]:
    """What a browser would refuse under the policy: inline code, inline styles, and anything from elsewhere."""
    inline_scripts = [
        tag
        for tag in re.findall(r"<script\b[^>]*>", page)
        if "src=" not in tag and 'type="application/json"' not in tag
    ]
    attributes = re.findall(r"<[a-z][^>]*\s(?:on[a-z]+|style)\s*=[^>]*>", page)
    elsewhere = re.findall(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"', page)
    return inline_scripts + attributes + re.findall(r"<style\b", page) + elsewhere
