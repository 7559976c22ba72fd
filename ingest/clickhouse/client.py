"""The way to ClickHouse, server or embedded: both answer on the same HTTP interface."""

from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

__all__ = ["Client", "ClickHouseError", "DatabaseError", "OperationalError", "connect"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def connect(url: str) -> Client:
    """Connect to `http(s)://[user[:password]@]host[:port]/database`. Threads may share the client."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    client: Client = clickhouse_connect.get_client(
        host=host,
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        secure=parts.scheme == "https",
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or "default",
        autogenerate_session_id=False,
        # Every time in the store is UTC, and says so when it comes out.
        tz_mode="aware",
        # On one machine the bytes cost less than their compression.
        compress=host not in _LOOPBACK,
    )
    return client
