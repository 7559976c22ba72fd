"""Proves that guarded streams hold, and measures what they add: `python -m tests.benchmarks.streams [--count 100000]`.

First part: random answers with planted secrets, personal data, words and names, on every protocol, with several choices, reasoning
and arguments of tools, cut at random into deltas, events and network pieces. The guarded stream must be the guarded
whole, and nothing planted may go out. Second part (alone with `--count 0`): for each guard, what it adds to the first token and to
each chunk, beside a stream that nothing guards.
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
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.library import LocalDetector
from guardrails.policy import GuardConfig
from guardrails.server.nursery import NOT_NEEDED, without
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
SIZE = 4
"""So many characters has a chunk: about a token."""
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
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()
    started = time.monotonic()
    proof = prove(arguments.count, arguments.seed, arguments.workers)
    result: dict[str, Any] = {
        "cores": os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 1),
        "chunkings": proof | {"seconds": round(time.monotonic() - started)},
    }
    if not arguments.skip_latency:
        with without(NOT_NEEDED):
            from guardrails.server import detectors  # noqa: F401 - with it come the recognizers
        result["added"] = asyncio.run(added(arguments.rounds))
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


async def added(count: int) -> dict[str, dict[str, float]]:
    """For each guard: what it added to the first words and to every chunk, beside streams without a guard.

    The guards take turns, chunk by chunk in one process, so that whatever else the machine does meets them all alike. Of a chunk counts
    what happens between its coming and the writing of what it releases, by the clock and by the time that this thread was
    running: on a busy machine the first is drowned in waiting for a core, the second is not.
    """
    guards = every_guard()
    await _round(guards)
    rounds = [await _round(guards, begins=number) for number in range(count)]
    medians = {
        name: {
            key: round(statistics.median(each[name][key] for each in rounds), 1) for key in rounds[0][name]
        }
        for name in guards
    }
    floor = medians["none"]
    return {
        name: measured
        | {
            f"{key}_added": round(measured[key] - floor[key], 1)
            for key in ("first_us", "chunk_p50_us", "chunk_p99_us")
        }
        for name, measured in medians.items()
    }


@dataclass
class _Paced:
    """One stream under measurement."""

    stream: GuardedStream
    first_us: float = 0.0
    came_first: int = 0
    """How many characters had come when the first went out."""
    came: int = 0
    went: int = 0
    clock_us: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)

    async def push(self, event: bytes, characters: int) -> None:
        """Take a chunk, and note what it cost."""
        started, ran = time.perf_counter_ns(), time.thread_time_ns()
        out = await self.stream.push(event)
        ran, elapsed = time.thread_time_ns() - ran, time.perf_counter_ns() - started
        self.clock_us.append(elapsed / 1_000)
        self.cpu_us.append(ran / 1_000)
        self.came += characters
        if not self.went:
            self.first_us += ran / 1_000
        self.went += sum(len(each["choices"][0]["delta"].get("content") or "") for each in events_of(out))
        if self.went and not self.came_first:
            self.came_first = self.came
        self.behind.append(self.came - self._released())

    def _released(self) -> int:
        """How many of the characters that came have gone out, however long what stands for them is."""
        texts = [each.stream for each in self.stream._open.values()]
        return next((self.came if each._is_open else each._gone for each in texts), self.came)


async def _round(guards: Mapping[str, GuardConfig | None], *, begins: int = 0) -> dict[str, dict[str, float]]:
    """Send one answer through every guard, each chunk through one guard after the other; another one begins each time."""
    detector = LocalDetector()
    streams = {
        name: _Paced(GuardedStream(GuardSession(policy(config) if config else None, detector), ChatWire()))
        for name, config in guards.items()
    }
    pieces = [TEXT[at : at + SIZE] for at in range(0, len(TEXT), SIZE)]
    events = CHAT.events([Spoken("answer", TEXT)], lambda _: pieces)
    turns = deque(streams.values())
    turns.rotate(3 * begins)
    for event in itertools.islice(events, 1, len(pieces) + 1):
        for each in turns:
            await each.push(event, SIZE)
        turns.rotate()
    for each in streams.values():
        await each.stream.finish()
    return {name: _measured(each) for name, each in streams.items()}


def _measured(each: _Paced) -> dict[str, float]:
    cpu, clock = (statistics.quantiles(costs, n=100) for costs in (each.cpu_us, each.clock_us))
    held = statistics.quantiles(each.behind, n=100, method="inclusive")
    return {
        "first_us": each.first_us,
        "first_after_characters": each.came_first,
        "chunk_p50_us": cpu[49],
        "chunk_p99_us": cpu[98],
        "chunk_p99_us_by_the_clock": clock[98],
        "characters_held_p50": held[49],
        "characters_held_p99": held[98],
    }


if __name__ == "__main__":
    assert set(SECRETS) <= set(PLANTED)
    main()
