"""What every upstream can do, whether it is far away or in this process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

FailureKind = Literal["connect", "refused", "timeout", "interrupted", "too_large", "redirect"]


class UpstreamError(Exception):
    """An upstream did not answer as HTTP promises. The message carries no text of the call."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an upstream, ready to be sent."""

    path: str
    """Below the base URL: /chat/completions."""
    body: bytes
    is_streamed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those the upstream adds itself."""


class Answer(Protocol):
    """An upstream's answer whose head has arrived."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, readable by names in lower case."""

    async def read(self) -> bytes:
        """Return the whole body. Raises UpstreamError when it does not arrive whole."""

    async def next_bytes(self) -> bytes:
        """Return what arrived next, b"" at the proper end. Raises UpstreamError when it breaks off."""

    def close(self) -> None:
        """Let go; an answer that was not read to its end is broken off."""


class Upstream(Protocol):
    """Somewhere a call can be answered."""

    async def send(self, call: Call) -> Answer:
        """Send a call and return its answer once the head has arrived. Raises UpstreamError."""
