"""What the guard server does wrong has a name, and what it said once is not asked again."""

import asyncio
import time

import pytest

from guardrails.client import GuardServer
from guardrails.guards.pii import build
from guardrails.session import GuardSession
from guardrails.verdict import Failure, Finding
from tests.fakes.lying_guard_server import BROKEN, LIES, FaultyServer, answering, dropping, hanging
from tests.guardrails.conftest import free_port
from tests.guardrails.makers import at, guard, policy, streamed

PII = build({})
TEXT = "write to bob@example.com"
FOUND = {"entity": "EMAIL_ADDRESS", "start": 9, "end": 24, "score": 1.0}


@pytest.mark.parametrize("lie", LIES)
async def test_what_cannot_be_true_is_a_bad_answer(faulty_server: FaultyServer, lie: str) -> None:
    faulty_server.answers = [faulty_server.saying(LIES[lie])]
    server = GuardServer(faulty_server.url)

    verdict = await server.detect(PII, [TEXT], deadline_s=2)
    await server.close()

    assert isinstance(verdict, Failure)
    assert verdict.error == ("crashed" if "no content" in lie else "bad_answer")
    assert "bob" not in verdict.reason


@pytest.mark.parametrize("fault", BROKEN)
async def test_every_fault_has_a_name(faulty_server: FaultyServer, fault: str) -> None:
    answer, error = BROKEN[fault]
    faulty_server.answers = [answer]
    server = GuardServer(faulty_server.url)

    verdict = await server.detect(PII, [TEXT], deadline_s=0.2 if error == "timeout" else 5)
    await server.close()

    assert isinstance(verdict, Failure)
    assert verdict.error == error
    assert "bob" not in verdict.reason


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    server = GuardServer(f"http://127.0.0.1:{free_port()}")

    verdict = await server.detect(PII, [TEXT], deadline_s=1)
    await server.close()

    assert verdict == Failure(error="unreachable", reason="ClientConnectorError")


async def test_a_connection_lost_once_is_tried_again(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [dropping, faulty_server.finding(FOUND)]
    server = GuardServer(faulty_server.url)

    verdict = await server.detect(PII, [TEXT], deadline_s=1)
    await server.close()

    assert verdict == [(Finding(entity="EMAIL_ADDRESS", start=9, end=24),)]


async def test_a_request_bears_the_token(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [faulty_server.finding()]
    server = GuardServer(faulty_server.url, token="a token of the installation")

    await server.detect(PII, [TEXT], deadline_s=1)
    await server.close()

    assert b"authorization: bearer a token of the installation\r\n" in faulty_server.head.lower()
    assert "a token" not in repr(server)


async def test_a_text_is_judged_once(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [faulty_server.finding(FOUND)]
    server = GuardServer(faulty_server.url)

    first = await server.detect(PII, [TEXT, TEXT], deadline_s=1)
    second = await server.detect(PII, [TEXT], deadline_s=1)
    await server.close()

    assert not isinstance(second, Failure)
    assert first == [*second, *second]
    assert faulty_server.requests == 1


async def test_guards_with_other_parameters_do_not_share_verdicts(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [faulty_server.finding(FOUND)]
    server = GuardServer(faulty_server.url)

    await server.detect(PII, [TEXT], deadline_s=1)
    await server.detect(build({"score_threshold": 0.9}), [TEXT], deadline_s=1)
    await server.close()

    assert faulty_server.requests == 2


async def test_a_failure_is_not_remembered(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [answering(503, b""), faulty_server.finding(FOUND)]
    server = GuardServer(faulty_server.url)

    first = await server.detect(PII, [TEXT], deadline_s=1)
    second = await server.detect(PII, [TEXT], deadline_s=1)
    await server.close()

    assert isinstance(first, Failure)
    assert not isinstance(second, Failure)


async def test_the_memory_of_verdicts_is_bounded(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [faulty_server.finding()]
    server = GuardServer(faulty_server.url, remembered=2)

    for text in ("a1", "a2", "a3", "a3", "a2", "a1"):
        await server.detect(PII, [text], deadline_s=1)
    await server.close()

    assert faulty_server.requests == 4


async def test_the_deadline_holds_for_a_stream(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [hanging]
    server = GuardServer(faulty_server.url)
    session = GuardSession(policy(guard("pii", deadline_ms=100)), server)
    started = time.monotonic()

    out, _, blocked_by = await streamed(session, ["My number is 212-555-0123."])
    await server.close()

    assert (out, blocked_by) == ("", "pii")
    assert time.monotonic() - started < 1


async def test_a_long_batch_comes_back_in_order(guard_server: GuardServer) -> None:
    texts = [f"user{number}@example.com wrote" for number in range(200)]

    verdicts = await guard_server.detect(PII, texts, deadline_s=20)

    assert not isinstance(verdicts, Failure)
    assert [(each[0].start, each[0].end) for each in verdicts] == [(0, text.index(" ")) for text in texts]


async def test_half_a_character_does_not_stop_a_guard(guard_server: GuardServer) -> None:
    session = GuardSession(policy(guard("pii")), guard_server)

    outcome = await session.check_input(at("user", "\ud83d bob@example.com 日本"))

    assert outcome.texts == ("\ufffd <EMAIL_ADDRESS_1> 日本",)


async def test_requests_that_ask_at_once_travel_together(faulty_server: FaultyServer) -> None:
    faulty_server.answers = [faulty_server.finding()]
    server = GuardServer(faulty_server.url)

    verdicts = await asyncio.gather(
        *(server.detect(PII, [text], deadline_s=1) for text in ("a1", "a2", "a1", "a2"))
    )
    await server.close()

    assert verdicts == [[()], [()], [()], [()]]
    assert faulty_server.requests == 1


async def test_who_cannot_wait_leaves_and_the_others_get_their_verdict(faulty_server: FaultyServer) -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await faulty_server.finding(FOUND)(writer)

    faulty_server.answers = [slowly]
    server = GuardServer(faulty_server.url)

    hasty, patient = await asyncio.gather(
        server.detect(PII, [TEXT], deadline_s=0.05), server.detect(PII, [TEXT], deadline_s=5)
    )
    await server.close()

    assert isinstance(hasty, Failure)
    assert hasty.error == "timeout"
    assert not isinstance(patient, Failure)
