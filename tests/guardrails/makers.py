"""Policies and texts for the tests of this room."""

import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import uuid4

from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.outcome import Blocked, Detector
from guardrails.policy import GuardConfig, Policy
from guardrails.registry import RemoteGuard
from guardrails.session import GuardSession, PlacedText
from guardrails.verdict import Action, Failure, Finding, Place

PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join("MIIEpAIBAAKCAQEA7bq3kXkGm1oH0jU2Zq8W9xv5tYyC4sD6eF1aR2bN3cM4pL5k" for _ in range(5))
    + "\nq8W9xv5tYy==\n-----END RSA PRIVATE KEY-----"
)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
SECRETS = (
    "bob.smith@example.com",
    "jörg.müller@exämple.de",
    "+1 212-555-0123",
    "(415) 555-0132",
    "4111 1111 1111 1111",
    "378282246310005",
    "DE89 3704 0044 0532 0130 00",
    "078-05-1126",
    "203.0.113.77",
    "2001:db8::ff00:42:8329",
    "AKIAIOSFODNN7EXAMPLE",
    "sk-proj-abcdefghijklmnopqrstuvwx123456",
    "sk-ant-" + "api03" + "-abcdefghij" * 3,
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "postgres://admin:hunter2@db.internal:5432/app",
    JWT,
    PEM,
)
"""One for every pattern that comes with the house, some of them in two forms."""

PERSONAL = (
    "bob.smith@example.com",
    "bob@corp.internal",
    "+44 20 7946 0958",
    "(415) 555-0132",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "078-05-1126",
    "203.0.113.77",
)
"""What the guard server's recognizers find whatever stands around it."""

FILLER = (
    "the quick brown fox",
    "Then, on 2024-05-01, it cost $12.50.",
    "version 1.2.3 of numpy; see page 12.",
    "Größe über Straße 日本語のテキスト。",
    "a\nnew\n\nline",
    "for i in range(10): x[i] = 0xFF",
    "e-mail? no @ all",
    "-- BEGIN a list",
    "sk- is not a key, eyJ neither",
    "12 34 5678 9012",
    "<b>bold</b> &lt;EMAIL&gt;",
    "😀 wow",
)


def guard(kind: str = "pattern", action: Action = "mask", *, name: str = "", **fields: Any) -> GuardConfig:
    """Make a guard; a pattern guard has every pattern of the house that belongs to no country."""
    if kind == "pattern":
        fields.setdefault("parameters", {"patterns": list(GENERAL_PATTERNS)})
    return GuardConfig(name=name or kind, kind=kind, action=action, **fields)


def policy(*guards: GuardConfig) -> Policy:
    """Make a policy with an id of its own."""
    return Policy(id=uuid4(), name="policy", version=1, guards=guards)


def at(place: Place, *texts: str) -> list[PlacedText]:
    """Put texts in a place."""
    return [PlacedText(place=place, text=text) for text in texts]


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the coroutine waited")


async def streamed(
    session: GuardSession, chunks: Sequence[str], place: Place = "answer"
) -> tuple[str, str, str]:
    """Push chunks through a stream; return what came out, what may be stored, and who blocked it."""
    stream = session.open_stream(place)
    out: list[str] = []
    try:
        for chunk in chunks:
            out += [await stream.push(chunk)]
        out.append(await stream.finish())
    except Blocked as blocked:
        return "".join(out), stream.stored, blocked.guard
    return "".join(out), stream.stored, ""


def cut(text: str, seed: int) -> list[str]:
    """Cut a text at random places: sometimes into single characters, sometimes hardly at all."""
    chance = random.Random(seed)
    longest = chance.choice((1, 2, 4, 12, 60, 400))
    chunks: list[str] = []
    while text:
        size = chance.randint(1, longest)
        chunks.append(text[:size])
        text = text[size:]
    return chunks


def whole(rules: Policy, text: str, detector: Detector | None = None) -> tuple[str, str, str]:
    outcome = run(GuardSession(rules, detector).check_output(at("answer", text)))
    return outcome.texts[0], outcome.stored[0], outcome.blocked_by


class ScriptedDetector:
    """A detector that says what it is told to say."""

    def __init__(self, answer: Failure | Callable[[str], Sequence[Finding]]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        self.asked += texts
        if isinstance(self.answer, Failure):
            return self.answer
        return [self.answer(text) for text in texts]


def is_detector(detector: Detector) -> Detector:
    """Let the type checker say whether something is a detector."""
    return detector
