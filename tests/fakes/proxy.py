"""The real proxy on a real socket, in a thread of the test's process, with what it recorded at hand."""

import asyncio
import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID

import openai
import orjson
import uvicorn

from guardrails.permits import Permit
from guardrails.policy import GuardConfig, Policy
from inference_proxy.asgi import Application
from inference_proxy.sealing import seal, upstream_binding
from inference_proxy.server import configured
from inference_proxy.settings import Settings
from inference_proxy.snapshot import ProjectConfig, Route, Snapshot, Target, UpstreamConfig, dump
from ingest.keys import KeyGrant, KeyRing, hash_key, pepper_from
from ingest.records import GuardEvent, Record, Span, Verdicts, decode
from ingest.spool.homes import homes
from ingest.spool.reader import list_segments
from ingest.spool.segments import Frame, scan

SECRET_KEY = "a secret for tests"
API_KEY = "pk_test_0123456789abcdef"
PROVIDER_KEY = "sk-provider-secret-0123456789"
PROJECT, GRANT, POLICY = (UUID(int=number) for number in (1, 2, 3))

R = TypeVar("R", bound=Record)


def upstream_config(number: int, url: str, **fields: Any) -> UpstreamConfig:
    """Return an upstream with the provider key of the tests."""
    identity = UUID(int=100 + number)
    sealed = seal(PROVIDER_KEY, secret_key=SECRET_KEY, bound_to=upstream_binding(identity, url))
    values: dict[str, Any] = {
        "id": identity,
        "name": f"fake-{number}",
        "provider": "openai",
        "protocol": "openai",
        "base_url": url,
        "sealed_api_key": sealed,
    }
    return UpstreamConfig(**values | fields)


DEMO = UpstreamConfig(id=UUID(int=99), name="demo", provider="", protocol="demo", base_url="")


def policy_of(*guards: GuardConfig) -> Policy:
    """Return a policy with these guards."""
    return Policy(id=POLICY, name="tests", version=1, guards=guards)


