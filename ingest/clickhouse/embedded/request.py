"""What a request to the HTTP interface asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from ingest.clickhouse.embedded.failures import StoreError

_TRANSPORT_ONLY = frozenset(
    [
        "add_http_cors_header",
        "buffer_size",
        "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version",
        "close_session",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
        "wait_end_of_query",
    ]
)
"""Parameters that speak to the HTTP interface, not to the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRequest:
    """A statement's surroundings: everything but the body."""

    query: bytes
    database: str
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    query_id: str
    default_format: str
    waits_for_end: bool
    accepts_coding: str
    """Accept-Encoding, or empty when the answer must not be compressed."""


def parse(query_string: bytes, headers: Mapping[bytes, bytes], form: Mapping[str, str]) -> StoreRequest:
    """Read the URL's parameters, the headers, and the fields of a form if there was one."""
    given = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, errors="surrogateescape"))
    given.update(form)
    settings = {}
    for name, value in given.items():
        if name in _TRANSPORT_ONLY or name.startswith("param_"):
            continue
        if not name.isidentifier():
            raise StoreError(115, f"Setting {name[:60]!r} is not a name.", "UNKNOWN_SETTING")
        settings[name] = value
    return StoreRequest(
        query=given.get("query", "").encode("utf-8", "surrogateescape"),
        database=given.get("database")
        or headers.get(b"x-clickhouse-database", b"").decode("latin-1")
        or "default",
        parameters={n.removeprefix("param_"): v for n, v in given.items() if n.startswith("param_")},
        settings=settings,
        query_id=given.get("query_id", ""),
        default_format=given.get("default_format")
        or headers.get(b"x-clickhouse-format", b"").decode("latin-1")
        or "TabSeparated",
        waits_for_end=given.get("wait_end_of_query") == "1",
        accepts_coding=headers.get(b"accept-encoding", b"").decode("latin-1")
        if given.get("enable_http_compression") == "1"
        else "",
    )


def form_fields(content_type: bytes, body: bytes) -> dict[str, str]:
    """Read a multipart form: the client sends one when the parameters are too long for the URL."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise StoreError(36, "The form cannot be read: it has no parts.", "BAD_ARGUMENTS")
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None or not isinstance(name, str):
            raise StoreError(48, "The embedded store takes no external tables.", "NOT_IMPLEMENTED")
        payload = part.get_payload(decode=True)
        fields[name] = payload.decode("utf-8", "surrogateescape") if isinstance(payload, bytes) else ""
    return fields
