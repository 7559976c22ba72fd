"""The embedded store as a process: what it acknowledged survives anything, and it keeps its directory to itself."""

import os
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.clickhouse import migrate
from ingest.clickhouse.client import ClickHouseError, Client, DatabaseError, connect
from ingest.writer import write
from tests.fixtures.store import EmbeddedServer
from tests.makers import NOON, make_priced

TOTALS = """
SELECT
    (SELECT count() FROM spans WHERE project_id = {project_id:UUID}),
    (SELECT sum(spans) FROM usage_by_hour WHERE project_id = {project_id:UUID}),
    (SELECT sum(calls) FROM usage_by_user WHERE project_id = {project_id:UUID})
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "clickhouse")
    server.start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.kill()


def _connected(server: EmbeddedServer) -> Client:
    return connect(server.url)


def test_an_idle_store_takes_less_than_700_megabytes(server: EmbeddedServer) -> None:
    migrate.apply(_connected(server))
    assert server.process is not None

    status = Path(f"/proc/{server.process.pid}/status").read_text()
    resident_kb = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    assert resident_kb < 700_000


def test_asked_to_end_it_ends_well_and_soon(server: EmbeddedServer) -> None:
    began = time.monotonic()

    assert server.stop() == 0
    assert time.monotonic() - began < 8


def test_a_query_that_takes_long_does_not_keep_it_from_ending(server: EmbeddedServer) -> None:
    asked = threading.Thread(target=_ask_for_long, args=(server,))
    asked.start()
    time.sleep(0.5)
    began = time.monotonic()

    assert server.stop() == 0
    assert time.monotonic() - began < 8
    asked.join()


def _ask_for_long(server: EmbeddedServer) -> None:
    with suppress(ClickHouseError, OSError):
        _connected(server).query(
            "SELECT sleepEachRow(3) FROM numbers(20)",
            settings={"function_sleep_max_microseconds_per_block": 100_000_000, "max_block_size": 1},
        )


def test_a_second_process_on_the_directory_is_refused_in_one_sentence(server: EmbeddedServer) -> None:
    second = server.spawn()
    _, errors = second.communicate(timeout=30)

    assert second.returncode == 1
    assert errors.decode().strip() == (
        f"Another embedded store has {server.directory} open; stop it first, or choose another --data-dir."
    )
    assert server.answers()


def test_a_port_in_use_is_said_in_one_sentence(server: EmbeddedServer, tmp_path: Path) -> None:
    other = EmbeddedServer(tmp_path / "other")
    other.port = server.port
    process = other.spawn()
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 1
    assert errors.decode().startswith(f"Cannot listen on 127.0.0.1:{server.port}: Address already in use.")


def test_no_acknowledged_batch_is_lost_and_none_counts_twice_through_kills(server: EmbeddedServer) -> None:
    project_id = uuid.uuid4()
    migrate.apply(_connected(server))
    batches = [
        (f"batch-{n}", [make_priced(project_id, at=NOON, user_id=f"u{i}") for i in range(50)])
        for n in range(400)
    ]
    acknowledged = 0
    for cycle in range(5):
        client = _connected(server)
        # The last two acknowledged ones are sent again: an acknowledgement may get lost on its way.
        position = max(acknowledged - 2, 0)
        for token, batch in batches[position : position + 5]:
            write(client, batch, token=token)
            position += 1
        acknowledged = position
        # From here on the store dies at any moment, in the middle of an insert more often than not.
        timer = threading.Timer(0.004 * cycle, server.kill)
        timer.start()
        with suppress(ClickHouseError, OSError):
            for token, batch in batches[position:]:
                write(client, batch, token=token)
                acknowledged += 1
        timer.join()
        server.start()
    client = _connected(server)
    # Whatever was not acknowledged is sent again, as the shipper would.
    token, batch = batches[acknowledged]
    write(client, batch, token=token)

    sent = (acknowledged + 1) * 50
    assert acknowledged >= 17
    assert client.query(TOTALS, {"project_id": project_id}).result_rows == [(sent, sent, sent)]


def test_a_data_directory_serves_the_same_rows_after_a_clean_restart(server: EmbeddedServer) -> None:
    client = _connected(server)
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    client.insert("t", [[n] for n in range(1000)], column_names=["n"])
    server.stop()
    server.start()

    assert _connected(server).command("SELECT sum(n) FROM t") == 499_500


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT file('/etc/passwd')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM /* hidden */ `url` ('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM Remote('127.0.0.1', system.one)",
        "SELECT * FROM s3('http://127.0.0.1:1/b', 'CSV')",
        "SELECT * FROM executable('id', 'TabSeparated', 's String')",
        "SELECT * FROM sqlite('/tmp/x.db', 't')",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "INSERT INTO FUNCTION file('/tmp/x', 'CSV', 'n UInt8') VALUES (1)",
        "INSERT INTO FUNCTION file('/tmp/x', 'CSV', 'n UInt8') FORMAT CSV 1",
        "CREATE TABLE x (n UInt8) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
        "CREATE TABLE x (n UInt8) ENGINE=File(CSV)",
        "CREATE DICTIONARY d (n UInt64) PRIMARY KEY n SOURCE(HTTP(url 'http://x/' format 'CSV')) LAYOUT(FLAT())",
        "BACKUP TABLE t TO File('/tmp/x')",
        "SYSTEM SHUTDOWN",
    ],
)
def test_the_machine_cannot_be_read_through_the_store(server_of_module: EmbeddedServer, sql: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        _connected(server_of_module).command(sql)

    assert raised.value.code == 497


def test_words_that_only_look_dangerous_are_let_through(server_of_module: EmbeddedServer) -> None:
    client = _connected(server_of_module)

    assert client.command("SELECT 'file(1) url( INTO OUTFILE' AS file -- url(") == "file(1) url( INTO OUTFILE"
    assert client.command("SELECT count() AS remote, domain('http://a.b/c') AS url") == ["1", "a.b"]


@pytest.mark.parametrize("header", ["Origin", "Sec-Fetch-Site"])
def test_a_page_in_a_browser_is_not_answered(server_of_module: EmbeddedServer, header: str) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server_of_module.port}/?query=SELECT%201", headers={header: "http://evil.example"}
    )

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)

    assert raised.value.code == 403
    raised.value.close()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"   -- nothing\n", {}, 400),
        (b"SELECT '\xff'", {}, 400),
        (b"not lz4", {"Content-Encoding": "lz4"}, 400),
        (b"SELECT 1", {"Content-Encoding": "br"}, 400),
        (b"SELECT 1;SELECT 2", {}, 400),
        (b"garbage", {"Content-Type": "multipart/form-data; boundary=x"}, 400),
    ],
)
def test_a_request_that_makes_no_sense_gets_an_error_and_not_a_crash(
    server_of_module: EmbeddedServer, body: bytes, headers: dict[str, str], status: int
) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{server_of_module.port}/", data=body, headers=headers)

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)

    assert raised.value.code == status
    assert raised.value.headers["X-ClickHouse-Exception-Code"]
    raised.value.close()
    assert server_of_module.answers()


@pytest.fixture(scope="module")
def server_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path_factory.mktemp("store"))
    server.start()
    yield server
    server.stop()


def test_an_insert_that_breaks_off_keeps_the_store_working(server_of_module: EmbeddedServer) -> None:
    client = _connected(server_of_module)
    client.command("CREATE TABLE broken_off (n UInt64) ENGINE = MergeTree ORDER BY n")
    port = server_of_module.port

    for _ in range(10):
        _send_half_an_insert(port)

    assert client.command("SELECT count() FROM broken_off") == 0
    client.insert("broken_off", [[1]], column_names=["n"])
    assert client.command("SELECT count() FROM broken_off") == 1


def _send_half_an_insert(port: int) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(
            b"POST /?query=INSERT+INTO+broken_off+FORMAT+TabSeparated HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 1000\r\n\r\n1\n2\n"
        )
        time.sleep(0.02)


def test_the_time_zone_of_the_machine_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Kathmandu")
    server = EmbeddedServer(tmp_path / "zone")
    server.start()
    found = _connected(server).query("SELECT timezone(), toString(toDateTime(0))").result_rows
    server.kill()

    assert found == [("UTC", "1970-01-01 00:00:00")]
