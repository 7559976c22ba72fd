"""Whatever the guard server answers, the policy decides, and nothing that should have been masked is stored."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson
import pytest

from guardrails.client import GuardServer
from guardrails.outcome import WITHHELD
from guardrails.policy import GuardConfig, Policy
from inference_proxy.house import EMBEDDING, MODERATION, REDACTOR
from inference_proxy.masking import mask
from inference_proxy.snapshot import ProjectConfig
from ingest.receiver.intake import UnavailableError
from ingest.records import Record, Span
from tests.fakes.lying_guard_server import BROKEN, LIES, FaultyServer, running_faulty_server
from tests.fakes.proxy import PROJECT, RunningProxy, policy_of, upstream_config, wait_until
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, as_stream, completion, spoken
from tests.makers import make_span

NUMBER = "212-555-0123"
ANSWER = "Call me at 415-555-0199, please. Do not wait for long."
ANSWERED_NUMBER = "415-555-0199"
FAULTS = [*LIES, *BROKEN]
HASTY_MS = 150
HEARD_LIES = [
    *("a page", "nothing", "another shape", "a list", "null", "no verdicts", "packed nonsense"),
    *("far too much", "no HTTP", "truncated", "dropped", "endless"),
]
"""What is said to whoever asks for something else than verdicts, too."""


@pytest.fixture(scope="module")
def faulty() -> Iterator[FaultyServer]:
    """A guard server that lies, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = running_faulty_server()
    yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(5)
    asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeUpstream]:
    """A provider whose answer holds a number, too."""
    with FakeUpstream() as running:
        yield running


@pytest.fixture(scope="module")
def lied_to(
    tmp_path_factory: pytest.TempPathFactory, faulty: FaultyServer, provider: FakeUpstream
) -> Iterator[RunningProxy]:
    """The proxy that asks it."""
    directory: Path = tmp_path_factory.mktemp("lied to")
    with RunningProxy(directory, upstream_config(1, provider.url), guard_url=faulty.url) as running:
        yield running


def lie(faulty: FaultyServer, fault: str) -> None:
    """Have the guard server answer so from now on."""
    faulty.answers = [BROKEN[fault][0] if fault in BROKEN else faulty.saying(LIES[fault])]


def personal_data(fault: str, on_error: Literal["allow", "block"]) -> Policy:
    is_waited_for = fault in BROKEN and BROKEN[fault][1] == "timeout"
    deadline_ms = HASTY_MS if is_waited_for else 10_000
    guard = GuardConfig(name="pii", kind="pii", action="mask", on_error=on_error, deadline_ms=deadline_ms)
    return policy_of(guard)


def politely(request: Received) -> Reply:
    """Answer as it is asked for, with a number."""
    return as_stream(spoken(ANSWER)) if request.json.get("stream") else as_json(completion(ANSWER))


def asked_twice(proxy: RunningProxy) -> tuple[list[int], list[bytes], bytes]:
    """Ask for a whole answer and for a stream; return statuses, bodies and all that is in the spool then."""
    before = len(spans_of(proxy))
    call = {"model": "fake-model", "messages": [{"role": "user", "content": f"I am on {NUMBER}."}]}
    answers = [proxy.post("/v1/chat/completions", call | {"stream": way}) for way in (False, True)]
    wait_until(lambda: len(spans_of(proxy)) == before + 2)
    return [status for status, *_ in answers], [body for *_, body in answers], b"".join(proxy.payloads())


def spans_of(proxy: RunningProxy) -> list[Span]:
    return [record for record in proxy.records() if isinstance(record, Span)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_must_not_go_unseen_does_not_go(
    lied_to: RunningProxy, faulty: FaultyServer, provider: FakeUpstream, fault: str
) -> None:
    lie(faulty, fault)
    provider.reset()
    lied_to.publish(policy=personal_data(fault, "block"))

    statuses, bodies, stored = asked_twice(lied_to)

    assert statuses == [400, 400]
    assert [b"blocked_by_policy" in body for body in bodies] == [True, True]
    assert provider.requests == []
    assert NUMBER.encode() not in stored


@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_may_go_unseen_goes_and_is_not_stored(
    lied_to: RunningProxy, faulty: FaultyServer, provider: FakeUpstream, fault: str
) -> None:
    lie(faulty, fault)
    provider.reset()
    provider.always(politely)
    lied_to.publish(policy=personal_data(fault, "allow"))

    statuses, bodies, stored = asked_twice(lied_to)

    assert statuses == [200, 200]
    assert [ANSWERED_NUMBER.encode() in body for body in bodies] == [True, True]
    assert [NUMBER in request.text for request in provider.requests] == [True, True]
    assert NUMBER.encode() not in stored
    assert ANSWERED_NUMBER.encode() not in stored


async def received(faulty: FaultyServer, policy: Policy) -> Sequence[Record]:
    """What would be stored of a span that another program sends."""
    project = ProjectConfig(id=PROJECT, slug="tests", policy=policy)
    server = GuardServer(faulty.url)
    said = [{"role": "user", "content": f"I am on {NUMBER}."}]
    try:
        return await mask(
            project, [make_span(PROJECT, input_messages=said)], pepper=bytes(32), detector=server
        )
    finally:
        await server.close()


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_span_that_must_not_go_unseen_is_left_with_its_sender(
    faulty: FaultyServer, fault: str
) -> None:
    lie(faulty, fault)

    with pytest.raises(UnavailableError, match="nothing was stored, keep them and try again"):
        await received(faulty, personal_data(fault, "block"))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_span_that_may_go_unseen_is_stored_without_its_texts(
    faulty: FaultyServer, fault: str
) -> None:
    lie(faulty, fault)

    records = await received(faulty, personal_data(fault, "allow"))

    assert NUMBER not in str(records)
    assert WITHHELD in str(records[0])


@pytest.mark.parametrize("fault", HEARD_LIES)
@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("chat/completions", {"model": REDACTOR, "messages": [{"role": "user", "content": f"On {NUMBER}."}]}),
        ("moderations", {"model": MODERATION, "input": f"On {NUMBER}."}),
        ("embeddings", {"model": EMBEDDING, "input": f"On {NUMBER}."}),
    ],
)
def test_our_own_models_do_not_answer_with_a_lie(
    lied_to: RunningProxy, faulty: FaultyServer, fault: str, path: str, call: dict[str, Any]
) -> None:
    lie(faulty, fault)
    lied_to.publish()

    status, _, body = lied_to.post(f"/v1/{path}", call)

    assert status in (502, 503)
    assert orjson.loads(body)["error"]["message"]
