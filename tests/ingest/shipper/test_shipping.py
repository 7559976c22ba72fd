"""From the spool into the store: each record once, whatever happens in between."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.clickhouse.client import Client
from ingest.records import Record, Span, encode
from ingest.shipper import delivery
from ingest.shipper.quarantine import Quarantine
from ingest.spool import SpoolWriter
from ingest.spool.homes import homes
from ingest.writer import write
from tests.fakes.relay import Relay
from tests.ingest.shipper.conftest import COST, Pipeline
from tests.ingest.spool.test_segments import write_a_segment_of_the_future
from tests.makers import NOON, make_event, make_score, make_span


def spans_of(pipeline: Pipeline, count: int, **changes: Any) -> list[Span]:
    return [a_span(pipeline, **changes) for _ in range(count)]


def a_span(pipeline: Pipeline, **changes: Any) -> Span:
    # Rollups by minute forget after days: these spans are of today.
    return make_span(pipeline.project_id, **({"at": datetime.now(UTC)} | changes))


def count_of(client: Client, table: str, pipeline: Pipeline) -> int:
    query = f"SELECT count() FROM {table} WHERE project_id = {{project:UUID}}"
    return int(client.query(query, {"project": str(pipeline.project_id)}).result_rows[0][0])


def test_spans_arrive_priced_with_every_rollup_exact(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 2500))
    shipper = pipeline.ship()

    pipeline.assert_exact(2500)
    assert shipper.tally.shipped_records == 2500
    assert shipper.tally.unpriced_calls == 0


def test_all_kinds_of_records_arrive(pipeline: Pipeline, clickhouse: Client) -> None:
    project = pipeline.project_id
    pipeline.spool(make_span(project), make_event(project), make_score(project))
    pipeline.ship()

    counts = [count_of(clickhouse, table, pipeline) for table in ("spans", "guard_events", "scores")]
    assert counts == [1, 1, 1]


def test_small_batches_of_a_large_segment_are_exact(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 95))
    shipper = pipeline.ship(pipeline.shipper(batch_records=10))

    pipeline.assert_exact(95)
    assert shipper.tally.inserts == 10


def test_a_batch_over_several_months_is_exact(pipeline: Pipeline) -> None:
    for month in range(5):
        pipeline.spool(*spans_of(pipeline, 7, at=NOON - timedelta(days=31 * month)))
    pipeline.ship()

    by_hour, _, by_user = pipeline.rollups()
    assert pipeline.sums() == (35, 35, 35 * COST)
    assert (by_hour, by_user) == ((35, 35 * COST), (35, 35 * COST))


def test_an_unknown_model_has_no_cost_and_is_counted(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 3, model="mystery-1"))
    shipper = pipeline.ship()

    assert pipeline.sums() == (3, 3, None)
    assert shipper.tally.unpriced_models == {"mystery-1": 3}


def test_a_living_writer_is_shipped_within_seconds(pipeline: Pipeline) -> None:
    writer = SpoolWriter(pipeline.root)
    shipper = pipeline.shipper()
    shipper.step()
    writer.offer(encode(a_span(pipeline)))
    began = time.monotonic()
    while pipeline.sums()[0] == 0:
        shipper.step()
        assert time.monotonic() - began < 5
    shipper.end()
    writer.close()

    pipeline.assert_exact(1)


def test_a_span_sent_again_is_stored_once(pipeline: Pipeline) -> None:
    spans = spans_of(pipeline, 20)
    pipeline.spool(*spans, *spans[:5])
    pipeline.ship()
    pipeline.spool(*spans[10:], *spans_of(pipeline, 3))
    shipper = pipeline.ship()

    pipeline.assert_exact(23)
    assert shipper.tally.repeated_records == 10


class Crash(BaseException):
    """Stands for kill -9: nothing in the shipper may handle it."""


CRASHES = [
    "before the freeze is noted",
    "before the insert",
    "after messages",
    "after the insert",
    "at the end",
]


@pytest.mark.parametrize("moment", CRASHES)
@pytest.mark.parametrize("with_repeats", [False, True])
def test_a_crash_at_any_moment_of_a_batch_stores_it_once(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, moment: str, with_repeats: bool
) -> None:
    spans = spans_of(pipeline, 40)
    pipeline.spool(*spans[: 15 * with_repeats])
    pipeline.ship()
    pipeline.spool(*spans)
    shipper = pipeline.shipper()
    with monkeypatch.context() as patch:
        _crash_at(moment, patch)
        with pytest.raises(Crash):
            pipeline.ship(shipper)
    shipper.end()

    pipeline.ship()

    pipeline.assert_exact(40)


def _crash_at(moment: str, patch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    def then_crash(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> None:
            function(*arguments, **options)
            raise Crash

        return call

    def crash_on_spans(original: Callable[..., Any]) -> Callable[..., Any]:
        def insert(client: Client, table: Any, *rest: Any) -> None:
            if table.name == "spans":
                raise Crash
            original(client, table, *rest)

        return insert

    from ingest import writer
    from ingest.shipper.home import Home

    actions: dict[str, Callable[[], None]] = {
        "before the freeze is noted": lambda: patch.setattr(Home, "save", crash),
        "before the insert": lambda: patch.setattr(delivery, "write", crash),
        "after messages": lambda: patch.setattr(writer, "_insert", crash_on_spans(writer._insert)),
        "after the insert": lambda: patch.setattr(delivery, "write", then_crash(write)),
        "at the end": lambda: patch.setattr(Home, "succeed", crash),
    }
    actions[moment]()


def test_answers_lost_after_the_commit_change_nothing(
    pipeline: Pipeline, relay_to: Callable[[str], Relay]
) -> None:
    relay = relay_to(pipeline.settings.clickhouse_url)
    requests = iter(range(1_000_000))
    relay.loses_answer = lambda request: b"INSERT INTO" in request and next(requests) % 4 != 3
    pipeline.settings = replace(pipeline.settings, clickhouse_url=relay.url, batch_records=20)
    pipeline.spool(*spans_of(pipeline, 60))
    pipeline.ship()

    pipeline.assert_exact(60)
    assert relay.lost_answers >= 12


def test_a_store_that_is_away_is_waited_for(pipeline: Pipeline, relay_to: Callable[[str], Relay]) -> None:
    relay = relay_to(pipeline.settings.clickhouse_url)
    relay.is_away = True
    shipper = pipeline.shipper(clickhouse_url=relay.url)
    for _ in range(5):
        pipeline.spool(*spans_of(pipeline, 4))
        shipper.step()
        time.sleep(0.05)
    shipper.beat()
    status = json.loads((pipeline.root / "shipper.json").read_bytes())
    relay.is_away = False
    pipeline.ship(shipper)

    assert status["backlog_bytes"] > 0
    assert shipper.tally.retries > 0
    pipeline.assert_exact(20)


def test_a_missing_table_is_waited_for_and_nothing_is_put_aside(pipeline: Pipeline) -> None:
    empty = pipeline.settings.clickhouse_url.rsplit("/", 1)[0] + "/default"
    pipeline.spool(*spans_of(pipeline, 3))
    shipper = pipeline.shipper(clickhouse_url=empty)
    for _ in range(3):
        shipper.step()
    shipper.end()

    assert "UNKNOWN_TABLE" in shipper.tally.last_error
    assert shipper.tally.quarantined_records == 0
    pipeline.ship()
    pipeline.assert_exact(3)


POISON: list[Callable[[Span], Record | bytes]] = [
    lambda span: replace(span, span_id=7),  # type: ignore[arg-type]
    lambda span: replace(span, tags=(3,)),  # type: ignore[arg-type]
    lambda span: replace(span, start_time_us="yesterday"),  # type: ignore[arg-type]
    lambda span: replace(span, input_messages=["not a message"]),  # type: ignore[list-item]
    lambda span: replace(span, usage=replace(span.usage, input_tokens="many")),  # type: ignore[arg-type]
    lambda span: b"span {",
    lambda span: b"span " + b'{"project_id":"\xff"}',
    lambda span: b"parcel {}",
    lambda span: b"",
]


def test_poison_rows_are_put_aside_and_their_neighbours_land(pipeline: Pipeline) -> None:
    good = spans_of(pipeline, 400)
    mixed: list[Record | bytes] = list(good)
    for index, spoil in enumerate(POISON):
        mixed.insert(index * 40 + 20, spoil(a_span(pipeline)))
    pipeline.spool(*mixed)
    shipper = pipeline.ship()

    pipeline.assert_exact(400)
    assert shipper.tally.quarantined_records == len(POISON)
    assert Quarantine(pipeline.root).count() == len(POISON)


def test_a_row_the_store_refuses_is_found_by_halving(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = spans_of(pipeline, 63)
    bad = a_span(pipeline, name="refused")
    original = write

    def refuse(client: Client, records: Any, *, token: str, seen: Any) -> None:
        if any(getattr(each, "span", each) == bad for each in records):
            # What ClickHouse itself says of a value it cannot parse.
            client.command("SELECT toUUID('nonsense')")
        original(client, records, token=token, seen=seen)

    monkeypatch.setattr(delivery, "write", refuse)
    pipeline.spool(*good[:30], bad, *good[30:])
    shipper = pipeline.ship()

    pipeline.assert_exact(63)
    assert shipper.tally.quarantined_records == 1
    entry = json.loads(next((pipeline.root / "quarantine").iterdir()).read_bytes())
    assert "CANNOT_PARSE_UUID" in entry["reason"]
    assert shipper.tally.alarm == ""


def test_many_poison_rows_raise_an_alarm(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 100), *[b"parcel %d" % number for number in range(20)])
    shipper = pipeline.ship()

    assert "16.7 %" in shipper.tally.alarm
    pipeline.assert_exact(100)


def test_what_is_in_quarantine_can_be_sent_again(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    span = a_span(pipeline)

    def fail(*_: Any, **__: Any) -> None:
        raise TypeError("a bug that a later version mends")

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "write", fail)
        pipeline.spool(span)
        pipeline.ship()
    assert pipeline.sums()[0] == 0

    assert Quarantine(pipeline.root).replay() == 1
    pipeline.ship()

    pipeline.assert_exact(1)
    assert Quarantine(pipeline.root).count() == 0


def test_damaged_bytes_cost_their_record_and_are_kept(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 30))
    (segment,) = homes(pipeline.root)[0].glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    shipper = pipeline.ship()

    pipeline.assert_exact(29)
    assert shipper.tally.damaged_ranges == 1
    assert Quarantine(pipeline.root).count() == 1


@pytest.mark.parametrize("rot", [b"", b"{", b'{"format":1}', b"[]"])
def test_a_rotten_checkpoint_costs_nothing(pipeline: Pipeline, clickhouse: Client, rot: bytes) -> None:
    pipeline.spool(*spans_of(pipeline, 30), make_event(pipeline.project_id))
    shipper = pipeline.shipper(batch_records=20)
    shipper.step()
    shipper.end()
    (homes(pipeline.root)[0] / "checkpoint.json").write_bytes(rot)
    pipeline.ship()

    pipeline.assert_exact(30)
    assert count_of(clickhouse, "guard_events", pipeline) == 1


def test_a_checkpoint_of_the_future_is_left_alone(pipeline: Pipeline) -> None:
    pipeline.spool(a_span(pipeline))
    (homes(pipeline.root)[0] / "checkpoint.json").write_bytes(b'{"format":2}')
    shipper = pipeline.ship()

    assert pipeline.sums()[0] == 0
    assert "use a newer Parapet" in shipper.tally.last_error


def test_shipped_segments_are_kept_for_a_while_and_then_removed(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 3))
    keeping = pipeline.ship()
    kept = list(homes(pipeline.root)[0].glob("*.seg"))
    shipper = pipeline.shipper(retention_s=0.0)
    shipper.step()
    shipper.end()

    assert keeping.tally.shipped_records == 3
    assert len(kept) == 1
    assert homes(pipeline.root) == []
    pipeline.assert_exact(3)


def test_shipped_segments_give_way_when_the_spool_is_half_full(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 200))
    shipper = pipeline.ship(pipeline.shipper(max_bytes=100_000))
    shipper = pipeline.shipper(max_bytes=100_000)
    shipper.step()
    shipper.end()

    assert homes(pipeline.root) == []
    pipeline.assert_exact(200)


def test_a_segment_of_the_future_is_left_alone(pipeline: Pipeline) -> None:
    pipeline.spool(a_span(pipeline))
    home = homes(pipeline.root)[0]
    future = write_a_segment_of_the_future(home)
    pipeline.ship(pipeline.shipper(retention_s=0.0))
    shipper = pipeline.shipper(retention_s=0.0)
    shipper.step()
    shipper.end()

    assert future.exists()
    assert shipper.tally.alarm == "1 segments were written by a newer version; start that one to ship them"
    pipeline.assert_exact(1)


def test_a_heartbeat_says_how_things_are(pipeline: Pipeline) -> None:
    pipeline.spool(*spans_of(pipeline, 3))
    pipeline.ship()
    status = json.loads((pipeline.root / "shipper.json").read_bytes())

    assert time.time() - status["at"] < 5
    assert status["shipped_records"] == 3
    assert status["backlog_bytes"] == 0
    assert status["last_error"] == ""


def test_ids_of_another_projects_span_are_no_repeat(pipeline: Pipeline, tmp_path: Path) -> None:
    span = make_span(uuid.uuid4())
    pipeline.spool(span, replace(span, project_id=pipeline.project_id))
    pipeline.ship()

    assert pipeline.sums() == (1, 1, Decimal(COST))
