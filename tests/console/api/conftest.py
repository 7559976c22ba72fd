"""The API as its three kinds of callers meet it, over a real trace store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from console.accounts.actions import IssuedKey
from console.accounts.models import Project
from console.store import store
from ingest.clickhouse.client import Client as Store
from ingest.writer import write
from tests.makers import make_event, make_priced, make_score, span_id, trace_id

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def traces_store(settings: Any, clickhouse_url: str) -> Iterator[Store]:
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()
    yield store()
    store.cache_clear()


class App:
    """An app with an API key."""

    def __init__(self, secret: str) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {secret}"})

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask, and return the answer."""
        return self._client.get(f"/api/v1/{path}", parameters)

    def post(self, path: str, body: Any) -> Any:
        """Send JSON, and return the answer."""
        return self._client.post(f"/api/v1/{path}", body, content_type="application/json")


@pytest.fixture
def app(issued_key: IssuedKey) -> App:
    return App(issued_key.secret)


class Recorded:
    """A trace of an agent, its model call, a score and a verdict, in the store."""

    def __init__(self, project: Project) -> None:
        self.trace_id, self.root_id, self.call_id = trace_id(), span_id(), span_id()
        at = NOW - timedelta(minutes=5)
        shared: dict[str, Any] = {"trace_id": self.trace_id, "session_id": "s-1", "user_id": "ann"}
        self.root = make_priced(
            project.id, at=at, span_id=self.root_id, name="agent", kind="agent", cost=None, **shared
        )
        self.call = make_priced(
            project.id,
            at=at + timedelta(milliseconds=10),
            span_id=self.call_id,
            parent_span_id=self.root_id,
            prompt_name="greet",
            prompt_version="2",
            **shared,
        )
        self.score = make_score(project.id, at=at, trace_id=self.trace_id)
        self.event = make_event(project.id, at=at, trace_id=self.trace_id, span_id=self.call_id)
        write(store(), [self.root, self.call, self.score, self.event], token=self.trace_id)


@pytest.fixture
def recorded(project: Project) -> Recorded:
    return Recorded(project)
