"""What the receiver asks of the process it runs in: who may send, and what becomes of spans before storage."""

from collections.abc import Sequence
from typing import Protocol

from ingest.keys import KeyGrant, KeyRing
from ingest.records import Record, Span


class UnavailableError(Exception):
    """Spans cannot be accepted now, through no fault of the sender, who should keep them and try again."""

    def __init__(self, reason: str, *, retry_after_s: int = 5) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Intake(Protocol):
    """The rules in force for one request."""

    @property
    def keys(self) -> KeyRing:
        """The keys that may send."""

    async def prepare(self, grant: KeyGrant, spans: Sequence[Span]) -> Sequence[Record]:
        """Return what may be stored for these spans. Raises UnavailableError when that cannot be said now."""


class Spool(Protocol):
    """Where accepted records become durable; `ingest.spool.SpoolWriter` is one."""

    async def append(self, payloads: Sequence[bytes]) -> None:
        """Return when all payloads are durable. Raises `ingest.spool.SpoolError` otherwise."""
