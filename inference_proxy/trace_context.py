"""Where a call belongs in a trace: W3C Trace Context, read from the caller and passed on."""

import random
import re
from dataclasses import dataclass
from uuid import UUID

_IDS = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311 (ids are unique, not secret)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The ids of one span and what it hangs under."""

    trace_id: str
    span_id: str
    parent_span_id: str = ""

    @property
    def traceparent(self) -> str:
        """What to tell whoever is called next."""
        return f"00-{self.trace_id}-{self.span_id}-01"


def continued_from(traceparent: str) -> TraceContext:
    """Return a new span under the caller's, or in a trace of its own when the header is missing or malformed."""
    if traceparent:
        match = _TRACEPARENT.fullmatch(traceparent.strip().lower())
        if match is not None:
            version, trace_id, parent_id, rest = match.groups()
            is_known_form = version != "ff" and (version != "00" or rest is None)
            if is_known_form and trace_id.strip("0") and parent_id.strip("0"):
                return TraceContext(trace_id, f"{_IDS.getrandbits(64) or 1:016x}", parent_id)
    ids = f"{_IDS.getrandbits(192) | 1 << 64 | 1:048x}"
    return TraceContext(ids[:32], ids[32:])


def random_uuid() -> UUID:
    """Return an id that is unique, not secret; to ask the kernel for one takes longer than to write what it is for."""
    return UUID(int=_IDS.getrandbits(128))
