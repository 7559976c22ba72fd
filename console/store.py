"""The console's one connection to the trace store."""

from functools import cache

from django.conf import settings

from ingest.clickhouse.client import Client, connect
from ingest.clickhouse.client import OperationalError as StoreUnavailableError

__all__ = ["StoreUnavailableError", "store"]


@cache
def store() -> Client:
    """Return this process's ClickHouse client, connected at first use and shared between threads."""
    return connect(settings.CLICKHOUSE_URL)
