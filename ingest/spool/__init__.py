"""Records on their way to ClickHouse, durable on the local disk before anyone is told that they are kept."""

from ingest.spool.errors import SpoolError, SpoolFullError, SpoolWriteError, UnreadableSegmentError
from ingest.spool.log import Durability
from ingest.spool.writer import SpoolStats, SpoolWriter

__all__ = [
    "Durability",
    "SpoolError",
    "SpoolFullError",
    "SpoolStats",
    "SpoolWriteError",
    "SpoolWriter",
    "UnreadableSegmentError",
]
