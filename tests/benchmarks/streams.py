"""Proves that guarded streams hold, and measures what they add: `python -m tests.benchmarks.streams [--count 100000]`.

First part: random answers with planted secrets, personal data, words and names, on every protocol, with several choices, reasoning
and arguments of tools, cut at random into deltas, events and network pieces. The guarded stream must be the guarded
whole, and nothing planted may go out. Second part: for each guard, what it adds to the first token and between chunks.
Prints JSON.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.library import LocalDetector
from guardrails.policy import GuardConfig
from guardrails.session import GuardSession
from guardrails.verdict import Action
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.wires.chat import ChatWire
from tests.guardrails.makers import SECRETS, policy
from tests.inference_proxy.wires.chunkings import (
    BLOCKED,
    MASKED,
    PLANTED,
    WORDS,
    Chunking,
    NamesDetector,
    chunkings,
    guarded_stream,
    guarded_whole,
    leaks,
    without_numbers,
)
from tests.inference_proxy.wires.speaking import CHAT, SPEECHES, Spoken, events_of

BLOCKED_EVERY = 10
"""One answer in so many is guarded by a policy that blocks."""
SHARE = 500
PACE_S = 0.005
CHUNKS = 300
STREAMS = 5
TEXT = (
    "A parapet is a low wall at the edge of a roof, and it was once built so that nobody would fall. Soldiers stood "
    "behind it and looked out over the land. The word comes from Italian, where it means a guard for the breast! If you "
    "would like to know more, write to bob@example.com, or call 212-555-0123 before noon: somebody will answer. "
    "In 2024 the old one was taken down, stone by stone; it had cost $12.50 to put up (see page 12). "
) * 3


def main() -> None:
    """Prove, measure, and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-latency", action="store_true")
    arguments = parser.parse_args()
    started = time.monotonic()
    proof = prove(arguments.count, arguments.seed, arguments.workers)
    result: dict[str, Any] = {
        "cores": os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 1),
        "chunkings": proof | {"seconds": round(time.monotonic() - started)},
    }
    if not arguments.skip_latency:
        result["added"] = asyncio.run(added())
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    if proof["different"] or proof["leaked_characters"]:
        raise SystemExit(1)


