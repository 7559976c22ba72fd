"""Reading just enough of a statement to know how to run it: where an INSERT's data begins, and the format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.clickhouse.embedded.failures import StoreError

_TOKEN = re.compile(
    rb"""
      (?P<skip> \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<quoted> '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `(?:[^`\\]|\\.)*` )
    | (?P<word> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> [0-9][0-9A-Za-z_.]* )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_END = re.compile(rb"[ \t\f]*\r?\n?")

_OUTSIDE_FUNCTIONS = frozenset(
    [
        "arrowflight",
        "azureblobstorage",
        "azureblobstoragecluster",
        "cluster",
        "clusterallreplicas",
        "deltalake",
        "deltalakecluster",
        "dictget",
        "disk",
        "executable",
        "file",
        "filecluster",
        "gcs",
        "hdfs",
        "hdfscluster",
        "hudi",
        "hudicluster",
        "iceberg",
        "iceberglocal",
        "icebergs3",
        "input",
        "jdbc",
        "mongodb",
        "mysql",
        "odbc",
        "paimon",
        "postgresql",
        "python",
        "redis",
        "remote",
        "remotesecure",
        "s3",
        "s3cluster",
        "source",
        "sqlite",
        "url",
        "urlcluster",
        "ytsaurus",
    ]
)
_OUTSIDE_ENGINES = frozenset(
    [
        "arrowflight",
        "azureblobstorage",
        "azurequeue",
        "deltalake",
        "distributed",
        "embeddedrocksdb",
        "executable",
        "executablepool",
        "externaldistributed",
        "file",
        "filelog",
        "hdfs",
        "hive",
        "hudi",
        "iceberg",
        "jdbc",
        "kafka",
        "materializedmysql",
        "materializedpostgresql",
        "mongodb",
        "mysql",
        "nats",
        "odbc",
        "postgresql",
        "python",
        "rabbitmq",
        "redis",
        "s3",
        "s3queue",
        "sqlite",
        "url",
    ]
)
_INSTANT_FORMATS = frozenset(
    {"Native", "TabSeparated", "TSV", "TabSeparatedRaw", "CSV", "RowBinary", "JSONEachRow"}
)
"""Formats without head or tail: the engine's blocks, one after the other, are a valid whole."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement to run."""

    sql: bytes
    """Without the data of an INSERT and the FORMAT before it."""
    format: str
    is_insert_of_data: bool = False
    data: bytes = b""
    """The beginning of an INSERT's data; the rest of the body follows it."""
    is_select: bool = False

    @property
    def is_streamable(self) -> bool:
        """Whether blocks of the result may be sent on as they come."""
        return self.is_select and self.format in _INSTANT_FORMATS


def _words(text: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Yield (kind, token, end) of everything that is not space or comment."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "skip":
            yield kind, match.group(), match.end()


def read(text: bytes, *, is_whole: bool, default_format: str) -> Statement | None:
    """Return the statement at the head of a request, or None when more of the request must be seen first."""
    tokens = _words(text)
    first = next(tokens, None)
    if first is None:
        return Statement(b"", default_format) if is_whole else None
    if first[1].upper() == b"INSERT":
        insert = _insert(text)
        if insert is not None:
            return insert
    if not is_whole:
        return None
    return Statement(
        text, _result_format(text) or default_format, is_select=first[1].upper() in {b"SELECT", b"WITH", b"("}
    )


def _insert(text: bytes) -> Statement | None:
    """Split `INSERT INTO t (...) FORMAT x` from the data after it; None for VALUES, SELECT, or not yet seen."""
    depth, awaits_name = 0, False
    format_start = 0
    for kind, token, end in _words(text):
        if kind == "word" and awaits_name:
            # A name that ends with what has come so far may not be whole.
            if end == len(text):
                return None
            rest = _LINE_END.match(text, end)
            data_start = rest.end() if rest else end
            sql = text[:format_start]
            return Statement(sql, token.decode(), is_insert_of_data=True, data=text[data_start:])
        if kind == "other":
            depth += (token == b"(") - (token == b")")
        if kind == "word" and depth == 0:
            upper = token.upper()
            if upper in {b"VALUES", b"SELECT", b"WITH"}:
                return None
            awaits_name = upper == b"FORMAT"
            format_start = end - len(token)
    return None


def _result_format(text: bytes) -> str | None:
    """Return the name in a statement's last `FORMAT name`, outside of brackets."""
    depth, name, awaits_name = 0, None, False
    for kind, token, _ in _words(text):
        if kind == "word" and depth == 0:
            if awaits_name:
                name = token.decode()
            awaits_name = token.upper() == b"FORMAT"
            continue
        if kind == "other":
            depth += (token == b"(") - (token == b")")
        awaits_name = False
    return name


def forbid_outside(sql: bytes) -> None:
    """Refuse what reaches beyond the store: files, addresses, other databases, the process itself.

    Whoever can send a query may read all of the store, but must not read the machine through it.
    """
    before: list[str] = ["", ""]
    for kind, token, _ in _words(sql):
        word = token.decode("utf-8", "replace").strip('`"').lower()
        if word == "(" and before[-1] in _OUTSIDE_FUNCTIONS:
            _refuse(f"{before[-1]}()")
        if word in {"infile", "outfile"} and kind == "word":
            _refuse(word.upper())
        if before == ["engine", "="] and word in _OUTSIDE_ENGINES:
            _refuse(f"ENGINE = {word}")
        if before[-1] == "system" and word in {"shutdown", "kill"}:
            _refuse(f"SYSTEM {word.upper()}")
        before = [before[-1], word]


def _refuse(what: str) -> None:
    raise StoreError(
        497, f"The embedded store does not offer {what}: it serves its own tables only.", "ACCESS_DENIED"
    )
