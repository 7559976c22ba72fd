"""What people let pass of what guards held, as the proxy knows it: from the snapshot, and from Redis who took what was for one call."""

import logging
import time
from collections.abc import Mapping, Sequence

from guardrails.permits import Permit
from inference_proxy.redis_line import RedisGoneError, RedisLine, RedisReplyError, packed

logger = logging.getLogger(__name__)
TIMEOUT_S = 0.25
"""A call that a person let pass waits no longer for Redis; it is held again then."""
PREFIX = "parapet:permit:"
_TAKE_ALL_OR_NONE = """
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then return 0 end
end
for number, key in ipairs(KEYS) do
  redis.call('SET', key, '1', 'EX', ARGV[number])
end
return 1
"""


class Takings:
    """Who took the permits that are for one call: whoever comes first, in any process."""

    def __init__(self, url: str) -> None:
        self._line = RedisLine(url, timeout_s=TIMEOUT_S, on_lost=self._lost)
        self.failures = 0
        """How often Redis could not be asked."""

    async def take(self, permits: Sequence[Permit]) -> bool:
        """Take permits, all or none; False when somebody has one of them, or when nobody knows."""
        keys = [f"{PREFIX}{permit.escalation_id}" for permit in permits]
        # Kept a little longer than the permit, whose end other clocks may see later.
        now = int(time.time())
        left_s = [max(1, permit.expires_at_s - now) + 60 for permit in permits]
        try:
            return bool(await self._line.ask(packed("EVAL", _TAKE_ALL_OR_NONE, len(keys), *keys, *left_s)))
        except (RedisGoneError, RedisReplyError, TimeoutError, OSError) as error:
            self._lost(error)
            return False

    async def close(self) -> None:
        """End the connection."""
        await self._line.close()

    def _lost(self, error: Exception) -> None:
        if self.failures == 0:
            logger.warning(
                "what a person let pass for one call stays held: Redis cannot be asked (%s)",
                type(error).__name__,
            )
        self.failures += 1


class ProjectPermits:
    """The permits of one project."""

    def __init__(self, permits: Sequence[Permit], takings: Takings | None) -> None:
        self._takings = takings
        # Of several for the same text the one that is good for most.
        ordered = sorted(permits, key=lambda permit: (not permit.is_once, permit.expires_at_s))
        self._permits: Mapping[str, Permit] = {
            fingerprint: permit for permit in ordered for fingerprint in permit.fingerprints
        }

    def find(self, fingerprint: str) -> Permit | None:
        """Return the permit for a fingerprint."""
        return self._permits.get(fingerprint)

    async def use(self, permits: Sequence[Permit]) -> bool:
        """Take permits for one call, all or none. Without Redis nobody can know who was first, and it stays held."""
        return self._takings is not None and await self._takings.take(permits)
