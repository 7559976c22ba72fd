"""Measure how many spans a receiver's one process makes durable, beside a bare app that throws the same bodies away.

python -m tests.benchmarks.receiver [--seconds 10] [--connections 32] [--durability fsync] [--stored 20000]

Then the whole way is measured, into ClickHouse; `--stored 0` leaves that out. Both run as processes of their own under the same server. The sender speaks raw HTTP with requests made
beforehand, each a trace of five spans: an agent, two model calls, a tool and a search.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import urlopen
from uuid import UUID

import uvloop

from console.demo.calls import STEADY
from console.demo.conversations import Conversation
from console.demo.domains import DOMAINS
from console.demo.llms import CHOICES
from console.demo.otlp import request_of
from console.demo.steps import Step, Trace
from inference_proxy.snapshot import ProjectConfig, Snapshot, dump
from ingest.keys import KeyGrant, KeyRing, hash_key, pepper_from
from tests.fixtures.receiver import KEY, PROJECT, records_in
from tests.fixtures.redis import free_port

SECRET = "benchmark"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure both and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--durability", choices=("fsync", "page_cache"), default="fsync")
    parser.add_argument("--stored", type=int, default=20_000, help="spans to send the whole way")
    parser.add_argument("--floor-port", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.floor_port:
        _serve_floor(arguments.floor_port)
        return
    bodies = make_bodies(400)
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        with floor() as process:
            floor_run = measure(process, bodies, arguments.seconds, arguments.connections)
        with receiver(home, arguments.durability) as process:
            run = measure(process, bodies, arguments.seconds, arguments.connections)
        in_spool = len(records_in(home / "spool"))
    with tempfile.TemporaryDirectory() as directory:
        end_to_end = _whole_way(Path(directory), bodies, arguments)
    document = {
        "benchmark": "receiver",
        "spans_per_s": round(run.spans / run.seconds),
        "cpu_us_per_span": round(run.cpu_s / run.spans * 1e6, 1),
        "spans_per_cpu_s": round(run.spans / run.cpu_s),
        "requests_per_s": round(run.requests / run.seconds),
        "p50_ms": run.percentile_ms(0.5),
        "p99_ms": run.percentile_ms(0.99),
        "acknowledged_spans": run.spans,
        "spans_in_spool": in_spool,
        "rss_mib": run.rss_mib,
        "floor": {
            "what": "bare ASGI app that reads and discards the same bodies",
            "requests_per_s": round(floor_run.requests / floor_run.seconds),
            "cpu_us_per_span": round(floor_run.cpu_s / floor_run.spans * 1e6, 1),
        },
        "end_to_end": end_to_end,
        "conditions": {
            "durability": arguments.durability,
            "connections": arguments.connections,
            "spans_per_request": 5,
            "bytes_per_request": round(sum(map(len, bodies)) / len(bodies)),
            "cores": os.cpu_count(),
            "load_average": os.getloadavg()[0],
            "python": platform.python_version(),
        },
    }
    print(json.dumps(document, indent=2))
    if in_spool < run.spans:
        sys.exit(f"{run.spans - in_spool} acknowledged spans are not in the spool")


def _whole_way(home: Path, bodies: list[bytes], arguments: argparse.Namespace) -> dict[str, Any] | None:
    if not arguments.stored:
        return None
    from tests.benchmarks import storing

    return storing.measure(
        home,
        bodies,
        spans=arguments.stored,
        connections=arguments.connections,
        durability=arguments.durability,
    )


@dataclass
class Run:
    """What was acknowledged, and what it took."""

    requests: int
    seconds: float
    cpu_s: float
    latencies_s: list[float]
    rss_mib: int

    @property
    def spans(self) -> int:
        return self.requests * 5

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return round(ordered[int(share * (len(ordered) - 1))] * 1_000, 2)


@dataclass
class Process:
    """A server under measurement."""

    pid: int
    port: int

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def rss_mib(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024 // 1024


def measure(process: Process, bodies: list[bytes], seconds: float, connections: int) -> Run:
    """Send for a while, after a second of warming up."""
    requests = [http(body) for body in bodies]
    uvloop.run(_load(process.port, requests, 1.0, connections))
    cpu_before, began = process.cpu_s(), time.monotonic()
    latencies = uvloop.run(_load(process.port, requests, seconds, connections))
    took_s = time.monotonic() - began
    return Run(len(latencies), took_s, process.cpu_s() - cpu_before, latencies, process.rss_mib())


async def _load(port: int, requests: list[bytes], seconds: float, connections: int) -> list[float]:
    until = time.monotonic() + seconds
    latencies: list[float] = []

    async def work(offset: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = offset
        while time.monotonic() < until:
            began = time.monotonic()
            await post(reader, writer, requests[number % len(requests)])
            latencies.append(time.monotonic() - began)
            number += 7
        writer.close()

    await asyncio.gather(*(work(number * 13) for number in range(connections)))
    return latencies


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Send one request and see every span of it accepted."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert length == 0, "a span was not accepted"


def http(body: bytes) -> bytes:
    """Return a whole HTTP request."""
    head = (
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n"
        f"authorization: Bearer {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def make_bodies(count: int) -> list[bytes]:
    """Return requests with one trace of five spans each, in both dialects, in ever new words."""
    random = Random(1)
    now_us = int(datetime.now(UTC).timestamp() * 1e6) - 60_000_000
    bodies: list[bytes] = []
    while len(bodies) < count:
        domain = random.choice(DOMAINS)
        talk = Conversation.begin(domain, CHOICES[domain.name][0], domain.instructions[1], random)
        agent, search = talk.agent(STEADY), talk.search(STEADY)
        chosen = [step for step in agent.steps if step.failure is None][:3] + [
            search.steps[1],
            search.steps[-1],
        ]
        kinds = [step.kind for step in chosen]
        if kinds != ["llm", "tool", "llm", "retriever", "llm"] or search.failure is not None:
            continue
        agent.steps = [*chosen[:2], *chosen[3:]]
        trace = Trace(
            root=_whole(agent),
            start_us=now_us + len(bodies),
            domain=domain.name,
            service=domain.service,
            release="1",
            environment="production",
            feature=domain.feature_agent,
            prompt=f"{domain.name}@1",
            session_id=f"session-{len(bodies)}",
            user_id=f"user-{len(bodies) % 50}",
            tags=("benchmark",),
        )
        bodies.append(request_of([trace], run="benchmark").SerializeToString())
    return bodies


def _whole(agent: Step) -> Step:
    return agent.enclose(1_000)


@contextlib.contextmanager
def receiver(home: Path, durability: str) -> Iterator[Process]:
    """Run the receiver with one key, no policy, and its spool on this machine's disk."""
    grant = KeyGrant(id=UUID(int=8), project_id=PROJECT, project="lighthouse", name="benchmark")
    snapshot = Snapshot(
        version="1",
        keys=KeyRing({hash_key(KEY, pepper=pepper_from(SECRET)): grant}),
        projects={PROJECT: ProjectConfig(id=PROJECT, slug="lighthouse")},
        upstreams={},
    )
    (home / "snapshot.json").write_bytes(dump(snapshot))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARAPET_")}
    environment |= {
        "PARAPET_HOME": str(home),
        "PARAPET_SECRET_KEY": SECRET,
        "PARAPET_SNAPSHOT_FILE": str(home / "snapshot.json"),
        "PARAPET_DURABILITY": durability,
        "PARAPET_LOG_LEVEL": "warning",
    }
    with _running(["-m", "inference_proxy.receiver", "--port"], environment) as process:
        yield process


@contextlib.contextmanager
def floor() -> Iterator[Process]:
    """Run the bare app."""
    with _running(["-m", "tests.benchmarks.receiver", "--floor-port"], dict(os.environ)) as process:
        yield process


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[Process]:
    port = free_port()
    with subprocess.Popen([sys.executable, *command, str(port)], env=environment) as popen:
        try:
            deadline = time.monotonic() + 20
            while not _is_healthy(port):
                assert popen.poll() is None, "the server ended at once"
                assert time.monotonic() < deadline, "the server was not ready within 20 s"
                time.sleep(0.05)
            yield Process(popen.pid, port)
        finally:
            popen.terminate()


def _is_healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _serve_floor(port: int) -> None:
    import uvicorn

    uvicorn.run(
        _discard,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        date_header=False,
        log_config=None,
    )


async def _discard(scope: Any, receive: Any, send: Any) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    headers = [(b"content-type", b"application/x-protobuf"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    main()
