"""How many texts the guard server reads in a second over HTTP, by length, by how many ask at once, and by its workers.

`python -m tests.benchmarks.guard_server [--weights FOLDER] [--seconds N]` prints JSON. Beside it stand the encoder alone, which is the
floor, and Presidio alone with the recognizers that it comes with. Times are those of the clock, which other programs on the machine
lengthen, and those that cores spent on a text, which they hardly do; memory is that of the server's processes, shared pages counted once.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from guardrails.encoder import WEIGHTS, Encoder, Passage
from guardrails.encoder.manifest import MANIFEST
from guardrails.server.nursery import NOT_NEEDED, without
from tests.benchmarks.guards import presidio_as_it_comes
from tests.fakes.guard_server import running_guard_server

SENTENCE = (
    "Please tell Maria Lopez in Lisbon that the invoice over 1,250 euros was paid on 12 May and that she can call me at "
    "212-555-0123 or write to m.lopez@example.com whenever the parcel for order 20241015 arrives at the office."
)
WORDS = SENTENCE.split()
LENGTHS = {"32 tokens": 20, "128 tokens": 80, "512 tokens": 320}
"""By about how many words they take."""
AT_ONCE = (1, 8, 32)
NAMES = {"entities": ["PERSON", "LOCATION", "STREET_ADDRESS", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD"]}
CHECKS: dict[str, Sequence[tuple[str, Any]]] = {
    "encoder": [("toxicity", {}), ("injection_model", {})],
    "encoder_and_recognizers": [("pii", NAMES), ("toxicity", {}), ("injection_model", {})],
}


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only-128", action="store_true", help="leave out shorter and longer texts")
    arguments = parser.parse_args()
    if arguments.only_128:
        for length in ("32 tokens", "512 tokens"):
            del LENGTHS[length]
    if not (arguments.weights / MANIFEST).is_file():
        raise SystemExit(f"there are no weights in {arguments.weights}: name their folder with --weights")
    result: dict[str, Any] = {"cores": os.cpu_count(), "load_at_start": os.getloadavg()[0]}
    result["encoder_alone"] = alone(arguments.weights, arguments.seconds)
    with without(NOT_NEEDED):
        result["presidio_alone"] = presidio_alone(arguments.seconds)
    for workers in (1, 2):
        with running_guard_server(workers=workers, weights=arguments.weights, within_s=300) as url:
            (server,) = started_by(os.getpid())
            memory = {"after_start": memory_mb(server)}
            result[f"{workers} workers"] = asyncio.run(served(url, server, arguments.seconds))
            result[f"{workers} workers"]["memory_mb"] = memory | {"after_work": memory_mb(server)}
    floor = result["encoder_alone"]["128 tokens"]["texts_per_s"]
    ours = result["1 workers"]["encoder"]["128 tokens"]["32"]["texts_per_s"]
    whole = result["1 workers"]["encoder_and_recognizers"]["128 tokens"]["32"]["texts_per_s"]
    cpu_floor = result["encoder_alone"]["128 tokens"]["cpu_ms_per_text"]
    cpu = result["1 workers"]["encoder"]["128 tokens"]["32"]["cpu_ms_per_text"]
    result["ratios"] = {
        "one_worker_to_encoder_alone": round(ours / floor, 2),
        "cpu_of_one_worker_and_its_server_to_encoder_alone": round(cpu / cpu_floor, 2),
        "one_worker_with_recognizers_to_presidio_alone": round(
            whole / result["presidio_alone"]["128 tokens"]["texts_per_s"], 2
        ),
    }
    print(json.dumps(result, indent=2))


def texts(length: str) -> Iterator[str]:
    """Yield texts of a length, none like another."""
    words = LENGTHS[length]
    for number in count():
        start = number % len(WORDS)
        said = [WORDS[(start + place) % len(WORDS)] for place in range(words - 1)]
        yield " ".join([f"No. {number}:", *said])


def alone(weights: Path, seconds: float) -> dict[str, Any]:
    """The encoder in this process on one thread, eight texts at a time and one by one."""
    encoder = Encoder.load(weights)

    def read(some: Sequence[str]) -> None:
        encoder.read([Passage(text) for text in some])

    measured = {}
    for length in LENGTHS:
        several, cpu_s = rate(read, texts(length), seconds, size=8)
        single, single_cpu_s = rate(read, texts(length), seconds)
        measured[length] = {
            "texts_per_s": round(several, 1),
            "cpu_ms_per_text": round(1_000 * cpu_s, 2),
            "one_text_ms": round(1_000 / single, 2),
            "one_text_cpu_ms": round(1_000 * single_cpu_s, 2),
        }
    return measured


def presidio_alone(seconds: float) -> dict[str, Any]:
    """Presidio's own recognizers for English, without a model."""
    analyze = presidio_as_it_comes()
    measured = {}
    for length in LENGTHS:
        per_second, cpu_s = rate(lambda some: analyze(some[0]), texts(length), seconds)
        measured[length] = {"texts_per_s": round(per_second, 1), "cpu_ms_per_text": round(1_000 * cpu_s, 2)}
    return measured


