"""However an answer is cut into chunks, what comes out is the guarded whole, and nothing of a finding leaks."""

import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrails.client import GuardServer
from guardrails.library import LocalDetector
from guardrails.registry import LONGEST_DEADLINE_MS
from guardrails.session import GuardSession
from guardrails.streaming import TextStream
from guardrails.verdict import Failure
from tests.guardrails.makers import (
    FILLER,
    PERSONAL,
    SECRETS,
    ScriptedDetector,
    at,
    cut,
    guard,
    policy,
    run,
    streamed,
    whole,
)

SEPARATORS = (" ", ", ", ". ", "\n", ' "', "; ", " (")
MASK = policy(guard(), guard("words", parameters={"words": ["launch code", "straße", "sesame"]}))
BLOCK = policy(guard(action="block"))
PII_MASK = policy(
    # What is compared is what is found, on a machine however slow.
    guard("pii", deadline_ms=LONGEST_DEADLINE_MS),
    guard(parameters={"patterns": ["aws_key", "jwt", "private_key"]}),
)
PII_BLOCK = policy(guard("pii", "block"))


@st.composite
def texts(draw: st.DrawFn, planted: Sequence[str]) -> tuple[str, list[str]]:
    """A text with entities planted between other things, and those that were."""
    pieces = draw(
        st.lists(
            st.tuples(st.booleans(), st.integers(0, 99), st.sampled_from(SEPARATORS)), min_size=1, max_size=9
        )
    )
    parts: list[str] = []
    secrets: list[str] = []
    for is_secret, index, separator in pieces:
        chosen = planted[index % len(planted)] if is_secret else FILLER[index % len(FILLER)]
        secrets += [chosen] * is_secret
        parts += [chosen, separator]
    return "".join(parts), secrets


def fragments(secret: str) -> set[str]:
    """The stretches of a secret that give it away: eight characters, or all of it."""
    return {secret[i : i + 8] for i in range(max(1, len(secret) - 7))}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted=texts(SECRETS), seed=st.integers(0, 2**32))
def test_a_masked_stream_is_the_masked_whole(planted: tuple[str, list[str]], seed: int) -> None:
    text, secrets = planted

    out, stored, _ = run(streamed(GuardSession(MASK), cut(text, seed)))

    assert (out, stored) == whole(MASK, text, None)[:2]
    leaked = [piece for secret in secrets for piece in fragments(secret) if piece in out]
    assert leaked == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted=texts(SECRETS), seed=st.integers(0, 2**32))
def test_a_stream_is_blocked_when_the_whole_would_be(planted: tuple[str, list[str]], seed: int) -> None:
    text, secrets = planted

    out, _, blocked_by = run(streamed(GuardSession(BLOCK), cut(text, seed)))

    assert blocked_by == whole(BLOCK, text, None)[2]
    assert text.startswith(out)
    assert not any(secret[:8] in out for secret in secrets)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted=texts(PERSONAL), seed=st.integers(0, 2**32))
def test_a_stream_masked_by_recognizers_is_the_masked_whole(
    planted: tuple[str, list[str]], seed: int
) -> None:
    text, secrets = planted
    detector = LocalDetector()

    out, stored, _ = run(streamed(GuardSession(PII_MASK, detector), cut(text, seed)))

    assert (out, stored) == whole(PII_MASK, text, detector)[:2]
    leaked = [secret for secret in secrets if secret in out]
    assert leaked == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted=texts(PERSONAL), seed=st.integers(0, 2**32))
def test_a_stream_is_blocked_by_recognizers_when_the_whole_would_be(
    planted: tuple[str, list[str]], seed: int
) -> None:
    text, _ = planted
    detector = LocalDetector()

    out, _, blocked_by = run(streamed(GuardSession(PII_BLOCK, detector), cut(text, seed)))

    assert blocked_by == whole(PII_BLOCK, text, detector)[2]
    assert text.startswith(out)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted=texts(SECRETS), seed=st.integers(0, 2**32))
def test_an_echo_gives_the_caller_back_what_was_masked(planted: tuple[str, list[str]], seed: int) -> None:
    text, _ = planted
    session = GuardSession(MASK)
    sent = run(session.check_input(at("user", text)))

    out, stored, _ = run(streamed(session, cut(sent.texts[0], seed)))

    assert out == text
    assert stored == sent.stored[0]


async def test_clean_text_is_held_back_only_while_it_could_become_a_finding() -> None:
    stream = GuardSession(MASK).open_stream("answer")

    pieces = [await stream.push(chunk) for chunk in ("Hello", " wor", "ld, ca", "ll 21", "2-5 ", "or so")]

    assert pieces == ["", "Hello ", "world, ", "call ", "212-5 ", "or "]
    assert await stream.finish() == "so"


async def test_a_stream_that_nothing_guards_passes_at_once() -> None:
    stream = GuardSession(policy(guard(places=frozenset({"user"})))).open_stream("answer")

    assert [await stream.push("bob@exam"), await stream.push("ple.com")] == ["bob@exam", "ple.com"]
    assert await stream.finish() == ""
    assert stream.stored == "bob@example.com"


