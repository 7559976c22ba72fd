"""The store reads just enough of a statement: where data begins, and which format is wanted."""

import pytest

from ingest.clickhouse.embedded.statement import Statement, read


def _whole(text: bytes) -> Statement:
    found = read(text, is_whole=True, default_format="TabSeparated")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "format", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x01\x02", "Native", b"\x01\x02"),
        (b"INSERT INTO t (a, `FORMAT x`) FORMAT CSV\n\n1", "CSV", b"\n1"),
        (b"insert into t settings x = 'FORMAT y' format JSONEachRow {}", "JSONEachRow", b"{}"),
        (b"INSERT INTO t FORMAT Native \r\n\x0a", "Native", b"\x0a"),
        (b"/* FORMAT z */ INSERT INTO t -- FORMAT q\n FORMAT TSV\n1", "TSV", b"1"),
    ],
)
def test_the_data_of_an_insert_begins_after_its_format(text: bytes, format: str, data: bytes) -> None:
    found = _whole(text)

    assert (found.is_insert_of_data, found.format, found.data) == (True, format, data)
    assert b"FORMAT Native" not in found.sql


@pytest.mark.parametrize(
    "text",
    [b"INSERT INTO t VALUES (1)", b"INSERT INTO t SELECT 1 FORMAT Null", b"INSERT INTO t (a) SELECT 1"],
)
def test_an_insert_without_data_is_run_as_it_stands(text: bytes) -> None:
    assert not _whole(text).is_insert_of_data


@pytest.mark.parametrize(
    ("text", "format", "is_streamable"),
    [
        (b"SELECT 1", "TabSeparated", True),
        (b"SELECT 1 FORMAT Native", "Native", True),
        (b"SELECT 'FORMAT x' AS format FORMAT JSON", "JSON", False),
        (b"WITH 1 AS x SELECT x FORMAT JSONEachRow SETTINGS max_threads = 1", "JSONEachRow", True),
        (b"(SELECT 1 FORMAT TSV)", "TabSeparated", True),
        (b"CREATE TABLE t (a UInt8) ENGINE = Memory", "TabSeparated", False),
        (b"SHOW TABLES FORMAT Native", "Native", False),
    ],
)
def test_the_format_is_the_one_named_last_outside_of_brackets(
    text: bytes, format: str, is_streamable: bool
) -> None:
    found = _whole(text)

    assert (found.format, found.is_streamable) == (format, is_streamable)


@pytest.mark.parametrize("text", [b"", b"INSERT", b"INSERT INTO t FORMAT Nat", b"SELECT 1"])
def test_what_may_go_on_is_not_decided_yet(text: bytes) -> None:
    assert read(text, is_whole=False, default_format="TabSeparated") is None