class RunningProxy:
    """A proxy that serves until it is stopped. Its snapshot is a file; `publish` replaces it."""

    def __init__(self, directory: Path, *upstreams: UpstreamConfig, **settings: Any) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.snapshot_file = directory / "snapshot.json"
        self.grant = KeyGrant(id=GRANT, project_id=PROJECT, project="tests", name="test key")
        self.upstreams: Sequence[UpstreamConfig] = (*upstreams, DEMO)
        targets = tuple(Target(upstream_id=each.id, model="") for each in upstreams)
        self.routes: tuple[Route, ...] = (
            Route(model="parapet/demo", targets=(Target(upstream_id=DEMO.id, model="parapet/demo"),)),
        )
        if targets:
            renamed = (Target(upstream_id=upstreams[0].id, model="gpt-5-2026-01-01"),)
            self.routes += (
                Route(model="fake-model", targets=targets, max_retries=2),
                Route(model="renamed", targets=renamed, max_retries=0),
                Route(model="gpt-*", targets=targets, max_retries=0),
            )
        self.policy: Policy | None = None
        self.stores_messages = True
        self.permits: tuple[Permit, ...] = ()
        self.console_url = ""
        values: dict[str, Any] = {
            "secret_key": SECRET_KEY,
            "spool_dir": directory / "spool",
            "snapshot_file": self.snapshot_file,
            "allow_private_upstreams": "loopback",
            "drain_timeout_s": 2.0,
        }
        self.settings = Settings(**values | settings)
        self._version = 0
        self.port = 0
        self._write()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def app(self) -> Any:
        return self._application._app

    def __enter__(self) -> Self:
        self._application = Application(self.settings)
        self._server = uvicorn.Server(configured(self._application, host="127.0.0.1", port=0))
        self._thread = threading.Thread(target=self._server.run, name="proxy", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            assert self._thread.is_alive(), "the proxy did not start"
            assert time.monotonic() < deadline, "the proxy did not start within 10 s"
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive(), "the proxy did not stop within 10 s"

    def publish(self, *, policy: Policy | None = None, stores_messages: bool = True, **grant: Any) -> None:
        """Put another policy or another key in force, and wait until it is."""
        self.policy, self.stores_messages = policy, stores_messages
        self.grant = replace(
            KeyGrant(id=GRANT, project_id=PROJECT, project="tests", name="test key"), **grant
        )
        version = self._write()
        deadline = time.monotonic() + 5
        while (self.app._serving.table or self).version != version:
            assert time.monotonic() < deadline, self.app._current.last_error
            asyncio.run_coroutine_threadsafe(
                self.app._current.refresh(), self.app._current._task.get_loop()
            ).result(5)

    version = ""

    def _write(self) -> str:
        self._version += 1
        pepper = pepper_from(SECRET_KEY)
        snapshot = Snapshot(
            version=str(self._version),
            keys=KeyRing({hash_key(API_KEY, pepper=pepper): self.grant}),
            projects={
                PROJECT: ProjectConfig(
                    id=PROJECT,
                    slug="tests",
                    routes=self.routes,
                    policy=self.policy,
                    stores_messages=self.stores_messages,
                    permits=self.permits,
                )
            },
            upstreams={each.id: each for each in self.upstreams},
            console_url=self.console_url,
        )
        temporary = self.snapshot_file.with_suffix(".new")
        temporary.write_bytes(dump(snapshot))
        temporary.replace(self.snapshot_file)
        return snapshot.version

    def client(self, **options: Any) -> openai.OpenAI:
        """Return an official client that talks to this proxy."""
        values: dict[str, Any] = {
            "base_url": self.url,
            "api_key": API_KEY,
            "max_retries": 0,
            "timeout": 10.0,
        }
        return openai.OpenAI(**values | options)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        headers: dict[str, str] | None = None,
        *,
        key: str | None = API_KEY,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send any request, well formed or not; return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            auth = {"authorization": f"Bearer {key}"} if key is not None else {}
            connection.request(method, path, body, auth | (headers or {}))
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def post(self, path: str, value: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Send JSON; return status, headers and body."""
        named = {name.replace("_", "-"): header for name, header in headers.items()}
        return self.request("POST", path, orjson.dumps(value), {"content-type": "application/json"} | named)

    def metrics(self) -> dict[str, float]:
        """Return every sample of /metrics."""
        _, _, body = self.request("GET", "/metrics")
        samples = (line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def records(self) -> list[Record]:
        """Return all that is in the spool now."""
        return [decode(payload) for payload in self.payloads()]

    def payloads(self) -> list[bytes]:
        """Return the bytes of all records in the spool now."""
        while True:
            # A segment may be sealed, and have another name, between the look at the folder and the one inside.
            with contextlib.suppress(FileNotFoundError):
                return [
                    found.payload
                    for home in homes(self.settings.spool_dir)
                    for segment in list_segments(home, is_dead=True).finished
                    for found in scan(segment.id, segment.read())
                    if isinstance(found, Frame)
                ]

    def spans(self, count: int = 1) -> list[Span]:
        """Wait until so many spans are recorded, and return them in order."""
        return self._wait_for(Span, count)

    def span(self) -> Span:
        """Wait for the first span and return it; there may be no other."""
        (span,) = self.spans(1)
        return span

    def guard_events(self, count: int = 1) -> list[GuardEvent]:
        """Wait until so many guard events are recorded, and return them in order."""
        found: list[GuardEvent] = []

        def are_there() -> bool:
            found[:] = [
                event
                for record in self.records()
                if isinstance(record, Verdicts)
                for event in record.events()
            ]
            return len(found) >= count

        wait_until(are_there)
        return found

    def _wait_for(self, kind: type[R], count: int) -> list[R]:
        found: list[R] = []

        def are_there() -> bool:
            found[:] = [record for record in self.records() if isinstance(record, kind)]
            return len(found) >= count

        wait_until(are_there)
        return found


def wait_until(claim: Callable[[], bool], *, within_s: float = 5.0) -> None:
    """Return as soon as a claim is true."""
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
