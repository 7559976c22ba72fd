"""Sketches keep what a distribution looked like, hour by hour."""

import math
import uuid
from datetime import timedelta
from decimal import Decimal

from ingest.clickhouse.client import Client
from ingest.queries.sketches import Series, Sketch, sketches
from ingest.records import Usage
from ingest.writer import write
from tests.makers import HOUR, NOON, make_priced, make_span


def _of(clickhouse: Client, project_id: uuid.UUID, series: Series) -> list[Sketch]:
    return sketches(
        clickhouse,
        project_id=project_id,
        series=series,
        since=NOON,
        until=NOON + 3 * HOUR,
    )


def test_every_observation_falls_into_the_bin_of_its_size(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    write(clickhouse, [make_span(project_id, duration_us=2_000_000, session_id="s")], token=uuid.uuid4().hex)

    (sketch,) = _of(clickhouse, project_id, "latency_ms")
    assert sketch.bins == {1000 + math.ceil(math.log(2000) / math.log(1.02)): 1}
    assert (sketch.hour, sketch.observations, sketch.total) == (NOON, 1, 2000.0)
    assert sketch.total_of_squares == 4_000_000.0


def test_what_is_not_known_is_no_observation_and_zero_is_one(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [make_priced(project_id, cost=None), make_priced(project_id, cost="0", usage=Usage())]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    costs = _of(clickhouse, project_id, "cost_usd")
    assert [sketch.bins for sketch in costs] == [{0: 1}]
    assert sum(sketch.observations for sketch in _of(clickhouse, project_id, "output_tokens")) == 1
    assert sum(sketch.observations for sketch in _of(clickhouse, project_id, "refusal_rate")) == 2


def test_a_session_stays_in_one_block_and_hours_stay_apart(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    batch = [make_span(project_id, session_id="same", at=NOON + timedelta(minutes=30 * n)) for n in range(4)]
    write(clickhouse, batch, token=uuid.uuid4().hex)

    found = _of(clickhouse, project_id, "latency_ms")
    assert [(sketch.hour, sketch.observations) for sketch in found] == [(NOON, 2), (NOON + HOUR, 2)]
    assert len({sketch.block for sketch in found}) == 1


def test_errors_and_other_projects_are_left_out(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    write(clickhouse, [make_span(project_id, status="error")], token=uuid.uuid4().hex)

    assert _of(clickhouse, project_id, "latency_ms") == []
    assert _of(clickhouse, uuid.uuid4(), "latency_ms") == []


def test_costs_are_summed_in_dollars(clickhouse: Client) -> None:
    project_id = uuid.uuid4()
    write(clickhouse, [make_priced(project_id, cost="0.25"), make_priced(project_id, cost="0.5")], token="c")

    total = sum(sketch.total for sketch in _of(clickhouse, project_id, "cost_usd"))
    assert Decimal(total) == Decimal("0.75")