def prove(count: int, seed: int, workers: int) -> dict[str, Any]:
    """Guard so many answers streamed and whole; return what was the same and what was not.

    How far it has come goes to the standard error after every share, so that a run that is cut short has proved something.
    """
    parts = -(-count // (len(SPEECHES) * SHARE))
    shares = [
        (name, seed * 1_000_000 + part, min(SHARE, -(-count // len(SPEECHES)) - part * SHARE))
        for part in range(parts)
        for name in SPEECHES
    ]
    totals: Counter[str] = Counter(different=0, leaked_characters=0)
    wrong: list[str] = []
    with ProcessPoolExecutor(workers) as pool:
        for found, examples in pool.map(_prove_share, shares):
            totals.update(found)
            wrong += examples
            print(json.dumps(dict(totals)), file=sys.stderr, flush=True)
    return {name: totals[name] for name in sorted(totals)} | {"first_wrong": wrong[:5]}


def _prove_share(share: tuple[str, int, int]) -> tuple[Counter[str], list[str]]:
    return asyncio.run(_compare(*share))


async def _compare(name: str, seed: int, count: int) -> tuple[Counter[str], list[str]]:
    totals: Counter[str] = Counter()
    wrong: list[str] = []
    speech, detector = SPEECHES[name], NamesDetector()
    masked, blocked = chunkings(seed, speech), chunkings(seed + 500, speech, rules=BLOCKED)
    for number in range(count):
        is_blocking = number % BLOCKED_EVERY == BLOCKED_EVERY - 1
        case = next(blocked if is_blocking else masked)
        heard, blocked_by, out = await guarded_stream(case, detector)
        whole, whole_blocked_by = await guarded_whole(case, detector)
        if is_blocking:
            is_same = bool(blocked_by) == bool(whole_blocked_by) and _is_beginning(heard, case.answer)
        else:
            is_same = without_numbers(heard) == without_numbers(whole)
        leaked = leaks(_known_to(case), out, heard)
        totals["total"] += 1
        totals[f"on_{name}"] += 1
        totals["blocked"] += bool(blocked_by)
        totals["with_tool_arguments"] += any(each.kind == "tool_arguments" for each in case.answer)
        totals["with_several_choices"] += len({each.choice for each in case.answer}) > 1
        totals["planted"] += len(case.planted)
        totals["different"] += not is_same
        totals["leaked_characters"] += sum(map(len, leaked))
        if leaked or not is_same:
            wrong.append(f"{name} seed {seed} number {number}")
    return totals, wrong


def _known_to(case: Chunking) -> Chunking:
    """Leave out what the policy does not look for."""
    if case.policy is MASKED:
        return case
    known = tuple(secret for secret in case.planted if secret in (*SECRETS, *WORDS))
    return Chunking(case.speech, case.answer, known, case.seed, case.policy)


def _is_beginning(heard: Sequence[Spoken], answer: Sequence[Spoken]) -> bool:
    said: dict[tuple[str, int], list[str]] = {}
    for each in answer:
        said.setdefault((each.kind, each.choice), []).append(each.text)
    return all(
        each.kind == "tool_arguments"
        or any(text.startswith(each.text) for text in said[each.kind, each.choice])
        for each in heard
    )


def every_guard() -> dict[str, GuardConfig | None]:
    """Every way to guard a stream whose cost somebody may ask for."""
    ten = {
        "patterns": [
            "email",
            "phone",
            "credit_card",
            "iban",
            "us_ssn",
            "ipv4",
            "aws_key",
            "jwt",
            "private_key",
        ]
    }
    listed = {"words": [f"word{n}" for n in range(1_000)]}
    made: dict[str, tuple[str, Action, dict[str, Any], dict[str, Any]]] = {
        "pattern (ten), mask": ("pattern", "mask", ten, {}),
        "pattern (all), mask": ("pattern", "mask", {"patterns": list(GENERAL_PATTERNS)}, {}),
        "words (1,000), block": ("words", "block", listed, {}),
        "words (1,000), block, observe": ("words", "block", listed, {"mode": "observe"}),
        "secrets, mask": ("secrets", "mask", {}, {}),
        "urls, mask": ("urls", "mask", {}, {}),
        "invisible, mask": ("invisible", "mask", {}, {}),
        "code, flag": ("code", "flag", {}, {}),
        "pii, mask": ("pii", "mask", {}, {}),
        "pii, flag, on_error allow": ("pii", "flag", {}, {"on_error": "allow"}),
    }
    configs: dict[str, GuardConfig | None] = {"none": None}
    for name, (kind, action, parameters, fields) in made.items():
        configs[name] = GuardConfig(name=kind, kind=kind, action=action, parameters=parameters, **fields)
    return configs


async def added() -> dict[str, dict[str, float]]:
    """For each guard: when the first words came through, how long chunks lay apart, and what a chunk cost."""
    return {name: await _paced(config) for name, config in every_guard().items()}


async def _paced(config: GuardConfig | None) -> dict[str, float]:
    rules = policy(config) if config else None
    detector = LocalDetector()
    firsts: list[float] = []
    gaps: list[float] = []
    costs: list[float] = []
    behind: list[int] = []
    held_us = 0
    for _ in range(STREAMS):
        session = GuardSession(rules, detector)
        stream = GuardedStream(session, ChatWire())
        events = CHAT.events(
            [Spoken("answer", TEXT)], lambda text: [text[at : at + 4] for at in range(0, 1_200, 4)]
        )
        began = last = time.perf_counter()
        first: float | None = None
        came = went = 0
        for event in itertools.islice(events, 1, CHUNKS):
            before = time.perf_counter()
            out = await stream.push(event)
            now = time.perf_counter()
            costs.append(now - before)
            came += 4
            went += sum(len(each["choices"][0]["delta"].get("content") or "") for each in events_of(out))
            behind.append(came - went)
            if out:
                gaps.append(now - last)
                last = now
                first = first or now - began
            await asyncio.sleep(PACE_S)
        await stream.finish()
        firsts.append(first or 0.0)
        held_us = max([held_us, *(each.held_us or 0 for each in session.decisions)])
    spread = statistics.quantiles(gaps, n=100, method="inclusive")
    kept_back = statistics.quantiles(behind, n=100, method="inclusive")
    return {
        "first_token_ms": round(statistics.median(firsts) * 1_000, 3),
        "between_chunks_p50_ms": round(spread[49] * 1_000, 3),
        "between_chunks_p99_ms": round(spread[98] * 1_000, 3),
        "push_p50_us": round(statistics.median(costs) * 1e6, 1),
        "push_p99_us": round(statistics.quantiles(costs, n=100)[98] * 1e6, 1),
        "characters_held_p50": round(kept_back[49]),
        "characters_held_p99": round(kept_back[98]),
        "longest_held_ms": round(held_us / 1_000, 3),
    }


if __name__ == "__main__":
    assert set(SECRETS) <= set(PLANTED)
    main()
