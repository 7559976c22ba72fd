"""The console's trace store under test: the real engine."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from console.store import store
from ingest.records import Score, Span
from tests.makers import make_score, make_span


@pytest.fixture(autouse=True)
def console_store(clickhouse_url: str, settings: Settings) -> None:
    """Point the console at the store of this test run."""
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()


def live_span(project_id: uuid.UUID, **changes: Any) -> Span:
    """Return a call that was made a minute ago and answered politely."""
    said = [{"role": "assistant", "content": "Two metres, please mind the edge."}]
    at = datetime.now(UTC) - timedelta(minutes=1)
    return make_span(project_id, at=at, **{"output_messages": said} | changes)


def live_score(project_id: uuid.UUID, **changes: Any) -> Score:
    """Return a score of a call that was made a minute ago."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    return make_score(project_id, at=at, **{"name": "polite"} | changes)
