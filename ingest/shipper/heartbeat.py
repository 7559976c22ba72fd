"""How the shipper is doing, in a file that others read: the console's health page and the supervisor."""

import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

NAME = "shipper.json"
ALARMING_RATIO = 0.01
ALARMING_COUNT = 10
_WINDOW = 10_000


@dataclass(slots=True)
class Tally:
    """What happened since the shipper started."""

    started_at: float = field(default_factory=time.time)
    shipped_records: int = 0
    quarantined_records: int = 0
    repeated_records: int = 0
    unpriced_calls: int = 0
    damaged_ranges: int = 0
    torn_tails: int = 0
    unknown_segments: int = 0
    """Segments of a format that only a newer version can read; they stay where they are."""
    inserts: int = 0
    retries: int = 0
    last_error: str = ""
    last_progress_at: float = field(default_factory=time.time)
    unpriced_models: Counter[str] = field(default_factory=Counter)
    _recent_shipped: float = 0.0
    _recent_quarantined: float = 0.0

    def shipped(self, count: int) -> None:
        """Count records that the store has acknowledged."""
        self.shipped_records += count
        self.inserts += 1
        self.last_error = ""
        self.last_progress_at = time.time()
        self._remember(count, 0)

    def quarantined(self, count: int = 1) -> None:
        """Count records that were put aside."""
        self.quarantined_records += count
        self.last_progress_at = time.time()
        self._remember(0, count)

    def unpriced(self, model: str) -> None:
        """Count a call whose cost nobody knows; the list of models stays short."""
        self.unpriced_calls += 1
        if model in self.unpriced_models or len(self.unpriced_models) < 100:
            self.unpriced_models[model] += 1

    @property
    def alarm(self) -> str:
        """Say what a person should look at now; empty when all is well."""
        seen = self._recent_shipped + self._recent_quarantined
        if self._recent_quarantined >= ALARMING_COUNT and self._recent_quarantined > ALARMING_RATIO * seen:
            share = 100 * self._recent_quarantined / seen
            return f"{share:.1f} % of the latest records were put into quarantine; is the store's schema current?"
        if self.unknown_segments:
            return f"{self.unknown_segments} segments were written by a newer version; start that one to ship them"
        return ""

    def _remember(self, shipped: int, quarantined: int) -> None:
        self._recent_shipped += shipped
        self._recent_quarantined += quarantined
        if self._recent_shipped + self._recent_quarantined > _WINDOW:
            self._recent_shipped /= 2
            self._recent_quarantined /= 2


def write_heartbeat(root: Path, tally: Tally, *, backlog_bytes: int, writers: int) -> None:
    """Replace the heartbeat. It is not worth an fsync: after a crash a new one is a second away."""
    fields = {
        "at": time.time(),
        "pid": os.getpid(),
        "started_at": tally.started_at,
        "writers": writers,
        "backlog_bytes": backlog_bytes,
        "shipped_records": tally.shipped_records,
        "quarantined_records": tally.quarantined_records,
        "repeated_records": tally.repeated_records,
        "unpriced_calls": tally.unpriced_calls,
        "unpriced_models": dict(tally.unpriced_models.most_common(20)),
        "damaged_ranges": tally.damaged_ranges,
        "torn_tails": tally.torn_tails,
        "unknown_segments": tally.unknown_segments,
        "inserts": tally.inserts,
        "retries": tally.retries,
        "last_error": tally.last_error,
        "last_progress_at": tally.last_progress_at,
        "alarm": tally.alarm,
    }
    temporary = root / f"{NAME}.new"
    temporary.write_bytes(json.dumps(fields).encode())
    temporary.replace(root / NAME)
