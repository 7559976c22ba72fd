"""Measures the proxy against a mock upstream, with bare nginx in front of the same mock as the floor.

    python -m tests.benchmarks.proxy [--seconds 5] [--json FILE]

Needs nginx and wrk (Debian: apt-get install nginx-light wrk). Everything is on: keys, limits, two guards of
tier 1, durable traces. Prints JSON; CPU time is that of the proxy's process, from /proc.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import orjson
import uvicorn
import uvloop

from guardrails.policy import GuardConfig, Policy
from inference_proxy.snapshot import ProjectConfig, Route, Snapshot, Target, UpstreamConfig, dump
from ingest.keys import KeyGrant, KeyRing, hash_key, pepper_from
from tests.fakes.upstream import DONE, chunk, completion, delta, event
from tests.fixtures.redis import PrivateRedis, free_port

SECRET, KEY = "benchmark", "pk_benchmark"
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
TICKS = os.sysconf("SC_CLK_TCK")
NUMBER = "{number}"
"""Where no two questions are the same: a guard that has seen a text before knows what to think of it."""
QUESTION = f"Question {NUMBER}. " + "Tell me about the parapet of the old town hall. " * 18
ANSWER = "Answer $connection-$connection_requests. " + "A parapet is a low wall at the edge of a roof. " * 9
"""nginx makes every answer another one, too."""
REQUEST = {"model": "mock", "messages": [{"role": "user", "content": QUESTION}], "temperature": 0.5}
STREAMS, CHUNKS = 50, 100
MYSELF = (sys.executable, "-m", "tests.benchmarks.proxy")


def policy() -> Policy:
    """Two guards of tier 1: patterns that mask, words that block."""
    patterns = {"patterns": ["email", "credit_card", "iban", "openai_key", "aws_key"]}
    return Policy(
        id=THREE,
        name="benchmark",
        version=1,
        guards=(
            GuardConfig(name="secrets", kind="pattern", action="mask", parameters=patterns),
            GuardConfig(
                name="words", kind="words", action="block", parameters={"words": ["launch code", "xyzzy"]}
            ),
        ),
    )


def snapshot(upstream: str, *, guarded: bool, limited: bool) -> bytes:
    """What the proxy serves in one scenario."""
    config = UpstreamConfig(id=ONE, name="mock", provider="openai", protocol="openai", base_url=upstream)
    route = Route(model="mock", targets=(Target(upstream_id=ONE, model="gpt-4o"),))
    grant = KeyGrant(id=TWO, project_id=TWO, project="benchmark", name="benchmark")
    if limited:
        grant = replace(
            grant, requests_per_minute=10**9, tokens_per_minute=10**9, budget_usd_per_day="1000000"
        )
    project = ProjectConfig(id=TWO, slug="benchmark", routes=(route,), policy=policy() if guarded else None)
    return dump(
        Snapshot(
            version="1",
            keys=KeyRing({hash_key(KEY, pepper=pepper_from(SECRET)): grant}),
            projects={TWO: project},
            upstreams={ONE: config},
        )
    )


@contextmanager
def nginx(directory: Path, http: str) -> Iterator[None]:
    """Run nginx with one worker and this http block."""
    config = directory / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log;\n"
        f"events {{ worker_connections 4096; }}\n"
        f"http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {directory}/body;\n"
        f"proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u;\n"
        f"scgi_temp_path {directory}/s; default_type application/json;\n{http} }}\n"
    )
    process = subprocess.Popen([find("nginx", "nginx-light"), "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


@contextmanager
def proxy(
    directory: Path, upstream: str, *, guarded: bool, limited: bool, redis_url: str
) -> Iterator[tuple[str, int]]:
    """Run the proxy as its own process; yield its address and process id."""
    directory.mkdir()
    (directory / "snapshot.json").write_bytes(snapshot(upstream, guarded=guarded, limited=limited))
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PARAPET_SECRET_KEY": SECRET,
        "PARAPET_SNAPSHOT_FILE": str(directory / "snapshot.json"),
        "PARAPET_REDIS_URL": redis_url,
        "PARAPET_SPOOL_DIR": str(directory / "spool"),
        "PARAPET_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "inference_proxy", "--port", str(port)]
    process = subprocess.Popen(command, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not is_healthy(address):
            assert time.monotonic() < deadline, "the proxy did not start"
            time.sleep(0.05)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(10)


def is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(port: int) -> None:
    """Return when somebody listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.05)


