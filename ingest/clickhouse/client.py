"""The way to ClickHouse, server or embedded: both answer on the same HTTP interface."""

from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError as StoreUnavailableError

__all__ = ["Client", "StoreUnavailableError", "connect"]


def connect(url: str) -> Client:
    """Connect to `http(s)://[user[:password]@]host[:port]/database`."""
    parts = urlsplit(url)
    client: Client = clickhouse_connect.get_client(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        secure=parts.scheme == "https",
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or "default",
        autogenerate_session_id=False,
    )
    return client
