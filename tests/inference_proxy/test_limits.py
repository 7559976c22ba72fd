"""Rates and budgets of keys, counted by a real Redis."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest
import redis

from inference_proxy.settings import OnFailure
from tests.fakes.proxy import RunningProxy, upstream_config, wait_until
from tests.fakes.upstream import FakeUpstream, Reply, as_error, as_json, as_stream, completion, spoken
from tests.fixtures.redis import PrivateRedis

CHAT = "/v1/chat/completions"
BODY: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 100}


@pytest.fixture
def limited(tmp_path: Path, upstream: FakeUpstream, own_redis: PrivateRedis) -> Iterator[RunningProxy]:
    """A proxy that counts in Redis."""
    upstream.always(as_json(completion("hi", model="gpt-4o")))
    with RunningProxy(tmp_path / "p", upstream_config(1, upstream.url), redis_url=own_redis.url) as running:
        yield running


def spent_nanousd(server: PrivateRedis) -> int:
    with redis.Redis.from_url(server.url) as client:
        (key,) = client.keys("parapet:limits:*budget*")
        return int(client.get(key) or 0)


COST_NANOUSD = 13 * 2_500 + 8 * 1_250 + 7 * 10_000
"""gpt-4o: 13 tokens at $2.50, 8 from the cache at $1.25 and 7 at $10 for a million."""


def test_requests_beyond_the_rate_are_refused_with_a_time_to_wait(
    limited: RunningProxy, upstream: FakeUpstream
) -> None:
    limited.publish(requests_per_minute=3)

    answers = [limited.post(CHAT, BODY) for _ in range(5)]

    assert [status for status, _, _ in answers] == [200, 200, 200, 429, 429]
    assert [headers["x-ratelimit-remaining-requests"] for _, headers, _ in answers[:3]] == ["2", "1", "0"]
    _, headers, body = answers[3]
    assert 1 <= int(headers["retry-after"]) <= 20
    assert headers["x-ratelimit-limit-requests"] == "3"
    assert orjson.loads(body)["error"]["code"] == "rate_limit_exceeded"
    assert "3 requests per minute" in orjson.loads(body)["error"]["message"]
    assert len(upstream.requests) == 3
    refused = [span for span in limited.spans(5) if span.status == "error"]
    assert {span.error_type for span in refused} == {"rate_limit_exceeded"}
    assert {span.http_status for span in refused} == {429}


def test_the_official_client_sees_a_rate_limit_error(limited: RunningProxy) -> None:
    limited.publish(requests_per_minute=0)

    with limited.client() as client, pytest.raises(openai.RateLimitError):
        client.chat.completions.create(**BODY)


def test_concurrent_calls_never_pass_the_rate_together(limited: RunningProxy, upstream: FakeUpstream) -> None:
    limited.publish(requests_per_minute=10)

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: limited.post(CHAT, BODY)[0], range(60)))

    assert statuses.count(200) == len(upstream.requests)
    assert 10 <= statuses.count(200) <= 11  # one more may have trickled in while they ran


def test_tokens_are_reserved_and_then_settled_by_what_was_used(limited: RunningProxy) -> None:
    limited.publish(tokens_per_minute=1_000)

    _, first, _ = limited.post(CHAT, BODY)
    _, second, _ = limited.post(CHAT, BODY)

    estimate = 1_000 - int(first["x-ratelimit-remaining-tokens"])
    assert 100 < estimate < 200
    # The first call used 28 tokens, not its estimate: the rest was there for the second.
    assert abs(int(second["x-ratelimit-remaining-tokens"]) - (1_000 - 28 - estimate)) <= 30


def test_a_refusal_by_one_limit_takes_nothing_from_the_others(
    limited: RunningProxy, own_redis: PrivateRedis
) -> None:
    limited.publish(requests_per_minute=100, budget_usd_per_day="0")

    status, headers, body = limited.post(CHAT, BODY)

    assert status == 429
    assert orjson.loads(body)["error"]["code"] == "budget_exceeded"
    assert orjson.loads(body)["error"]["type"] == "insufficient_quota"
    assert headers["x-ratelimit-remaining-requests"] == "100"


def test_a_budget_is_charged_what_the_call_really_cost(
    limited: RunningProxy, own_redis: PrivateRedis
) -> None:
    limited.publish(budget_usd_per_day="1.00")

    _, headers, _ = limited.post(CHAT, BODY)

    wait_until(lambda: spent_nanousd(own_redis) == COST_NANOUSD)
    assert float(headers["x-parapet-budget-remaining-usd"]) < 1.0


def test_a_budget_is_never_overspent_by_calls_at_once(
    limited: RunningProxy, upstream: FakeUpstream, own_redis: PrivateRedis
) -> None:
    limited.publish(budget_usd_per_day="0.01")
    usage = {"prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120}
    upstream.always(as_json(completion("hi", model="gpt-4o", usage=usage)))

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: limited.post(CHAT, BODY)[0], range(40)))

    assert 0 < statuses.count(200) < 40
    assert spent_nanousd(own_redis) <= 10_000_000


def test_a_call_that_bought_nothing_gives_its_reservation_back(
    limited: RunningProxy, upstream: FakeUpstream, own_redis: PrivateRedis
) -> None:
    limited.publish(budget_usd_per_day="1.00")
    upstream.then(as_error(400))

    limited.post(CHAT, BODY)

    wait_until(lambda: spent_nanousd(own_redis) == 0)


def test_a_stream_is_charged_by_the_usage_at_its_end(
    limited: RunningProxy, upstream: FakeUpstream, own_redis: PrivateRedis
) -> None:
    limited.publish(budget_usd_per_day="1.00")
    upstream.then(as_stream(spoken("hi", model="gpt-4o")))

    limited.post(CHAT, BODY | {"stream": True})

    wait_until(lambda: spent_nanousd(own_redis) == COST_NANOUSD)


def test_a_key_without_limits_does_not_need_redis(limited: RunningProxy, own_redis: PrivateRedis) -> None:
    own_redis.stop()

    assert limited.post(CHAT, BODY)[0] == 200


@pytest.mark.parametrize(("on_failure", "status"), [("allow", 200), ("refuse", 503)])
def test_without_redis_the_installation_decides(
    tmp_path: Path, upstream: FakeUpstream, own_redis: PrivateRedis, on_failure: OnFailure, status: int
) -> None:
    upstream.always(Reply(headers=[("content-type", "application/json")], pieces=[b"{}"]))
    config = upstream_config(1, upstream.url)
    with RunningProxy(
        tmp_path / "p", config, redis_url=own_redis.url, limits_on_redis_failure=on_failure
    ) as proxy:
        proxy.publish(requests_per_minute=1)
        own_redis.stop()

        statuses = [proxy.post(CHAT, BODY)[0] for _ in range(8)]

        assert statuses == [status] * 8
        assert proxy.metrics()["parapet_proxy_limits_unchecked_total"] == 8 * (on_failure == "allow")
