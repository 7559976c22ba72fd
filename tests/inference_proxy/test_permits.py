"""A call that was held for a person passes once a person has allowed it, and its caller is told where to look."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from guardrails.permits import Permit
from guardrails.policy import GuardConfig
from inference_proxy.permits import PREFIX, ProjectPermits, Takings
from inference_proxy.redis_line import packed
from inference_proxy.wires.chat import ChatWire
from inference_proxy.wires.events import Wire
from inference_proxy.wires.messages import MessagesWire
from inference_proxy.wires.responses import ResponsesWire
from ingest.records import GuardEvent
from tests.fakes.proxy import RunningProxy, policy_of, upstream_config
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, as_stream, completion, spoken

CARD = "4111 1111 1111 1111"
HOLD = GuardConfig(name="cards", kind="pattern", action="escalate", parameters={"patterns": ["credit_card"]})
CONSOLE = "https://parapet.example.org"


def chat(content: str, **fields: Any) -> dict[str, Any]:
    return {"model": "fake-model", "messages": [{"role": "user", "content": content}]} | fields


def telling(request: Received) -> Reply:
    """Answer with a card."""
    words = ("it is ", CARD, ", the card")
    return as_stream(spoken(*words)) if request.json.get("stream") else as_json(completion("".join(words)))


@pytest.fixture
def holding(proxy: RunningProxy) -> RunningProxy:
    proxy.console_url = f"{CONSOLE}/"
    proxy.publish(policy=policy_of(HOLD))
    return proxy


def held(proxy: RunningProxy, count: int = 1) -> Sequence[GuardEvent]:
    return [each for each in proxy.guard_events(count) if each.action == "escalate"]


def permit(event: GuardEvent, **fields: Any) -> Permit:
    permit = Permit(
        escalation_id=event.id,
        by="ada@example.com",
        expires_at_s=int(time.time()) + 60,
        fingerprints=tuple(event.fingerprints),
    )
    return replace(permit, **fields)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_caller_who_sends_an_allowed_call_again_gets_through(
    holding: RunningProxy, upstream: FakeUpstream, is_streamed: bool
) -> None:
    body = chat(f"pay with {CARD}", stream=is_streamed)
    status, headers, answer = holding.post("/v1/chat/completions", body)
    [event] = held(holding)
    error = orjson.loads(answer)["error"]

    holding.permits = (permit(event),)
    holding.publish(policy=policy_of(HOLD))
    passed, seen, _ = holding.post("/v1/chat/completions", body)
    changed, _, _ = holding.post("/v1/chat/completions", chat(f"pay with {CARD} now"))

    page = f"{CONSOLE}/p/tests/guards/escalated/?reference={event.span_id}"
    assert (status, error["code"], error["reference"], error["review_url"]) == (
        400, "escalated_by_policy", event.span_id, page,
    )  # fmt: skip
    assert error["message"].endswith(f"decides at {page}; once it is allowed, send the same call again.")
    assert headers["x-parapet-review"] == event.span_id
    assert (passed, changed, seen["x-parapet-guards"]) == (200, 400, "cards=allow")
    assert CARD in upstream.requests[0].text
    verdict = next(each for each in holding.guard_events(3) if each.escalation_id)
    assert (verdict.action, verdict.escalation_id) == ("allow", event.id)
    assert CARD.encode() not in b"".join(holding.payloads())


@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_answer_that_was_held_passes_as_well(
    holding: RunningProxy, upstream: FakeUpstream, is_streamed: bool
) -> None:
    upstream.always(telling)
    body = chat("which card?", stream=is_streamed)
    status, _, answer = holding.post("/v1/chat/completions", body)
    [event] = held(holding, 2)

    holding.permits = (permit(event),)
    holding.publish(policy=policy_of(HOLD))
    passed, _, whole = holding.post("/v1/chat/completions", body)

    assert (status, passed) == (200 if is_streamed else 400, 200)
    assert event.span_id.encode() in answer
    assert b"escalated_by_policy" in answer
    assert CARD.encode() not in answer
    assert CARD.encode() in whole
    assert CARD.encode() not in b"".join(holding.payloads())


def test_a_stream_that_is_held_ends_with_a_note_for_clients(
    holding: RunningProxy, upstream: FakeUpstream
) -> None:
    upstream.always(telling)
    with holding.client() as client:
        messages: Any = chat("which card?")["messages"]
        chunks = list(client.chat.completions.create(model="fake-model", messages=messages, stream=True))

    note = (chunks[-1].model_extra or {})["parapet"]
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    assert note["code"] == "escalated_by_policy"
    assert note["review_url"].startswith(f"{CONSOLE}/p/tests/guards/escalated/")
    assert f"Reference: {note['reference']}." in note["message"]


def once(*ids: UUID, lasts_s: int = 60) -> list[Permit]:
    """Permits for one call each."""
    until = int(time.time()) + lasts_s
    return [
        Permit(escalation_id=each, by="ada", expires_at_s=until, is_once=True, fingerprints=("a",))
        for each in ids
    ]


async def test_a_permit_for_one_call_is_taken_once_by_whoever_comes_first(redis_url: str) -> None:
    takings, others = Takings(redis_url), Takings(redis_url)
    [one] = permits = once(uuid4())

    taken = [await each.take(permits) for each in (takings, others, takings)]
    left_s = await takings._line.ask(packed("TTL", f"{PREFIX}{one.escalation_id}"))

    await takings.close()
    await others.close()
    assert taken == [True, False, False]
    assert 60 < left_s <= 120


async def test_calls_that_need_several_permits_take_all_of_them_or_none_however_they_meet(
    redis_url: str,
) -> None:
    proxies = [Takings(redis_url) for _ in range(4)]
    ring = [uuid4() for _ in range(12)]
    # Each call needs one permit that the call before it needs, too, and one that the next does, in either order.
    pairs = [(ring[n - 1], ring[n]) if n % 2 else (ring[n], ring[n - 1]) for n in range(len(ring))]

    taken = await asyncio.gather(*(proxies[n % 4].take(once(*pair)) for n, pair in enumerate(pairs * 3)))
    winners = [pair for pair, is_taken in zip(pairs * 3, taken, strict=True) if is_taken]
    spent = {each for pair in winners for each in pair}
    left = [await proxies[0].take(once(each)) for each in ring]

    for proxy in proxies:
        await proxy.close()
    assert 4 <= len(winners) <= 6
    assert len(spent) == 2 * len(winners)
    assert left == [each not in spent for each in ring]


async def test_while_redis_is_away_what_is_for_one_call_stays_held() -> None:
    takings = Takings("redis://127.0.0.1:9/0")
    permits = once(UUID(int=1))

    assert await ProjectPermits(permits, takings).use(permits) is False
    assert await ProjectPermits(permits, None).use(permits) is False
    assert takings.failures == 1
    await takings.close()


def test_what_is_good_for_a_time_needs_no_redis(tmp_path: Path, upstream: FakeUpstream) -> None:
    config = upstream_config(1, upstream.url)
    with RunningProxy(tmp_path, config, redis_url="redis://127.0.0.1:9/0") as proxy:
        proxy.publish(policy=policy_of(HOLD))
        body = chat(f"pay with {CARD}")
        proxy.post("/v1/chat/completions", body)
        [event] = held(proxy)
        statuses = []
        for once in (True, False):
            proxy.permits = (permit(event, is_once=once),)
            proxy.publish(policy=policy_of(HOLD))
            statuses.append(proxy.post("/v1/chat/completions", body)[0])

    assert statuses == [400, 200]


def test_of_several_permits_for_a_text_the_one_that_is_good_for_most_counts() -> None:
    once, short, long = (
        Permit(escalation_id=UUID(int=n), by="ada", expires_at_s=until, is_once=n == 1, fingerprints=("a",))
        for n, until in ((1, 300), (2, 100), (3, 200))
    )

    assert ProjectPermits([long, once, short], None).find("a") is long


@pytest.mark.parametrize(
    "wire", [ChatWire(), ResponsesWire(), MessagesWire()], ids=["chat", "responses", "messages"]
)
def test_every_protocol_has_room_for_why_a_stream_was_stopped(wire: Wire) -> None:
    note = {"code": "escalated_by_policy", "message": "held", "reference": "ab12"}

    assert orjson.dumps(note) in wire.ending({}, note)
    assert b"parapet" not in wire.ending({}, {})