def rate(
    call: Callable[[Sequence[str]], Any], source: Iterator[str], seconds: float, *, size: int = 1
) -> tuple[float, float]:
    """Texts per second, so many in each call, after a warm one; and the seconds that cores spent on each."""
    call([next(source) for _ in range(size)])
    done, started, cpu_s = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - started < seconds:
        call([next(source) for _ in range(size)])
        done += size
    return done / (time.perf_counter() - started), (time.process_time() - cpu_s) / done


def started_by(process: int) -> list[int]:
    """The processes that one has started and that are still there."""
    listings = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for listing in listings for child in listing.read_text().split()]


def all_of(server: int) -> list[int]:
    """A server's processes: itself, and what it and they have started."""
    return [server, *(each for child in started_by(server) for each in all_of(child))]


def cpu_seconds(server: int) -> float:
    """How long cores have worked for a server's processes."""
    ticks = 0
    for process in all_of(server):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(server: int) -> dict[str, list[float]]:
    """The memory of a server's processes: what each has, shared pages divided among those that have them, and what it has alone."""
    found: dict[str, list[float]] = {"Pss": [], "Private_Dirty": []}
    for process in all_of(server):
        rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        sizes = {
            name: int(size.split()[0])
            for name, _, size in (row.partition(":") for row in rows)
            if "kB" in size
        }
        for name, each in found.items():
            each.append(round(sizes[name] / 1_024))
    return {**found, "together": [sum(found["Pss"])]}


async def served(url: str, server: int, seconds: float) -> dict[str, Any]:
    """Every set of checks, length and number of callers."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        return {
            name: {
                length: {
                    str(at_once): await asked(http, url, server, checks, length, at_once, seconds)
                    for at_once in AT_ONCE
                }
                for length in LENGTHS
            }
            for name, checks in CHECKS.items()
        }


async def asked(
    http: aiohttp.ClientSession,
    url: str,
    server: int,
    checks: Sequence[tuple[str, Any]],
    length: str,
    at_once: int,
    seconds: float,
) -> dict[str, Any]:
    """So many callers, each with one text after the other."""
    source = texts(length)
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while (started := time.perf_counter()) < end:
            text = next(source)
            body = {
                "checks": [
                    {"guard": {"kind": kind, "parameters": told}, "texts": [text]} for kind, told in checks
                ],
                "deadline_ms": 60_000,
            }
            async with http.post(f"{url}/v1/guard", data=orjson.dumps(body)) as response:
                answer = await response.read()
                assert response.status == 200, answer[:300]
            taken.append(time.perf_counter() - started)

    started, cpu_s = time.perf_counter(), cpu_seconds(server)
    await asyncio.gather(*(caller() for _ in range(at_once)))
    elapsed, cpu_s = time.perf_counter() - started, cpu_seconds(server) - cpu_s
    taken.sort()
    return {
        "texts_per_s": round(len(taken) / elapsed, 1),
        "cpu_ms_per_text": round(1_000 * cpu_s / len(taken), 2),
        "p50_ms": round(taken[len(taken) // 2] * 1_000, 1),
        "p99_ms": round(taken[len(taken) * 99 // 100] * 1_000, 1),
    }


if __name__ == "__main__":
    main()
