"""How many texts the guard server reads in a second over HTTP, by length, by how many ask at once, and by its workers.

`python -m tests.benchmarks.guard_server [--weights FOLDER] [--seconds N]` prints JSON. Beside it stand the encoder alone, which is the
floor, and Presidio alone with the recognizers that it comes with.
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
    arguments = parser.parse_args()
    if not (arguments.weights / MANIFEST).is_file():
        raise SystemExit(f"there are no weights in {arguments.weights}: name their folder with --weights")
    result: dict[str, Any] = {"cores": os.cpu_count(), "load_at_start": os.getloadavg()[0]}
    result["encoder_alone"] = alone(arguments.weights, arguments.seconds)
    result["presidio_alone"] = presidio_alone(arguments.seconds)
    for workers in (1, 2):
        with running_guard_server(workers=workers, weights=arguments.weights, within_s=300) as url:
            result[f"{workers} workers"] = asyncio.run(served(url, arguments.seconds))
    floor = result["encoder_alone"]["128 tokens"]["texts_per_s"]
    ours = result["1 workers"]["encoder"]["128 tokens"]["32"]["texts_per_s"]
    whole = result["1 workers"]["encoder_and_recognizers"]["128 tokens"]["32"]["texts_per_s"]
    result["ratios"] = {
        "one_worker_to_encoder_alone": round(ours / floor, 2),
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
        several = rate(read, texts(length), seconds, size=8)
        single = rate(read, texts(length), seconds)
        measured[length] = {"texts_per_s": round(several, 1), "one_text_ms": round(1_000 / single, 2)}
    return measured


def presidio_alone(seconds: float) -> dict[str, Any]:
    """Presidio's own recognizers for English, without a model."""
    analyze = presidio_as_it_comes()
    measured = {}
    for length in LENGTHS:
        per_second = rate(lambda some: analyze(some[0]), texts(length), seconds)
        measured[length] = {"texts_per_s": round(per_second, 1)}
    return measured


def rate(
    call: Callable[[Sequence[str]], Any], source: Iterator[str], seconds: float, *, size: int = 1
) -> float:
    """Texts per second, so many in each call, after a warm one."""
    call([next(source) for _ in range(size)])
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        call([next(source) for _ in range(size)])
        done += size
    return done / (time.perf_counter() - started)


async def served(url: str, seconds: float) -> dict[str, Any]:
    """Every set of checks, length and number of callers."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        return {
            name: {
                length: {
                    str(at_once): await asked(http, url, checks, length, at_once, seconds)
                    for at_once in AT_ONCE
                }
                for length in LENGTHS
            }
            for name, checks in CHECKS.items()
        }


async def asked(
    http: aiohttp.ClientSession,
    url: str,
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

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    elapsed = time.perf_counter() - started
    taken.sort()
    return {
        "texts_per_s": round(len(taken) / elapsed, 1),
        "p50_ms": round(taken[len(taken) // 2] * 1_000, 1),
        "p99_ms": round(taken[len(taken) * 99 // 100] * 1_000, 1),
    }


if __name__ == "__main__":
    main()
