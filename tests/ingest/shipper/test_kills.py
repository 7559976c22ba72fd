"""Whole processes that die: the shipper, the store, both; and two shippers at once."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.clickhouse import migrate
from ingest.clickhouse.client import connect
from ingest.records import encode
from ingest.spool import SpoolWriter
from tests.fixtures.store import EmbeddedServer
from tests.ingest.shipper.conftest import Pipeline
from tests.makers import make_event, make_span

LIVES = 25


class Traffic:
    """Spans that keep coming while a test is under way."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.sent = 0
        self._pipeline = pipeline
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        self._thread.join(10)

    def _send(self) -> None:
        project = self._pipeline.project_id
        writer = SpoolWriter(self._pipeline.root, roll_after_s=0.05, segment_bytes=64 * 1024)
        while not self._is_over.wait(0.03):
            spans = [make_span(project, at=datetime.now(UTC)) for _ in range(10)]
            writer.append_blocking([encode(span) for span in spans] + [encode(make_event(project))])
            self.sent += len(spans)
        writer.close()


@pytest.fixture
def traffic(pipeline: Pipeline) -> Iterator[Traffic]:
    running = Traffic(pipeline)
    yield running
    running.end()


def run_killed_shippers(
    pipeline: Pipeline, url: str, lives: int, longest_s: float
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-W", "error", "-m", "tests.fakes.killed_shippers"]
    return subprocess.Popen([*command, str(pipeline.root), url, str(lives), str(longest_s)])


def test_killed_shippers_store_every_span_once(pipeline: Pipeline, traffic: Traffic) -> None:
    shippers = run_killed_shippers(pipeline, pipeline.settings.clickhouse_url, LIVES, 0.35)
    time.sleep(4)
    traffic.end()

    assert shippers.wait(100) == 0
    assert traffic.sent > 500
    pipeline.assert_exact(traffic.sent)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "clickhouse")
    server.start()
    client = connect(server.url)
    migrate.apply(client)
    client.close()
    yield server
    server.stop()


def test_a_store_killed_in_the_middle_of_it_all_holds_every_span_once(
    pipeline: Pipeline, traffic: Traffic, store: EmbeddedServer
) -> None:
    shippers = run_killed_shippers(pipeline, store.url, 8, 1.0)
    for pause_s in (0.7, 1.1):
        time.sleep(pause_s)
        store.kill()
        time.sleep(0.3)
        store.start()
    traffic.end()

    assert shippers.wait(100) == 0
    client = connect(store.url)
    replace(pipeline, client=client).assert_exact(traffic.sent)
    client.close()


def test_what_a_store_lost_after_acknowledging_it_is_sent_again(
    pipeline: Pipeline, store: EmbeddedServer, tmp_path: Path
) -> None:
    pipeline.settings = replace(pipeline.settings, clickhouse_url=store.url)
    spans = [make_span(pipeline.project_id, at=datetime.now(UTC)) for _ in range(30)]
    pipeline.spool(*spans[:20], make_event(pipeline.project_id))
    pipeline.ship()
    store.stop()
    time.sleep(1.1)  # a store's uptime is in whole seconds
    store.directory = tmp_path / "a store that remembers nothing"
    store.start()
    client = connect(store.url)
    migrate.apply(client)
    pipeline.spool(*spans[20:])
    pipeline.ship()
    again = pipeline.ship()

    replace(pipeline, client=client).assert_exact(30)
    assert client.query("SELECT count() FROM guard_events").result_rows == [(1,)]
    assert again.tally.shipped_records == 0
    client.close()


def a_shipper(pipeline: Pipeline) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "ingest.shipper"],
        env={
            "PARAPET_SPOOL_DIR": str(pipeline.root),
            "PARAPET_CLICKHOUSE_URL": pipeline.settings.clickhouse_url,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_two_shippers_one_works_and_the_other_takes_over(pipeline: Pipeline, traffic: Traffic) -> None:
    one, two = a_shipper(pipeline), a_shipper(pipeline)
    status = pipeline.root / "shipper.json"
    while not status.exists() or json.loads(status.read_bytes())["shipped_records"] < 100:
        time.sleep(0.05)
    working = json.loads(status.read_bytes())["pid"]
    first, second = (one, two) if one.pid == working else (two, one)
    first.kill()
    first.communicate(timeout=10)
    while json.loads(status.read_bytes())["pid"] != second.pid:
        time.sleep(0.05)
    traffic.end()
    while pipeline.sums()[0] < traffic.sent:
        time.sleep(0.05)
    second.send_signal(signal.SIGTERM)
    _, log = second.communicate(timeout=8)

    assert second.returncode == 0
    assert "another shipper works on" in log
    pipeline.assert_exact(traffic.sent)


def test_a_setting_that_cannot_be_understood_stops_the_start_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingest.shipper"],
        env={"PARAPET_CLICKHOUSE_URL": "somewhere"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("PARAPET_CLICKHOUSE_URL is 'somewhere'; give ClickHouse's HTTP address")
