"""Rates and budgets of API keys: estimate, reserve all or nothing, settle by what was really used."""

import hashlib
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from inference_proxy.errors import RequestError, unavailable
from inference_proxy.redis_line import RedisGoneError, RedisLine, RedisReplyError, packed
from inference_proxy.settings import OnFailure
from ingest.keys import KeyGrant
from ingest.prices import unit_prices
from ingest.records import Price, Usage

logger = logging.getLogger(__name__)

REDIS_TIMEOUT_S = 0.05
BREAKER_FAILURES = 5
BREAKER_OPEN_S = 10.0
NANO = 1_000_000_000
BYTES_PER_TOKEN = 3
"""For estimates before the call: rather too many tokens than too few."""
ASSUMED_OUTPUT_TOKENS = 1_024
"""Reserved for an answer whose length the request does not limit."""
DAY_S = 86_400

_MULTI, _EXEC = packed("MULTI"), packed("EXEC")

LimitName = Literal["requests", "tokens", "budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call will use at most, as far as one can tell before it."""

    tokens: int
    nanousd: int


class _Limit(NamedTuple):
    name: LimitName
    key: str
    capacity: int
    amount: int


@dataclass(slots=True)
class Reservation:
    """What was taken from a key's limits for one call."""

    limits: list[_Limit] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING_RESERVED = Reservation()


def has_limits(grant: KeyGrant) -> bool:
    """Say whether a key is limited at all."""
    return (
        grant.requests_per_minute is not None
        or grant.tokens_per_minute is not None
        or grant.budget_usd_per_day is not None
    )


def estimate(
    body: Mapping[str, Any], *, body_bytes: int, provider: str, model: str, has_output: bool
) -> Estimate:
    """Estimate a call from its size and the output it allows."""
    input_tokens = -(-body_bytes // BYTES_PER_TOKEN)
    output_tokens = 0
    if has_output:
        allowed = body.get("max_completion_tokens") or body.get("max_tokens")
        output_tokens = allowed if isinstance(allowed, int) and allowed > 0 else ASSUMED_OUTPUT_TOKENS
        choices = body.get("n")
        output_tokens *= choices if isinstance(choices, int) and 0 < choices <= 128 else 1
    prices = unit_prices(provider, model, datetime.now(UTC))
    nanousd = 0
    if prices is not None:
        nanousd = prices.estimate_nanousd(input_tokens=input_tokens, output_tokens=output_tokens)
    return Estimate(tokens=input_tokens + output_tokens, nanousd=nanousd)


class Limiter:
    """Asks Redis, which counts for all processes, and only about keys that are limited.

    A Redis that is slow is worse than one that is gone: it is given 50 ms, and after some failures in
    a row it is not asked for a while. What happens then is the installation's decision.
    """

    def __init__(self, url: str | None, *, on_failure: OnFailure) -> None:
        self._line = (
            RedisLine(url, timeout_s=REDIS_TIMEOUT_S, on_lost=self._failed) if url is not None else None
        )
        self._on_failure = on_failure
        self._script = files("inference_proxy").joinpath("limits.lua").read_bytes()
        self._script_hash = hashlib.sha1(self._script, usedforsecurity=False).hexdigest()
        self._failures = 0
        self._closed_until = 0.0
        self.unchecked = 0
        """Calls that went ahead without being counted, because Redis did not answer."""

    @classmethod
    def at(cls, url: str | None, *, on_failure: OnFailure) -> "Limiter":
        """Return a limiter for a Redis URL; nothing is opened yet."""
        return cls(url, on_failure=on_failure)

    async def close(self) -> None:
        """Close the connection."""
        if self._line is not None:
            await self._line.close()

    async def reserve(self, grant: KeyGrant, estimate: Estimate) -> Reservation:
        """Take one request and its estimate from all limits of a key. Raises RequestError when one is used up."""
        limits = _limits_of(grant, estimate)
        arguments: list[Any] = []
        for limit in limits:
            kind = "budget" if limit.name == "budget" else "bucket"
            arguments += [kind, limit.capacity, limit.amount, 2 * DAY_S]
        reply = await self._ask([limit.key for limit in limits], arguments)
        if reply is None:
            return NOTHING_RESERVED
        if reply[0] == 0:
            raise _exceeded(limits[reply[1] - 1], wait_ms=reply[2], headers=_headers(limits, reply[3:]))
        return Reservation(limits, _headers(limits, reply[1:]))

    def settle(self, reservation: Reservation, *, usage: Usage, price: Price | None) -> None:
        """Replace what was reserved by what was used. What is not known stays reserved. Nobody waits for it."""
        changes: list[tuple[_Limit, int]] = []
        for limit in reservation.limits:
            if limit.name == "tokens" and usage.source != "unknown":
                used = (usage.input_tokens or 0) + (usage.output_tokens or 0)
                changes.append((limit, used - limit.amount))
            elif limit.name == "budget" and price is not None:
                changes.append((limit, math.ceil(price.cost_usd * NANO) - limit.amount))
        self._change(changes)

    def refund(self, reservation: Reservation) -> None:
        """Give back all but the request itself: nothing was bought."""
        self._change([(limit, -limit.amount) for limit in reservation.limits if limit.name != "requests"])

    def _change(self, changes: list[tuple[_Limit, int]]) -> None:
        if self._line is None or not any(change for _, change in changes):
            return
        commands = [
            packed("INCRBY", limit.key, change)
            if limit.name == "budget"
            else packed("HINCRBY", limit.key, "level", -change * 1_000_000)
            for limit, change in changes
        ]
        self._line.tell(_MULTI, *commands, _EXEC)

    async def _ask(self, keys: list[str], arguments: list[Any]) -> list[int] | None:
        if self._line is not None and time.monotonic() >= self._closed_until:
            rest = (len(keys), *keys, *arguments)
            try:
                try:
                    reply: list[int] = await self._line.ask(packed("EVALSHA", self._script_hash, *rest))
                except RedisReplyError as error:
                    if not str(error).startswith("NOSCRIPT"):
                        raise
                    reply = await self._line.ask(packed("EVAL", self._script, *rest))
            except (RedisReplyError, RedisGoneError, OSError, TimeoutError) as error:
                self._failed(error)
            else:
                self._failures = 0
                return reply
        if self._on_failure == "refuse":
            raise unavailable(
                "The limits of this key cannot be checked right now, and this installation does not serve "
                "without (PARAPET_LIMITS_ON_REDIS_FAILURE=refuse).",
                code="limits_unavailable",
            )
        self.unchecked += 1
        return None

    def _failed(self, error: BaseException) -> None:
        self._failures += 1
        if self._failures >= BREAKER_FAILURES:
            self._closed_until = time.monotonic() + BREAKER_OPEN_S
        logger.warning("limits: Redis does not answer (%s)", type(error).__name__)


def _limits_of(grant: KeyGrant, estimate: Estimate) -> list[_Limit]:
    # The braces keep the keys of one API key on one node of a Redis cluster.
    prefix = f"parapet:limits:{{{grant.id}}}"
    limits = []
    if grant.requests_per_minute is not None:
        limits.append(_Limit("requests", f"{prefix}:requests", grant.requests_per_minute, 1))
    if grant.tokens_per_minute is not None:
        # An estimate may be far too high; more than a whole minute's worth is never asked for in advance.
        amount = min(estimate.tokens, grant.tokens_per_minute)
        limits.append(_Limit("tokens", f"{prefix}:tokens", grant.tokens_per_minute, max(1, amount)))
    if grant.budget_usd_per_day is not None:
        day = _day(int(time.time()) // DAY_S)
        budget = _nanousd(grant.budget_usd_per_day)
        limits.append(_Limit("budget", f"{prefix}:budget:{day}", budget, estimate.nanousd))
    return limits


@lru_cache(maxsize=4)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * DAY_S, UTC).strftime("%Y-%m-%d")


@lru_cache(maxsize=1_024)
def _nanousd(usd: str) -> int:
    return int(Decimal(usd) * NANO)


def _headers(limits: list[_Limit], left: list[int]) -> dict[str, str]:
    headers = {}
    for limit, rest in zip(limits, left, strict=True):
        if limit.name == "budget":
            headers["x-parapet-budget-remaining-usd"] = f"{Decimal(rest) / NANO:f}"
            continue
        headers[f"x-ratelimit-limit-{limit.name}"] = str(limit.capacity)
        headers[f"x-ratelimit-remaining-{limit.name}"] = str(rest)
        full_again_s = 60 * (limit.capacity - rest) / limit.capacity if limit.capacity else 60.0
        headers[f"x-ratelimit-reset-{limit.name}"] = f"{full_again_s:.2f}s"
    return headers


_WORDS: dict[LimitName, str] = {
    "requests": "requests per minute",
    "tokens": "tokens per minute",
    "budget": "dollars per day",
}


def _exceeded(limit: _Limit, *, wait_ms: int, headers: Mapping[str, str]) -> RequestError:
    wait_s = max(1, math.ceil(wait_ms / 1000))
    capacity: str = str(limit.capacity)
    if limit.name == "budget":
        capacity = f"{Decimal(limit.capacity) / NANO:f}"
    return RequestError(
        429,
        f"This key is limited to {capacity} {_WORDS[limit.name]}. Try again in {wait_s} s.",
        code="budget_exceeded" if limit.name == "budget" else "rate_limit_exceeded",
        type="insufficient_quota" if limit.name == "budget" else limit.name,
        headers={"retry-after": str(wait_s), "retry-after-ms": str(wait_ms), **headers},
    )
