"""The console over the trace store of this run."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from console.store import store
from tests.fakes.guard_server import running_guard_server


@pytest.fixture
def traced(clickhouse_url: str, settings: Settings) -> None:
    """Point the console at a real trace store."""
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()


@pytest.fixture(scope="session")
def guard_url() -> Iterator[str]:
    """A guard server with the encoder that comes with the house."""
    with running_guard_server() as url:
        yield url


@pytest.fixture
def guarded(guard_url: str, settings: Settings) -> str:
    """Point the console at a real guard server."""
    settings.GUARD_URL = guard_url
    return guard_url
