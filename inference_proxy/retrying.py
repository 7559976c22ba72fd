"""When to try an upstream again, how long to wait before, and when trying again would make things worse."""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
"""Answers after which the same request may succeed."""
FALLBACK_STATUSES = RETRIED_STATUSES | {401, 402, 403, 404}
"""Answers after which another target may succeed."""
LONGEST_WAIT_S = 10.0


class RetryBudget:
    """Lets retries be a tenth of the traffic and no more, so that a failing upstream is not beaten."""

    def __init__(self, *, share: float = 0.1, burst: float = 10.0) -> None:
        self._share = share
        self._burst = burst
        self._balance = burst

    def earn(self) -> None:
        """Count a request."""
        self._balance = min(self._burst, self._balance + self._share)

    def spend(self) -> bool:
        """Take one retry; False when there is none left."""
        if self._balance < 1.0:
            return False
        self._balance -= 1.0
        return True


def wait_before(attempt: int, *, retry_after_s: float | None) -> float | None:
    """Return the seconds to wait before a retry (0 = the first one), or None when it would take too long."""
    if retry_after_s is not None:
        return retry_after_s if retry_after_s <= LONGEST_WAIT_S else None
    return random.uniform(0.0, min(LONGEST_WAIT_S, 0.25 * 2**attempt))  # noqa: S311 (jitter, not a secret)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how long an upstream asks to be left alone, in seconds."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _number(headers.get(name, ""))
        if milliseconds is not None:
            return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    now = datetime.fromtimestamp(time.time(), UTC)
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
