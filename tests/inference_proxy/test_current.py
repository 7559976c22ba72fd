import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from guardrails.policy import Policy
from inference_proxy.current import Current, sources_of
from inference_proxy.snapshot import (
    REDIS_CHANNEL,
    REDIS_KEY,
    ProjectConfig,
    ScopedPolicy,
    Snapshot,
    dump,
)
from ingest.keys import KeyRing
from tests.fixtures.redis import PrivateRedis


def numbered(version: str) -> bytes:
    return dump(Snapshot(version=version, keys=KeyRing({}), projects={}, upstreams={}))


def publish(server: PrivateRedis, data: bytes) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(REDIS_KEY, data)
        client.publish(REDIS_CHANNEL, "new")


async def eventually(claim: Callable[[], bool], *, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def version_of(current: Current) -> str:
    return current.snapshot.version if current.snapshot else ""


async def test_a_published_snapshot_is_in_force_within_a_moment(own_redis: PrivateRedis) -> None:
    publish(own_redis, numbered("1"))
    current = Current(sources_of(redis_url=own_redis.url, snapshot_file=None))
    await current.start()
    await asyncio.sleep(0.2)

    publish(own_redis, numbered("2"))
    started = time.monotonic()
    await eventually(lambda: version_of(current) == "2")

    assert time.monotonic() - started < 0.5
    await current.stop()


async def test_the_last_snapshot_outlives_its_redis(own_redis: PrivateRedis) -> None:
    publish(own_redis, numbered("1"))
    current = Current(sources_of(redis_url=own_redis.url, snapshot_file=None))
    await current.start()

    own_redis.stop()
    await eventually(lambda: "Redis does not answer" in current.last_error)

    assert version_of(current) == "1"
    own_redis.start()
    publish(own_redis, numbered("2"))
    await eventually(lambda: version_of(current) == "2")
    await current.stop()


async def test_an_emptied_redis_does_not_take_the_keys_away(own_redis: PrivateRedis) -> None:
    publish(own_redis, numbered("1"))
    current = Current(sources_of(redis_url=own_redis.url, snapshot_file=None))
    await current.start()

    with redis.Redis.from_url(own_redis.url) as client:
        client.flushall()
    await current.refresh()

    assert version_of(current) == "1"
    await current.stop()


async def test_a_file_stands_in_while_redis_is_away(own_redis: PrivateRedis, tmp_path: Path) -> None:
    own_redis.stop()
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("from file"))
    current = Current(sources_of(redis_url=own_redis.url, snapshot_file=path))

    await current.start()

    assert version_of(current) == "from file"
    await current.stop()


async def test_a_file_left_behind_does_not_bring_revoked_keys_back(
    own_redis: PrivateRedis, tmp_path: Path
) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("9"))
    publish(own_redis, numbered("10"))
    current = Current(sources_of(redis_url=own_redis.url, snapshot_file=path))
    await current.start()

    own_redis.stop()
    await current.refresh()

    assert version_of(current) == "10"
    assert "older than 10" in current.last_error
    await current.stop()


async def test_a_replaced_file_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("1"))
    current = Current(sources_of(redis_url=None, snapshot_file=path))
    await current.start()

    (tmp_path / "next").write_bytes(numbered("2"))
    (tmp_path / "next").replace(path)

    await eventually(lambda: version_of(current) == "2")
    await current.stop()


async def test_a_broken_snapshot_leaves_the_good_one_in_force(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("1"))
    current = Current(sources_of(redis_url=None, snapshot_file=path))
    await current.start()

    path.write_bytes(b'{"version": 2}')
    await current.refresh()

    assert version_of(current) == "1"
    assert current.last_error == "snapshot: version must be a string, not a number"
    await current.stop()


async def test_a_snapshot_its_user_refuses_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("1"))

    def refuse(snapshot: Snapshot) -> None:
        raise ValueError(f"cannot use {snapshot.version}")

    current = Current(sources_of(redis_url=None, snapshot_file=path), on_change=refuse)
    await current.refresh()

    assert current.snapshot is None
    assert current.age_s is None
    assert current.last_error == "cannot use 1"


async def test_a_mistake_in_taking_one_does_not_end_the_following(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("1"))

    def take(snapshot: Snapshot) -> None:
        if snapshot.version == "2":
            raise RuntimeError("nobody thought of this")

    current = Current(sources_of(redis_url=None, snapshot_file=path), on_change=take)
    await current.start()
    path.write_bytes(numbered("2"))
    await eventually(lambda: "RuntimeError" in current.last_error)

    path.write_bytes(numbered("3"))

    await eventually(lambda: version_of(current) == "3")
    await current.stop()


async def test_age_counts_from_the_last_time_the_source_confirmed_it(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(numbered("1"))
    current = Current(sources_of(redis_url=None, snapshot_file=path))
    await current.refresh()
    await asyncio.sleep(0.05)

    assert (current.age_s or 0) >= 0.05
    await current.refresh()
    assert (current.age_s or 1) < 0.05


async def test_guards_are_built_before_a_snapshot_is_in_force_and_calls_are_served_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[int, bool]] = []

    def note(policy: Policy) -> None:
        built.append((policy.version, threading.current_thread() is threading.main_thread()))

    monkeypatch.setattr("inference_proxy.current.prepare", note)
    policy = Policy(id=uuid4(), name="all", version=3)
    scoped = ScopedPolicy(route="gpt", policy=replace(policy, version=4))
    project = ProjectConfig(id=uuid4(), slug="shop", policy=policy, scoped=(scoped,))
    snapshot = Snapshot(version="1", keys=KeyRing({}), projects={project.id: project}, upstreams={})
    path = tmp_path / "snapshot.json"
    path.write_bytes(dump(snapshot))
    seen: list[int] = []

    current = Current(
        sources_of(redis_url=None, snapshot_file=path), on_change=lambda _: seen.append(len(built))
    )
    await current.refresh()

    assert built == [(3, False), (4, False)]
    assert seen == [2]
