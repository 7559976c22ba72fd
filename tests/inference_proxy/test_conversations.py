"""A conversation keeps its stand-ins between calls; nothing of it can be read in Redis."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from guardrails.policy import GuardConfig, Policy
from guardrails.redaction import Entry
from inference_proxy import conversations as conversations_module
from inference_proxy.conversations import MOST_BYTES, PREFIX, Conversations, ForgottenError, key_of
from tests.fakes.proxy import POLICY, PROJECT, RunningProxy, upstream_config, wait_until
from tests.fakes.upstream import FakeUpstream
from tests.fixtures.redis import PrivateRedis

PEPPER = b"of the tests"
EMAIL = "ann.lee@example.com"
REMEMBERING = Policy(
    id=POLICY,
    name="tests",
    version=1,
    remembers_s=60,
    guards=(GuardConfig(name="mail", kind="pattern", action="mask", parameters={"patterns": ["email"]}),),
)
ENTRY = Entry("EMAIL_ADDRESS", EMAIL, "EMAIL_ADDRESS_1", "placeholder", True)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that tests are run on may be busy."""
    monkeypatch.setattr(conversations_module, "TIMEOUT_S", 10.0)


def everything_in(redis: Any) -> bytes:
    keys = sorted(redis.keys(f"{PREFIX}*"))
    return b"".join(key + (redis.get(key) or b"") for key in keys)


@pytest.fixture
def redis(own_redis: PrivateRedis) -> Iterator[Any]:
    with Redis.from_url(own_redis.url) as client:
        yield client


async def kept(conversations: Conversations, *entries: Entry, ttl_s: int = 60, name: str = "talk") -> None:
    conversations.keep(PROJECT, name, entries, ttl_s=ttl_s)
    await next(iter(conversations._keeping))


async def test_what_is_kept_is_recalled_and_cannot_be_read_in_redis(
    own_redis: PrivateRedis, redis: Any
) -> None:
    conversations = Conversations(own_redis.url, pepper=PEPPER)

    await kept(conversations, ENTRY, name=f"talk with {EMAIL}")

    assert await conversations.recall(PROJECT, f"talk with {EMAIL}") == [ENTRY]
    stored = everything_in(redis)
    assert stored.startswith(PREFIX.encode())
    assert [part for part in (b"ann", b"example", b"EMAIL", b"talk") if part in stored] == []
    assert 0 < redis.ttl(key_of(PROJECT, f"talk with {EMAIL}", pepper=PEPPER)) <= 60
    await conversations.close()


async def test_another_conversation_project_or_secret_opens_nothing(
    own_redis: PrivateRedis, redis: Any
) -> None:
    conversations = Conversations(own_redis.url, pepper=PEPPER)
    await kept(conversations, ENTRY)
    sealed = redis.get(key_of(PROJECT, "talk", pepper=PEPPER))
    assert sealed is not None
    for project, name in ((UUID(int=9), "talk"), (PROJECT, "other")):
        redis.set(key_of(project, name, pepper=PEPPER), sealed)
        with pytest.raises(ForgottenError):
            await conversations.recall(project, name)

    stranger = Conversations(own_redis.url, pepper=b"another secret")
    assert await stranger.recall(PROJECT, "talk") == []
    await conversations.close()
    await stranger.close()


async def test_of_two_calls_at_once_neither_is_lost(own_redis: PrivateRedis) -> None:
    one, two = (Conversations(own_redis.url, pepper=PEPPER) for _ in range(2))
    entries = [ENTRY._replace(value=f"{n}@x.com", stand_in=f"EMAIL_ADDRESS_{n}") for n in range(1, 5)]

    one.keep(PROJECT, "talk", entries[:2], ttl_s=60)
    two.keep(PROJECT, "talk", entries[2:], ttl_s=60)
    await one.close()
    await two.close()

    after = Conversations(own_redis.url, pepper=PEPPER)
    assert sorted(await after.recall(PROJECT, "talk")) == sorted(entries)
    await after.close()


async def test_a_conversation_without_end_stays_small(own_redis: PrivateRedis, redis: Any) -> None:
    conversations = Conversations(own_redis.url, pepper=PEPPER)
    entries = [
        ENTRY._replace(value=f"{n}@{'x' * 300}.com", stand_in=f"EMAIL_ADDRESS_{n}") for n in range(2_000)
    ]

    await kept(conversations, *entries)

    assert redis.strlen(key_of(PROJECT, "talk", pepper=PEPPER)) < MOST_BYTES + 100
    assert (await conversations.recall(PROJECT, "talk"))[-1] == entries[-1]
    await conversations.close()


async def test_what_a_conversation_kept_is_gone_with_its_key(own_redis: PrivateRedis, redis: Any) -> None:
    conversations = Conversations(own_redis.url, pepper=PEPPER)
    await kept(conversations, ENTRY)

    redis.delete(key_of(PROJECT, "talk", pepper=PEPPER))

    assert await conversations.recall(PROJECT, "talk") == []
    await conversations.close()


def test_a_conversation_has_the_same_stand_ins_call_after_call(
    tmp_path: Path, own_redis: PrivateRedis
) -> None:
    with (
        FakeUpstream() as upstream,
        RunningProxy(tmp_path, upstream_config(1, upstream.url), redis_url=own_redis.url) as proxy,
        Redis.from_url(own_redis.url) as redis,
    ):
        proxy.publish(policy=REMEMBERING)

        def ask(text: str) -> str:
            body = {"model": "fake-model", "messages": [{"role": "user", "content": text}]}
            proxy.post("/v1/chat/completions", body, x_parapet_session="talk")
            sent: Any = upstream.requests[-1].json["messages"][0]["content"]
            return str(sent)

        first = ask("bob@example.com and ann@example.com")
        wait_until(lambda: bool(redis.keys(f"{PREFIX}*")))
        second = ask("only ann@example.com")
        stored = everything_in(redis)
        own_redis.stop()
        alone = ask("only ann@example.com")

        assert first == "<EMAIL_ADDRESS_1> and <EMAIL_ADDRESS_2>"
        assert second == "only <EMAIL_ADDRESS_2>"
        assert alone == "only <EMAIL_ADDRESS_1>"
        assert re.search(rb"example|talk", stored) is None
        assert proxy.spans(3)[2].attributes["parapet.conversation"] == "not remembered"
