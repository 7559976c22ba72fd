"""Guards that observe, guards that only note, what is measured of those that hold, and texts that never end."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from guardrails.outcome import WITHHELD, Blocked
from guardrails.registry import RemoteGuard
from guardrails.session import GuardSession
from guardrails.streaming import CUT_SHORT
from guardrails.verdict import Failure, Finding
from tests.guardrails.makers import ScriptedDetector, guard, policy, streamed

OBSERVE = policy(guard("words", "block", mode="observe", parameters={"words": ["launch code"]}))
NUMBER = "My number is 212-555-0123, so call me whenever you like. "


class PatientDetector:
    """A detector that answers when it is told to."""

    def __init__(self, findings: Sequence[Finding] | Failure) -> None:
        self.may_answer = asyncio.Event()
        self.asked: list[str] = []
        self._findings = findings

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        self.asked += texts
        await self.may_answer.wait()
        return self._findings if isinstance(self._findings, Failure) else [self._findings for _ in texts]


FOUND = [Finding(entity="PHONE_NUMBER", start=13, end=25)]


async def test_what_is_observed_goes_out_at_once_and_the_stream_ends_at_a_finding() -> None:
    stream = GuardSession(OBSERVE).open_stream("answer")

    assert [await stream.push(each) for each in ("Well, the la", "unch co")] == ["Well, the la", "unch co"]
    with pytest.raises(Blocked):
        await stream.push("de is 1234")

    assert "launch" not in stream.stored
    assert "1234" not in stream.stored


async def test_what_was_observed_to_its_end_is_kept_whole() -> None:
    out, stored, blocked_by = await streamed(GuardSession(OBSERVE), ["the laun", "ch of a boat"])

    assert (out, stored, blocked_by) == ("the launch of a boat", "the launch of a boat", "")


async def test_a_stream_does_not_wait_for_a_detector_that_only_observes() -> None:
    detector = PatientDetector(FOUND)
    session = GuardSession(policy(guard("pii", "block", mode="observe")), detector)
    stream = session.open_stream("answer")

    assert await stream.push(NUMBER) == NUMBER
    assert await stream.push("And more. ") == "And more. "
    detector.may_answer.set()
    with pytest.raises(Blocked):
        await stream.finish()

    assert detector.asked != []
    assert "212" not in stream.stored
    assert session.decisions[0].action == "block"


async def test_what_a_slow_detector_finds_ends_the_stream_with_the_next_chunk() -> None:
    detector = PatientDetector(FOUND)
    stream = GuardSession(policy(guard("pii", "escalate", mode="observe")), detector).open_stream("answer")
    await stream.push(NUMBER + "And so on. ")
    detector.may_answer.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    with pytest.raises(Blocked) as block:
        await stream.push("x")

    assert block.value.action == "escalate"


async def test_a_guard_that_only_notes_and_may_fail_is_not_waited_for() -> None:
    detector = PatientDetector(FOUND)
    session = GuardSession(policy(guard("pii", "flag", on_error="allow")), detector)
    stream = session.open_stream("answer")

    assert await stream.push(NUMBER + "So. ") == NUMBER + "So. "
    detector.may_answer.set()

    assert await stream.finish() == ""
    assert [(each.action, each.entities) for each in session.decisions] == [("flag", {"PHONE_NUMBER": 1})]


async def test_a_stream_that_is_cut_short_asks_nobody_any_more() -> None:
    detector = PatientDetector(FOUND)
    session = GuardSession(policy(guard("pii", "block", mode="observe")), detector)
    stream = session.open_stream("answer")
    await stream.push(NUMBER * 2)
    await asyncio.sleep(0)

    stream.close()
    await asyncio.sleep(0)

    assert len(asyncio.all_tasks()) == 1
    assert "212" not in stream.stored


async def test_arguments_of_tools_are_held_even_where_they_are_observed() -> None:
    stream = GuardSession(OBSERVE).open_stream("tool_arguments")

    assert await stream.push('{"a": "launch') == ""
    with pytest.raises(Blocked):
        await stream.push(' code"}') + await stream.finish()


async def test_the_longest_wait_for_a_guard_is_measured_and_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000_000_000]
    monkeypatch.setattr("guardrails.watch.time", SimpleNamespace(perf_counter_ns=lambda: now[0]))
    session = GuardSession(policy(guard(parameters={"patterns": ["phone"]})))
    stream = session.open_stream("answer")

    for chunk, pause_ms in (("212", 30), ("-5 ", 50), ("and ", 5), ("21", 70), ("2 ", 0), ("or so", 20)):
        await stream.push(chunk)
        now[0] += pause_ms * 1_000_000
    await stream.finish()

    assert (session.decisions[0].held_us, session.decisions[0].first_held_us) == (70_000, 30_000)


async def test_arguments_of_tools_say_how_long_they_were_held(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000_000]
    monkeypatch.setattr("guardrails.streaming.time", SimpleNamespace(perf_counter_ns=lambda: now[0]))
    session = GuardSession(policy(guard()))
    stream = session.open_stream("tool_arguments")
    await stream.push('{"to": "bob@example.com"')
    now[0] += 40_000_000

    assert await stream.push("}") + await stream.finish() == '{"to": "<EMAIL_ADDRESS_1>"}'
    assert session.decisions[0].held_us == 40_000


@pytest.mark.parametrize(("on_error", "goes_out"), [("allow", True), ("block", False)])
async def test_arguments_without_end_are_a_failure_of_the_guards(
    monkeypatch: pytest.MonkeyPatch, on_error: str, goes_out: bool
) -> None:
    monkeypatch.setattr("guardrails.streaming.LONGEST_HELD", 100)
    session = GuardSession(policy(guard(on_error=on_error)))

    out, stored, _ = await streamed(session, ["x" * 90, "y" * 20, "z"], "tool_arguments")

    assert (out == "x" * 90 + "y" * 20 + "z") is goes_out
    assert stored == WITHHELD
    assert session.decisions[0].error == "crashed"


async def test_of_a_text_without_end_only_a_beginning_is_kept_and_all_of_it_is_guarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("guardrails.streaming.LONGEST_STORED", 40)
    session = GuardSession(policy(guard(parameters={"patterns": ["email"]})))

    out, stored, _ = await streamed(session, ["many words, "] * 10 + ["bob@example.com"])

    assert out == "many words, " * 10 + "<EMAIL_ADDRESS_1>"
    assert stored == ("many words, " * 10)[:40] + CUT_SHORT


@pytest.mark.parametrize("kind", ["refusal", "code"])
async def test_a_text_too_long_to_be_read_whole_is_a_failure_of_who_would(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("guardrails.watch.LONGEST_WHOLE", 100)
    session = GuardSession(policy(guard(kind, "flag", on_error="allow")))

    out, _, _ = await streamed(session, ["word "] * 100)

    assert out == "word " * 100
    assert session.decisions[0].error == "crashed"


async def test_a_guard_that_wants_sentences_is_shown_sentences_and_what_stands_before_them() -> None:
    detector = ScriptedDetector(lambda text: [])
    text = "I have 2 words for you, and then some more of them. " * 20

    await streamed(
        GuardSession(policy(guard("pii")), detector), [text[at : at + 7] for at in range(0, len(text), 7)]
    )

    later = detector.asked[5:-1]
    assert all(len(each) > 150 for each in later)
    assert all(each in text for each in detector.asked)
