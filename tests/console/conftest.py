"""The console over the trace store of this run."""

import pytest
from pytest_django import Settings

from console.store import store


@pytest.fixture
def traced(clickhouse_url: str, settings: Settings) -> None:
    """Point the console at a real trace store."""
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()
