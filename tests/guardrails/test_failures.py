"""When a guard cannot decide, exactly what the policy says happens, in every cell."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from guardrails.client import GuardServer
from guardrails.outcome import WITHHELD
from guardrails.session import GuardSession
from guardrails.verdict import ACTIONS, CHANGING, Action
from tests.fakes.lying_guard_server import Answer, FaultyServer, answering, dropping, hanging
from tests.guardrails.makers import at, guard, policy, streamed

TEXT = "Please call me at 212-555-0123 tomorrow."
FAULTS: Mapping[str, tuple[Answer, int]] = {
    "timeout": (hanging, 25),
    "unreachable": (dropping, 10_000),
    "overloaded": (answering(503, b""), 10_000),
    "bad_answer": (answering(200, b"{}"), 10_000),
    "crashed": (answering(500, b""), 10_000),
    "misconfigured": (answering(400, b""), 10_000),
}
"""What the server does, and the guard's deadline in milliseconds."""
CELLS = list(product(FAULTS, ACTIONS, ("input", "output", "stream"), ("allow", "block"), (False, True)))


async def through(session: GuardSession, way: str) -> tuple[str, str, str]:
    """Send the text one way; return what travels on, what may be stored, and who blocked it."""
    checks: dict[str, Any] = {"input": session.check_input, "output": session.check_output}
    if way == "stream":
        return await streamed(session, [TEXT[:10], TEXT[10:30], TEXT[30:]])
    outcome = await checks[way](at("user" if way == "input" else "answer", TEXT))
    return outcome.texts[0], outcome.stored[0], outcome.blocked_by


@pytest.mark.parametrize(("fault", "action", "way", "on_error", "is_shadow"), CELLS)
async def test_a_failed_guard_does_what_its_policy_says(
    faulty_server: FaultyServer, fault: str, action: Action, way: str, on_error: str, is_shadow: bool
) -> None:
    answer, deadline_ms = FAULTS[fault]
    faulty_server.answers = [answer]
    server = GuardServer(faulty_server.url)
    config = guard("pii", action, on_error=on_error, is_shadow=is_shadow, deadline_ms=deadline_ms)
    session = GuardSession(policy(config), server)

    travels, stored, blocked_by = await through(session, way)
    await server.close()

    stops = on_error == "block" and not is_shadow
    hides = action in CHANGING and not is_shadow
    assert blocked_by == "pii" * stops
    assert (travels == TEXT) is not (stops and (hides or way == "stream"))
    assert (stored == WITHHELD) is hides
    assert [(each.error, each.action, each.is_shadow, each.is_streamed) for each in session.decisions] == [
        (fault, on_error, is_shadow, way == "stream")
    ]


@pytest.mark.parametrize("way", ["input", "output", "stream"])
async def test_a_kind_of_guard_that_is_not_known_here_is_a_failure_and_no_gap(way: str) -> None:
    session = GuardSession(policy(guard("oracle")))

    travels, stored, blocked_by = await through(session, way)

    assert (stored, blocked_by) == (WITHHELD, "oracle")
    assert travels in ("", WITHHELD)


@pytest.mark.parametrize("way", ["input", "output", "stream"])
async def test_without_a_guard_server_a_guard_that_needs_it_is_misconfigured(way: str) -> None:
    session = GuardSession(policy(guard("pii", on_error="allow")))

    travels, stored, blocked_by = await through(session, way)

    assert (travels, stored, blocked_by) == (TEXT, WITHHELD, "")
    assert session.decisions[0].error == "misconfigured"


@pytest.mark.parametrize("size", [7, 1_000_000])
async def test_a_text_made_to_take_too_long_is_a_failure_of_the_guard(size: int) -> None:
    text = "https://a.b/?" * 3_000
    session = GuardSession(policy(guard("urls", "mask")))

    out, stored, blocked_by = await streamed(
        session, [text[at : at + size] for at in range(0, len(text), size)]
    )

    assert (blocked_by, stored) == ("urls", "[withheld: a guard could not check this text]")
    assert text.startswith(out)
    assert session.decisions[-1].error == "crashed"


MODELS: Mapping[str, Mapping[str, Any]] = {
    "toxicity": {},
    "injection_model": {},
    "groundedness": {},
    "classifier": {"model": "mine"},
    "moderation_model": {"model": "mine"},
    "judge": {"model": "mine", "question": "Is it?"},
}
"""The kinds that a model decides for, and what each must be told."""


def apart(kind: str) -> Answer:
    """Answer that one guard of a request failed."""
    error = b'{"verdicts":[{"error":{"type":"%s","message":"%s"}}]}' % (kind.encode(), TEXT.encode())
    return answering(200, error)


FAULTS_OF_MODELS: Mapping[str, tuple[Answer, str]] = {
    "hung": (hanging, "timeout"),
    "killed": (dropping, "unreachable"),
    "overloaded": (answering(429, b""), "overloaded"),
    "no weights": (apart("no_model"), "misconfigured"),
    "no such model": (apart("bad_guard"), "misconfigured"),
    "a model far away that fails": (apart("model_failed"), "crashed"),
    "a detector that fails": (apart("detector_failed"), "crashed"),
    "an error that nobody knows": (apart("tired"), "bad_answer"),
}


@pytest.mark.parametrize("on_error", ["allow", "block"])
@pytest.mark.parametrize("way", ["output", "stream"])
@pytest.mark.parametrize(
    ("kind", "fault"), [*product(MODELS, ("hung", "no weights")), *product(["judge"], FAULTS_OF_MODELS)]
)
async def test_a_guard_whose_model_fails_does_what_its_policy_says(
    faulty_server: FaultyServer, kind: str, fault: str, way: str, on_error: str
) -> None:
    answer, error = FAULTS_OF_MODELS[fault]
    faulty_server.answers = [answer]
    server = GuardServer(faulty_server.url)
    deadline_ms = 25 if fault == "hung" else 10_000
    config = guard(kind, "mask", on_error=on_error, deadline_ms=deadline_ms, parameters=MODELS[kind])
    session = GuardSession(policy(config), server)

    travels, stored, blocked_by = await through(session, way)
    await server.close()

    assert blocked_by == kind * (on_error == "block")
    assert (travels == TEXT) is (on_error == "allow")
    assert stored == WITHHELD
    assert [each.error for each in session.decisions] == [error]
    assert TEXT not in session.decisions[0].reason
