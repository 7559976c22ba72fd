"""A spool, a shipper that can be stepped, and the sums to compare."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.records import Record, encode
from ingest.shipper.settings import Settings
from ingest.shipper.shipper import Shipper
from ingest.spool import SpoolWriter
from tests.fakes.relay import Relay

COST = Decimal("0.00045")
"""Of one span as tests/ingest/makers.py makes it: 100 tokens at $2.50 and 20 at $10 per million."""

SPANS = "SELECT count(), uniqExact(span_id), sum(cost_usd) FROM spans WHERE project_id = {project:UUID}"
ROLLUPS = """
SELECT
    (SELECT (sum(spans), sum(cost_usd)) FROM usage_by_hour WHERE project_id = {project:UUID}) AS by_hour,
    (SELECT (sum(spans), sum(cost_usd)) FROM usage_by_minute WHERE project_id = {project:UUID}) AS by_minute,
    (SELECT (sum(calls), sum(cost_usd)) FROM usage_by_user WHERE project_id = {project:UUID}) AS by_user
"""


@dataclass
class Pipeline:
    """One project's way from a spool into the store."""

    root: Path
    client: Client
    settings: Settings
    project_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def spool(self, *records: Record | bytes, at_once: int = 1000) -> None:
        """Write records as a process that lives just long enough to do so."""
        writer = SpoolWriter(self.root)
        payloads = [each if isinstance(each, bytes) else encode(each) for each in records]
        for start in range(0, len(payloads), at_once):
            writer.append_blocking(payloads[start : start + at_once])
        writer.close()

    def shipper(self, **changes: Any) -> Shipper:
        """Return a new shipper, as a restarted process would be."""
        fields = {name: getattr(self.settings, name) for name in self.settings.__slots__}
        return Shipper(Settings(**(fields | changes)))

    def ship(self, shipper: Shipper | None = None, *, within_s: float = 30.0) -> Shipper:
        """Step until nothing is left, and end the shipper."""
        shipper = shipper or self.shipper()
        deadline = time.monotonic() + within_s
        while shipper.step() or shipper.is_behind:
            assert time.monotonic() < deadline, f"still behind: {shipper.tally}"
        shipper.end()
        return shipper

    def sums(self) -> tuple[int, int, Decimal | None]:
        """Return rows, distinct spans and cost in the table of spans."""
        rows, distinct, cost = self._query(SPANS)[0]
        return rows, distinct, cost

    def assert_exact(self, spans: int, cost: Decimal = COST) -> None:
        """The table and every rollup hold so many spans, once each, to the last billionth of a dollar."""
        assert self.sums() == (spans, spans, spans * cost)
        assert set(self.rollups()) == {(spans, spans * cost)}

    def rollups(self) -> tuple[Any, ...]:
        """Return calls and cost by hour, by minute and by user."""
        by_hour, by_minute, by_user = self._query(ROLLUPS)[0]
        return by_hour, by_minute, by_user

    def _query(self, text: str) -> Any:
        return self.client.query(text, {"project": str(self.project_id)}).result_rows


@pytest.fixture
def pipeline(tmp_path: Path, clickhouse: Client, clickhouse_url: str) -> Pipeline:
    root = tmp_path / "spool"
    settings = Settings(
        spool_dir=root,
        clickhouse_url=clickhouse_url,
        first_pause_s=0.01,
        longest_pause_s=0.1,
        reserve_bytes=0,
    )
    return Pipeline(root, clickhouse, settings)


@pytest.fixture
def relay_to(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Relay]]:
    relays: list[Relay] = []

    def start(url: str) -> Relay:
        relays.append(Relay(url))
        return relays[-1]

    yield start
    for relay in relays:
        relay.close()
