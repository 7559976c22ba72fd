"""The whole way of received spans: acknowledged by the receiver, carried by the shipper, visible in ClickHouse.

A part of `python -m tests.benchmarks.receiver`. Each request has ids of its own: what comes twice is stored once.
The floor is the same rows, given to the same ClickHouse as columns that were made beforehand.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import uvloop
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest import prices
from ingest.clickhouse import migrate
from ingest.clickhouse.client import Client, connect
from ingest.records import PricedSpan, Record, Span
from ingest.writer import write
from tests.benchmarks import receiver as receiving
from tests.fixtures.receiver import records_in
from tests.fixtures.store import EmbeddedServer

AT_ONCE = 5_000
"""Spans in an insert, for the shipper as for the floor."""


def measure(
    home: Path, bodies: list[bytes], *, spans: int, connections: int, durability: str
) -> dict[str, Any]:
    """Send spans and wait until every one of them can be read."""
    store = EmbeddedServer(home / "clickhouse")
    store.start()
    try:
        client = _migrated(_url(store, "end_to_end"))
        requests = [receiving.http(_with_own_ids(bodies[n % len(bodies)], n)) for n in range(spans // 5)]
        with receiving.receiver(home, durability) as receiver, shipper(home, store) as shipping:
            processes = {
                "receiver": receiver,
                "shipper": shipping,
                "clickhouse": _process(store),
            }
            before = {name: process.cpu_s() for name, process in processes.items()}
            began = time.monotonic()
            uvloop.run(_send_once(receiver.port, requests, connections))
            acknowledged_s = time.monotonic() - began
            _wait_for(client, spans)
            stored_s = time.monotonic() - began
            cpu_us = {
                name: round((process.cpu_s() - before[name]) / spans * 1e6, 1)
                for name, process in processes.items()
            }
        return {
            "spans": spans,
            "stored_per_s": round(spans / stored_s),
            "acknowledged_per_s": round(spans / acknowledged_s),
            "cpu_us_per_span": cpu_us,
            "floor": _floor(store, records_in(home / "spool")),
        }
    finally:
        store.stop()


@contextlib.contextmanager
def shipper(home: Path, store: EmbeddedServer) -> Iterator[receiving.Process]:
    """Run a shipper from the receiver's spool into the store."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARAPET_")}
    environment |= {
        "PARAPET_HOME": str(home),
        "PARAPET_CLICKHOUSE_URL": _url(store, "end_to_end"),
        "PARAPET_LOG_LEVEL": "warning",
    }
    with subprocess.Popen([sys.executable, "-m", "ingest.shipper"], env=environment) as popen:
        try:
            yield receiving.Process(popen.pid, 0)
        finally:
            popen.terminate()


def _migrated(url: str) -> Client:
    migrate.ensure_database(url)
    client = connect(url)
    migrate.apply(client)
    return client


def _with_own_ids(body: bytes, number: int) -> bytes:
    """Return a request with the ids of its trace and spans changed; ids are random enough to be unique in it."""
    request = ExportTraceServiceRequest.FromString(body)
    change = number.to_bytes(4, "big")
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                span.trace_id = change + span.trace_id[4:]
                span.span_id = change + span.span_id[4:]
                span.parent_span_id = span.parent_span_id and change + span.parent_span_id[4:]
    changed: bytes = request.SerializeToString()
    return changed


async def _send_once(port: int, requests: list[bytes], connections: int) -> None:
    left = iter(requests)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in left:
            await receiving.post(reader, writer, request)
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))


def _wait_for(client: Client, spans: int) -> None:
    deadline = time.monotonic() + 120
    while (stored := int(str(client.command("SELECT count() FROM spans")))) < spans:
        assert time.monotonic() < deadline, f"{stored} of {spans} spans were stored within two minutes"
        time.sleep(0.05)


class _Recorder:
    """Takes inserts down instead of sending them."""

    def __init__(self) -> None:
        self.inserts: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def insert(self, *arguments: Any, **options: Any) -> None:
        self.inserts.append((arguments, options))


def _floor(store: EmbeddedServer, records: list[Record]) -> dict[str, Any]:
    client = _migrated(_url(store, "floor"))
    recorder = _Recorder()
    spans = [PricedSpan(each, prices.price(each)) for each in records if isinstance(each, Span)]
    for start in range(0, len(spans), AT_ONCE):
        write(cast(Client, recorder), spans[start : start + AT_ONCE], token=str(start))
    process = _process(store)
    client_cpu_s, store_cpu_s, began = time.process_time(), process.cpu_s(), time.monotonic()
    for arguments, options in recorder.inserts:
        client.insert(*arguments, **options)
    seconds = time.monotonic() - began
    return {
        "what": "the same rows inserted from ready-made columns",
        "stored_per_s": round(len(spans) / seconds),
        "cpu_us_per_span": {
            "client": round((time.process_time() - client_cpu_s) / len(spans) * 1e6, 1),
            "clickhouse": round((process.cpu_s() - store_cpu_s) / len(spans) * 1e6, 1),
        },
    }


def _url(store: EmbeddedServer, database: str) -> str:
    return f"http://127.0.0.1:{store.port}/{database}"


def _process(store: EmbeddedServer) -> receiving.Process:
    assert store.process is not None
    return receiving.Process(store.process.pid, store.port)
