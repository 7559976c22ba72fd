import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.models import Project, User
from console.gateway.actions import add_upstream
from console.gateway.models import Upstream
from console.gateway.probe import probe


class Provider(ThreadingHTTPServer):
    """A provider at the far end of HTTP that answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body = 200, json.dumps({"data": [{"id": "b"}, {"id": "a"}]}).encode()
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def upstream(provider: Provider, project: Project, owner: User) -> Upstream:
    return add_upstream(
        project=project, name="local", base_url=provider.url, api_key="sk-secret-0123456789", by=owner
    )


def test_an_upstream_that_answers_tells_its_models(upstream: Upstream, provider: Provider) -> None:
    answer = probe(upstream)

    assert (answer.is_ok, answer.models) == (True, ("a", "b"))
    assert answer.duration_us is not None
    assert provider.seen == [("/v1/models", "Bearer sk-secret-0123456789")]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "refuses the key"),
        (404, "check the path"),
        (302, "redirects are not followed"),
        (500, "HTTP 500"),
    ],
)
def test_an_upstream_that_fails_is_described(
    upstream: Upstream, provider: Provider, status: int, sentence: str
) -> None:
    provider.status = status

    answer = probe(upstream)

    assert not answer.is_ok
    assert sentence in answer.sentence


def test_an_upstream_that_is_not_there_is_described(upstream: Upstream) -> None:
    upstream.base_url, upstream.sealed_api_key = "http://127.0.0.1:1/v1", ""

    assert probe(upstream).sentence.startswith("No connection")


def test_an_address_the_installation_does_not_allow_is_never_called(
    upstream: Upstream, provider: Provider, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_UPSTREAMS = "none"

    answer = probe(upstream)

    assert "PARAPET_ALLOW_PRIVATE_UPSTREAMS" in answer.sentence
    assert provider.seen == []


def test_a_key_moved_from_another_address_is_never_sent(upstream: Upstream, provider: Provider) -> None:
    moved = Upstream(id=upstream.id, base_url=provider.url + "/x", sealed_api_key=upstream.sealed_api_key)

    assert "enter it again" in probe(moved).sentence
    assert provider.seen == []


def test_models_that_make_no_sense_are_passed_over(upstream: Upstream, provider: Provider) -> None:
    provider.body = b"<html>not json</html>"

    assert (probe(upstream).is_ok, probe(upstream).models) == (True, ())


def test_the_page_shows_the_answer(upstream: Upstream, owner_client: Client, teammate_client: Client) -> None:
    path = f"/p/lighthouse/settings/upstreams/{upstream.id}/test/"

    assert b"It answers." in owner_client.post(path).content
    assert teammate_client.post(path).status_code == 404