async def test_a_placeholder_comes_back_wherever_it_is_cut() -> None:
    session = GuardSession(policy(guard()))
    await session.check_input(at("user", "I am bob@example.com"))

    out, stored, _ = await streamed(session, list("Hi < email_address_1 >, also &lt;EMAIL ADDRESS 1&gt;!"))

    assert out == "Hi bob@example.com, also bob@example.com!"
    assert stored == "Hi < email_address_1 >, also &lt;EMAIL ADDRESS 1&gt;!"


async def test_what_comes_back_into_a_json_answer_is_escaped() -> None:
    rules = policy(guard(parameters={"custom": [{"name": "motto", "regex": 'say "[a-z]+"'}]}))
    session = GuardSession(rules)
    await session.check_input(at("user", 'they say "hello"'))
    stream = session.open_stream("answer", is_json=True)

    out = await stream.push('{"motto": "<MOTTO_1>"}') + await stream.finish()

    assert out == '{"motto": "say \\"hello\\""}'


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_an_answer_that_is_json_is_json_after_it_was_masked(size: int) -> None:
    answer = json.dumps({"a": "x\nbob@example.com", "b": "éeve@example.org", "c": "\\joe@example.net"})
    session = GuardSession(policy(guard(parameters={"patterns": ["email"]})))
    stream = session.open_stream("answer", is_json=True)

    out = "".join([await stream.push(answer[i : i + size]) for i in range(0, len(answer), size)])
    out += await stream.finish()

    whole = await GuardSession(session.policy).check_output(at("answer", answer))
    assert out == whole.texts[0]
    assert json.loads(out) == {
        "a": "x\n<EMAIL_ADDRESS_1>",
        "b": "<EMAIL_ADDRESS_2>",
        "c": "\\<EMAIL_ADDRESS_3>",
    }


async def test_tool_arguments_are_held_until_they_are_whole() -> None:
    session = GuardSession(policy(guard()))
    await session.check_input(at("user", "bob@example.com"))
    stream = session.open_stream("tool_arguments")

    assert await stream.push('{"to": "\\u003cEMAIL_ADDR') == ""
    assert await stream.push('ESS_1>", "cc": "x\\njane@example.org"}') == ""
    assert await stream.finish() == '{"to": "bob@example.com", "cc": "x\\n<EMAIL_ADDRESS_2>"}'
    assert stream.stored == '{"to": "\\u003cEMAIL_ADDRESS_1>", "cc": "x\\n<EMAIL_ADDRESS_2>"}'


async def test_a_match_that_stays_open_too_long_is_a_failure_of_the_guard() -> None:
    endless = guard(parameters={"custom": [{"name": "endless", "regex": "(?s)BEGIN.*END"}]})
    session = GuardSession(policy(endless))

    out, stored, blocked_by = await streamed(session, ["a BEGIN ", "x" * 20_000])

    assert (out, stored, blocked_by) == ("a ", "[withheld: a guard could not check this text]", "pattern")
    assert session.decisions[0].error == "crashed"


async def test_a_stream_stops_when_its_detector_fails_and_the_policy_says_so() -> None:
    detector = ScriptedDetector(Failure(error="timeout", reason="too slow"))
    session = GuardSession(policy(guard("pii")), detector)

    out, stored, blocked_by = await streamed(session, ["My number is 212-555-0123, ", "so call me. " * 9])

    assert (out, blocked_by) == ("", "pii")
    assert "212" not in stored


async def test_the_decisions_of_a_stream_that_is_cut_short_are_kept() -> None:
    session = GuardSession(policy(guard()))
    stream = session.open_stream("answer")
    await stream.push("write to bob@example.com now ")

    stream.close()
    stream.close()

    assert [(each.action, each.is_streamed) for each in session.decisions] == [("mask", True)]


@pytest.mark.parametrize("chunk", ["", "😀", "\x00", "a" * 50_000])
async def test_odd_chunks_pass(chunk: str) -> None:
    stream: TextStream = GuardSession(MASK).open_stream("answer")

    assert await stream.push(chunk) + await stream.finish() == chunk


@pytest.mark.parametrize("seed", range(20))
async def test_a_stream_guarded_through_the_server_is_the_whole_guarded_through_it(
    guard_server: GuardServer, seed: int
) -> None:
    chance = random.Random(seed)
    pieces = chance.choices([*PERSONAL, *FILLER], k=12)
    text = "".join(piece + chance.choice(SEPARATORS) for piece in pieces)
    session = GuardSession(PII_MASK, guard_server)

    out, stored, _ = await streamed(session, cut(text, seed))

    outcome = await GuardSession(PII_MASK, guard_server).check_output(at("answer", text))
    assert (out, stored) == (outcome.texts[0], outcome.stored[0])
    assert [secret for secret in PERSONAL if secret in out] == []
