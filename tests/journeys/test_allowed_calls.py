"""A call that guards hold is allowed on the console's page, passes in the proxy that Redis has told, and is held again after."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import pytest
import redis
from django.test import Client
from pytest_django import Settings

from console.accounts.actions import IssuedKey
from console.accounts.models import Project, User
from console.gateway.actions import add_demo
from console.gateway.models import Upstream
from console.policies.actions import save_policy
from console.policies.models import Policy
from console.store import store
from ingest.shipper.settings import Settings as ShipperSettings
from ingest.shipper.shipper import Shipper
from tests.fakes.proxy import RunningProxy, wait_until
from tests.fixtures.redis import PrivateRedis

CARD = "4111 1111 1111 1111"
CALL = {"model": "parapet/demo", "messages": [{"role": "user", "content": f"pay the launch with {CARD}"}]}
RULES = (("cards", "pattern", {"patterns": ["credit_card"]}), ("plans", "words", {"words": ["launch"]}))
CALLERS = 6


class Chain:
    """An app that calls, a person at the console, and what lies between them."""

    def __init__(
        self, proxy: RunningProxy, shipper: Shipper, browser: Client, project: Project, key: str
    ) -> None:
        self.proxy, self.shipper, self.browser, self.project, self._key = (
            proxy, shipper, browser, project, key,
        )  # fmt: skip

    def call(self, *_times: int) -> tuple[int, Any]:
        """Send the call."""
        headers = {"content-type": "application/json"}
        status, _, body = self.proxy.request(
            "POST", "/v1/chat/completions", orjson.dumps(CALL), headers, key=self._key
        )
        return status, orjson.loads(body)

    def allow(self, review_url: str, **choices: str) -> str:
        """Open the address that the caller was told, and allow what is shown there."""
        asked = urlsplit(review_url)
        found: list[str] = []

        def is_listed() -> bool:
            self.shipper.step()
            page = self.browser.get(f"{asked.path}?{asked.query}").content.decode()
            found[:] = sorted(set(re.findall(rf"{asked.path}([0-9a-f-]{{36}})/", page)))
            return len(found) == len(RULES)

        wait_until(is_listed, within_s=60)
        address = f"{asked.path}{found[0]}/"
        self.browser.post(f"{address}change/", {"do": "allow"} | choices)
        self.until_told(lambda permits: len(permits) == len(RULES))
        return address

    def revoke(self, address: str) -> None:
        """Take it back on the page where it was allowed."""
        self.browser.post(f"{address}change/", {"do": "revoke"})
        self.until_told(lambda permits: not permits)

    def until_told(self, claim: Callable[[Any], bool]) -> None:
        """Wait until the proxy has heard through Redis what is let pass."""
        wait_until(lambda: claim(self._permits()), within_s=30)

    def _permits(self) -> Any:
        return self.proxy.app._current.snapshot.projects[self.project.pk].permits


@pytest.fixture
def chain(
    tmp_path: Path,
    settings: Settings,
    own_redis: PrivateRedis,
    clickhouse_url: str,
    transactional_db: None,
    owner: User,
    owner_client: Client,
    project: Project,
    issued_key: IssuedKey,
) -> Iterator[Chain]:
    settings.REDIS_URL, settings.SNAPSHOT_FILE, settings.CLICKHOUSE_URL = own_redis.url, "", clickhouse_url
    settings.CONSOLE_URL = "http://testserver"
    store.cache_clear()
    if not Upstream.objects.filter(project=project).exists():
        add_demo(project=project, by=owner)
    save_policy(policy=Policy.objects.get(project=project, is_active=True), guards=_guards(), by=owner)
    told = {"secret_key": settings.PARAPET_SECRET_KEY, "redis_url": own_redis.url, "snapshot_file": None}
    with RunningProxy(tmp_path, **told) as proxy:
        wait_until(lambda: proxy.app._current.snapshot is not None, within_s=30)
        shipper = Shipper(
            ShipperSettings(
                spool_dir=proxy.settings.spool_dir, clickhouse_url=clickhouse_url, reserve_bytes=0
            )
        )
        yield Chain(proxy, shipper, owner_client, project, issued_key.secret)
        shipper.end()
    store().close()
    store.cache_clear()


def _guards() -> list[dict[str, Any]]:
    common = {"action": "escalate", "on_error": "block", "deadline_ms": 30_000, "places": ["user"]}
    return [common | {"name": name, "kind": kind, "parameters": told} for name, kind, told in RULES]


def test_a_call_allowed_for_an_hour_passes_until_that_is_revoked(chain: Chain) -> None:
    held, answer = chain.call()
    address = chain.allow(answer["error"]["review_url"], lasts="60")
    passed = [chain.call()[0] for _ in range(2)]
    chain.revoke(address)
    held_again, again = chain.call()

    assert (held, passed, held_again) == (400, [200, 200], 400)
    assert answer["error"]["code"] == again["error"]["code"] == "escalated_by_policy"


def test_of_many_callers_at_once_a_call_allowed_once_passes_one(chain: Chain) -> None:
    _, answer = chain.call()
    chain.allow(answer["error"]["review_url"], lasts="60", once="on")
    with ThreadPoolExecutor(CALLERS) as callers:
        statuses = sorted(status for status, _ in callers.map(chain.call, range(CALLERS)))

    assert statuses == [200] + [400] * (CALLERS - 1)


def test_what_a_person_allowed_is_in_no_snapshot_and_not_in_redis(
    chain: Chain, own_redis: PrivateRedis
) -> None:
    _, answer = chain.call()
    address = chain.allow(answer["error"]["review_url"], lasts="60", once="on")
    chain.call()
    with redis.Redis.from_url(own_redis.url) as client:
        kept = {key: client.get(key) for key in client.scan_iter() if client.type(key) == b"string"}

    assert str(UUID(address.split("/")[-2])).encode() in b"".join(kept)
    assert CARD.encode() not in b"".join(value or b"" for value in kept.values())
