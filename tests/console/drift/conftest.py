"""The console's trace store under test: the real engine."""

import pytest
from pytest_django import Settings

from console.store import store


@pytest.fixture(autouse=True)
def console_store(clickhouse_url: str, settings: Settings) -> None:
    """Point the console at the store of this test run."""
    settings.CLICKHOUSE_URL = clickhouse_url
    store.cache_clear()
