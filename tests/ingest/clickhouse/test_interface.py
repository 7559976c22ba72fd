"""What we use of ClickHouse through its HTTP client gives the same on the embedded store and on a server.

With PARAPET_TEST_CLICKHOUSE_URL set, these tests ask that server.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import IOBase
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import StreamFailureError

from ingest.clickhouse import migrate
from ingest.clickhouse.client import Client, DatabaseError, connect

AT = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
ID = uuid.UUID("0190b0e0-1111-7222-8333-444455556666")
TYPES: list[tuple[str, Any]] = [
    ("UInt8", 255),
    ("UInt16", 65_535),
    ("UInt32", 2**32 - 1),
    ("UInt64", 2**64 - 1),
    ("UInt128", 2**128 - 1),
    ("Int32", -(2**31)),
    ("Int64", -(2**63)),
    ("Float64", 0.1),
    ("Bool", True),
    ("String", "plain"),
    ("String", "tab\t newline\n quote ' backslash \\ NUL-free ☃ \\N"),
    ("String", ""),
    ("String", "'; DROP TABLE spans; --"),
    ("LowCardinality(String)", "few"),
    ("UUID", ID),
    ("Date", date(2026, 3, 4)),
    ("DateTime('UTC')", AT.replace(microsecond=0)),
    ("DateTime64(3, 'UTC')", AT.replace(microsecond=891_000)),
    ("DateTime64(6, 'UTC')", AT),
    ("Decimal(18, 9)", Decimal("0.000000001")),
    ("Decimal(38, 9)", Decimal("12345678901234567890.123456789")),
    ("Nullable(Float64)", None),
    ("Nullable(UInt64)", 7),
    ("Array(String)", ["a", "it's", "tab\there", ""]),
    ("Array(UInt128)", [1, 2**127]),
    ("Array(UUID)", [ID]),
]
COLUMNS: list[tuple[str, list[Any]]] = [
    ("UInt64", [0, 2**64 - 1]),
    ("UInt128", [0, 2**128 - 1]),
    ("Nullable(UInt16)", [None, 65_535]),
    ("Float64", [0.5, float("inf")]),
    ("Bool", [True, False]),
    ("String", ["", "☃ \0 \n"]),
    ("LowCardinality(String)", ["a", "b"]),
    ("UUID", [ID, uuid.UUID(int=0)]),
    ("Nullable(UUID)", [ID, None]),
    ("Date", [date(1970, 1, 1), date(2100, 1, 1)]),
    ("DateTime64(6, 'UTC')", [AT, AT]),
    ("Nullable(Decimal(18, 9))", [Decimal("0.000000001"), None]),
    ("Array(LowCardinality(String))", [[], ["x", "y"]]),
    ("Array(UInt128)", [[2**127], []]),
    ("Map(LowCardinality(String), String)", [{}, {"k": "v", "": "☃"}]),
    ("Map(LowCardinality(String), UInt32)", [{"n": 1}, {}]),
]


@pytest.fixture
def client(clickhouse_server_url: str) -> Iterator[Client]:
    name = f"interface_{uuid.uuid4().hex[:12]}"
    migrate.ensure_database(f"{clickhouse_server_url}/{name}")
    client = connect(f"{clickhouse_server_url}/{name}")
    yield client
    client.command(f"DROP DATABASE {name}")
    client.close()


@pytest.mark.parametrize(("kind", "value"), TYPES)
def test_a_typed_parameter_arrives_as_it_was_sent(client: Client, kind: str, value: Any) -> None:
    rows = client.query(f"SELECT {{value:{kind}}}", {"value": value}).result_rows

    assert rows == [(value,)]


@pytest.mark.parametrize(("kind", "values"), COLUMNS)
def test_a_column_comes_back_as_it_went_in(client: Client, kind: str, values: list[Any]) -> None:
    client.command(f"CREATE TABLE t (n UInt8, v {kind}) ENGINE = MergeTree ORDER BY n")

    client.insert("t", [[0, 1], values], column_names=["n", "v"], column_oriented=True)

    assert [row[0] for row in client.query("SELECT v FROM t ORDER BY n").result_rows] == values


def test_parameters_too_long_for_an_address_travel_as_a_form(client: Client) -> None:
    words = [f"word {n} ☃" for n in range(20_000)]

    rows = client.query(
        "SELECT length({w:Array(String)}), {w:Array(String)}[20000]", {"w": words}
    ).result_rows

    assert rows == [(20_000, "word 19999 ☃")]


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", False])
def test_every_coding_works_in_both_directions(client: Client, coding: str | bool) -> None:
    coded = clickhouse_connect.get_client(
        host=client.url.split("//")[1].split(":")[0],  # type: ignore[attr-defined]
        port=int(client.url.rsplit(":", 1)[1]),  # type: ignore[attr-defined]
        database=client.database,
        compress=coding,
        autogenerate_session_id=False,
    )
    coded.command("CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")

    coded.insert(
        "t", [list(range(100_000)), ["text"] * 100_000], column_names=["n", "s"], column_oriented=True
    )

    assert coded.query("SELECT count(), sum(n), uniq(s) FROM t").result_rows == [(100_000, 4_999_950_000, 1)]
    assert len(coded.query("SELECT * FROM t").result_rows) == 100_000
    coded.close()


def test_an_insert_may_be_given_as_ready_bytes(client: Client) -> None:
    client.command("CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")

    client.raw_insert("t", ["n", "s"], b'{"n": 1, "s": "a"}\n{"n": 2, "s": "b"}\n', fmt="JSONEachRow")
    client.raw_insert("t", ["n", "s"], (piece for piece in (b"3\tc\n", b"4\td\n")), fmt="TabSeparated")
    client.command("INSERT INTO t VALUES (5, 'FORMAT'), (6, 'x')")
    client.command("INSERT INTO t SELECT number, 'made' FROM numbers(7, 2)")

    rows = client.query("SELECT * FROM t ORDER BY n").result_rows
    assert rows[:6] == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "FORMAT"), (6, "x")]
    assert [n for n, _ in rows[6:]] == [7, 8]


def test_results_are_counted_and_commands_answer(client: Client) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")

    summary = client.insert("t", [[1], [2]], column_names=["n"])

    assert summary.written_rows == 2
    assert client.command("SELECT count() FROM t") == 2
    assert client.query("SELECT n FROM t ORDER BY n").column_names == ("n",)
    assert client.query("SELECT n FROM t WHERE n > 5").result_rows == []
    assert client.ping()


def test_a_large_result_is_streamed_block_by_block(client: Client) -> None:
    blocks = 0
    total = 0
    with client.query_row_block_stream("SELECT number, toString(number) FROM numbers(1000000)") as stream:
        for block in stream:
            blocks += 1
            total += len(block)

    assert total == 1_000_000
    assert blocks > 5


def test_queries_whose_readers_left_end_and_leave_the_store_well(client: Client) -> None:
    for _ in range(12):
        endless = client.raw_stream("SELECT number FROM numbers(1000000000000)", fmt="Native")
        assert isinstance(endless, IOBase)
        assert endless.read(1000)
        endless.close()

    # There are fewer connections to the engine than there were readers.
    assert client.query("SELECT 1").result_rows == [(1,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nothing FROM nowhere", 60),
        ("SELECT unknown_column FROM system.one", 47),
        ("SELECT no_such_function(1)", 46),
        ("SELECT FROM WHERE", 62),
        ("SELECT throwIf(1)", 395),
        ("SELECT {unknown:String}", 456),
        ("SELECT toUInt8('x')", 6),
    ],
)
def test_an_error_carries_clickhouses_code(client: Client, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as raised:
        client.query(sql)

    assert raised.value.code == code
    assert f"Code: {code}." in str(raised.value)


def test_an_unknown_database_is_an_error_with_its_code(clickhouse_server_url: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        connect(f"{clickhouse_server_url}/does_not_exist").query("SELECT 1")

    assert raised.value.code == 81


def test_an_insert_of_bad_data_is_an_error_and_stores_nothing(client: Client) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")

    with pytest.raises(DatabaseError):
        client.raw_insert("t", ["n"], b"1\nnot a number\n", fmt="TabSeparated")

    assert client.command("SELECT count() FROM t") == 0


def test_an_error_in_the_middle_of_a_stream_is_raised(client: Client) -> None:
    sql = "SELECT throwIf(number = 3000000), number FROM numbers(4000000)"

    with (
        pytest.raises(StreamFailureError, match="FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        client.query_row_block_stream(sql) as stream,
    ):
        for _ in stream:
            pass


def test_rows_of_a_query_that_failed_never_show_in_another(client: Client) -> None:
    for _ in range(10):
        with pytest.raises(DatabaseError):
            client.query("SELECT throwIf(number = 3000000) FROM numbers(4000000)")

    for _ in range(10):
        assert client.query("SELECT 1, 'mine'").result_rows == [(1, "mine")]


def test_settings_hold_for_their_request_only(client: Client) -> None:
    changed = "SELECT value, changed FROM system.settings WHERE name = 'max_result_rows'"

    assert client.query(changed, settings={"max_result_rows": 7}).result_rows == [("7", 1)]
    assert {client.query(changed).result_rows[0] for _ in range(10)} == {("0", 0)}
    client.command("SET max_result_rows = 9")
    assert {client.query(changed).result_rows[0] for _ in range(10)} == {("0", 0)}


def test_a_setting_that_is_broken_is_an_error(client: Client) -> None:
    with pytest.raises(DatabaseError, match="TOO_MANY_ROWS_OR_BYTES|max_result_rows"):
        client.query("SELECT number FROM numbers(100)", settings={"max_result_rows": 7})


def test_slow_queries_do_not_wait_for_one_another(clickhouse_server_url: str) -> None:
    clients = [connect(f"{clickhouse_server_url}/default") for _ in range(4)]
    threads = [threading.Thread(target=client.query, args=("SELECT sleep(1)",)) for client in clients]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert time.monotonic() - began < 3


def test_one_client_serves_many_threads(client: Client) -> None:
    answers: list[int] = []

    def ask(number: int) -> None:
        for _ in range(20):
            answer = client.query("SELECT {n:UInt64}", {"n": number}).result_rows[0][0]
            answers.append(answer - number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [0] * 160