def find(program: str, package: str) -> str:
    """Return a program's path, or say which package has it."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if path is None:
        sys.exit(f"{program} is missing; on Debian: apt-get install {package}")
    return path


def cpu_s(pid: int) -> float:
    """Return the CPU time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def worker_of(directory: Path) -> int:
    """Return the process id of nginx's worker."""
    master = int((directory / "nginx.pid").read_text())
    return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])


def load(directory: Path, url: str, *, pid: int, connections: int, seconds: int) -> dict[str, float]:
    """Drive one address with wrk; return rate, latency and CPU time per request."""
    script = directory / "load.lua"
    before_number, after_number = json.dumps(REQUEST).split(NUMBER)
    script.write_text(
        f'local headers = {{["content-type"] = "application/json", authorization = "Bearer {KEY}"}}\n'
        "local number = 0\n"
        "request = function()\n"
        "  number = number + 1\n"
        f"  local body = [==[{before_number}]==] .. number .. [==[{after_number}]==]\n"
        '  return wrk.format("POST", nil, headers, body)\n'
        "end\n"
    )
    before = cpu_s(pid)
    command = [
        find("wrk", "wrk"),
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        url,
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used_s = cpu_s(pid) - before
    assert "Non-2xx" not in output, output
    requests = int(re.search(r"(\d+) requests in", output)[1])  # type: ignore[index]
    return {
        "requests_per_s": round(float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])),  # type: ignore[index]
        "cpu_us_per_request": round(used_s / requests * 1e6, 1),
        "p50_ms": milliseconds(re.search(r"\n\s+50%\s+(\S+)", output)[1]),  # type: ignore[index]
        "p99_ms": milliseconds(re.search(r"\n\s+99%\s+(\S+)", output)[1]),  # type: ignore[index]
    }


