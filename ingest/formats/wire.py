"""A span as it came over the wire: decoded, but not yet understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class UnreadableRequestError(ValueError):
    """The body as a whole is not an OTLP trace request; nothing of it can be kept."""


class WireEvent(NamedTuple):
    """Something that happened during a span."""

    name: str
    time_ns: int
    attributes: dict[str, Any]


class WireSpan(NamedTuple):
    """One OTLP span with its ids in hex and its attributes as plain Python values."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: list[WireEvent]
    is_error: bool
    status_message: str
    resource: Mapping[str, Any]
    scope: str
    size: int
    """Bytes on the wire; not measured in a request that is small as a whole."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A span that was not accepted, and why. The reason names fields, never what is in them."""

    span: str
    reason: str

    def __str__(self) -> str:
        return f"{self.span}: {self.reason}"


def label(name: str, span_id: str) -> str:
    """Name a span for its sender."""
    return f"span {span_id[:32] or '(no id)'} {name[:80]!r}"