def milliseconds(text: str) -> float:
    """Read a time as wrk writes it."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return round(float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit], 3)


async def serve_streams(port: int) -> asyncio.Server:
    """Answer every request with a stream of chunks, written one by one."""
    events = [event(chunk("gpt-4o", choices=[delta(content=f" word{number}")])) for number in range(CHUNKS)]
    events += [event(chunk("gpt-4o", choices=[delta(finish_reason="stop")])), DONE]
    framed = [b"%x\r\n%b\r\n" % (len(each), each) for each in events]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(re.search(rb"content-length: (\d+)", head.lower())[1])  # type: ignore[index]
                await reader.readexactly(length)
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                )
                for piece in framed:
                    writer.write(piece)
                    await asyncio.sleep(0)
                writer.write(b"0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


async def read_streams(url: str, *, rounds: int) -> int:
    """Read many streams at once, several times; return the number of chunks the upstream sent."""
    body = json.dumps(REQUEST | {"stream": True}).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    seen = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def read_one() -> int:
            async with session.post(url, data=body, headers=headers) as answer:
                content = await answer.read()
                assert content.endswith(DONE), content[-200:]
                assert f"word{CHUNKS - 1}".encode() in content, content[-500:]
                return CHUNKS + 2

        for _ in range(rounds):
            seen += sum(await asyncio.gather(*(read_one() for _ in range(STREAMS))))
    return seen


def stream_mock(port: int) -> None:
    """Serve streams until terminated."""

    async def forever() -> None:
        server = await serve_streams(port)
        await server.serve_forever()

    uvloop.run(forever())


def bare_proxy(port: int, upstream: str) -> None:
    """Serve the least that Python can do: read, parse, forward, answer. What the proxy adds is counted from here."""
    session: list[aiohttp.ClientSession] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if not session:
            session.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        body = (await receive())["body"]
        orjson.loads(body or b"{}")
        async with session[0].post(upstream + scope["path"].removeprefix("/v1"), data=body) as answer:
            content = await answer.read()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    uvicorn.run(app, port=port, loop="uvloop", http="httptools", lifespan="off", log_level="critical")


def streams(url: str, pid: int, *, rounds: int) -> dict[str, float]:
    """Return the CPU time per chunk of many streams at once."""
    uvloop.run(read_streams(url, rounds=2))
    before, started = cpu_s(pid), time.monotonic()
    chunks = uvloop.run(read_streams(url, rounds=rounds))
    used_s = cpu_s(pid) - before
    return {
        "chunks": chunks,
        "chunks_per_s": round(chunks / (time.monotonic() - started)),
        "cpu_us_per_chunk": round(used_s / chunks * 1e6, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--stream-mock", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stream_mock:
        stream_mock(arguments.stream_mock)
        return
    if arguments.bare:
        bare_proxy(int(arguments.bare[0]), arguments.bare[1])
        return
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        base = Path(home)
        for name in ("mock", "floor", "redis"):
            (base / name).mkdir()
        redis = PrivateRedis(base / "redis")
        redis.start()
        answer = json.dumps(completion(ANSWER, model="gpt-4o"))
        mock_port, floor_port, stream_port = free_port(), free_port(), free_port()
        mock = f"server {{ listen 127.0.0.1:{mock_port}; location / {{ return 200 '{answer}'; }} }}"
        floor = (
            f"upstream mock {{ server 127.0.0.1:{mock_port}; keepalive 64; }}\n"
            f"server {{ listen 127.0.0.1:{floor_port}; location / {{ proxy_pass http://mock; "
            'proxy_http_version 1.1; proxy_set_header Connection ""; } }'
        )
        mock_url = f"http://127.0.0.1:{mock_port}/v1"
        streaming = subprocess.Popen([*MYSELF, "--stream-mock", str(stream_port)])
        try:
            with nginx(base / "mock", mock), nginx(base / "floor", floor):
                results["sizes"] = {"request_bytes": len(json.dumps(REQUEST)), "answer_bytes": len(answer)}
                path = "/v1/chat/completions"
                timed = {"seconds": arguments.seconds}
                direct = load(base, mock_url + path, pid=worker_of(base / "mock"), connections=1, **timed)
                results["mock_direct_p50_ms"] = direct["p50_ms"]
                floor_url = f"http://127.0.0.1:{floor_port}{path}"
                results["nginx"] = load(
                    base, floor_url, pid=worker_of(base / "floor"), connections=32, **timed
                )
                bare_port = free_port()
                bare = subprocess.Popen([*MYSELF, "--bare", str(bare_port), mock_url])
                try:
                    wait_for(bare_port)
                    bare_url = f"http://127.0.0.1:{bare_port}{path}"
                    results["bare_asgi_aiohttp"] = load(base, bare_url, pid=bare.pid, connections=32, **timed)
                finally:
                    bare.terminate()
                    bare.wait(10)
                scenarios = {
                    "proxy": {"guarded": True, "limited": False},
                    "proxy_with_limits": {"guarded": True, "limited": True},
                    "proxy_without_guards": {"guarded": False, "limited": False},
                }
                for name, options in scenarios.items():
                    with proxy(base / name, mock_url, redis_url=redis.url, **options) as (address, pid):
                        load(base, address + path, pid=pid, connections=32, seconds=1)
                        results[name] = load(base, address + path, pid=pid, connections=32, **timed)
                        single = load(base, address + path, pid=pid, connections=1, **timed)
                        results[name]["added_p50_ms_at_1"] = round(single["p50_ms"] - direct["p50_ms"], 3)
                for name, guarded in (("stream_spliced", False), ("stream_guarded", True)):
                    with proxy(
                        base / name,
                        f"http://127.0.0.1:{stream_port}/v1",
                        guarded=guarded,
                        limited=False,
                        redis_url=redis.url,
                    ) as (address, pid):
                        results[name] = streams(address + path, pid, rounds=arguments.rounds)
        finally:
            streaming.terminate()
            streaming.wait(10)
            redis.stop()
    print(json.dumps(results, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
