"""Reading ahead changes when a stretch is read, never which one."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ingest.records import Span
from ingest.rows import PreparedSpan
from ingest.shipper.home import Home
from ingest.shipper.lookahead import Lookahead, Stretch, ready
from ingest.shipper.reserve import Reserve
from ingest.spool.homes import homes
from tests.ingest.shipper.conftest import Pipeline
from tests.ingest.shipper.test_shipping import spans_of
from tests.makers import make_span


def home_of(root: Path) -> Home:
    home = Home(homes(root)[0], Reserve(root, 0))
    home.refresh()
    return home


def ids_of(stretch: Stretch | None) -> list[str]:
    assert stretch is not None
    return [each.record.span_id for each in stretch.readable if isinstance(each.record, Span)]


def go_on(home: Home, stretch: Stretch | None) -> None:
    assert stretch is not None
    home.save(home.checkpoint.__class__(position=stretch.range.position))


def test_stretches_come_in_order_whether_or_not_they_were_read_ahead(pipeline: Pipeline) -> None:
    spans = spans_of(pipeline, 25)
    pipeline.spool(*spans)
    settings = pipeline.shipper(batch_records=10)._settings
    home, lookahead = home_of(pipeline.root), Lookahead(settings)

    taken = []
    for _ in range(3):
        stretch = lookahead.take(home)
        taken.append(ids_of(stretch))
        go_on(home, stretch)

    lookahead.close()
    assert taken == [[s.span_id for s in spans[n : n + 10]] for n in (0, 10, 20)]


def test_what_was_read_ahead_is_left_when_the_beginning_is_looked_through_again(pipeline: Pipeline) -> None:
    spans = spans_of(pipeline, 25)
    pipeline.spool(*spans)
    settings = pipeline.shipper(batch_records=10)._settings
    home, lookahead = home_of(pipeline.root), Lookahead(settings)

    lookahead.take(home)
    # The place has not moved on: the store was away, or has lost what it had.
    again = lookahead.take(home)

    lookahead.close()
    assert ids_of(again) == [s.span_id for s in spans[:10]]


def test_a_repeat_in_what_was_read_ahead_is_stored_once(pipeline: Pipeline) -> None:
    spans = spans_of(pipeline, 20)
    pipeline.spool(*spans, *spans[:10])
    shipper = pipeline.ship(pipeline.shipper(batch_records=10))

    pipeline.assert_exact(20)
    assert shipper.tally.repeated_records == 10


@pytest.mark.parametrize("change", [{"input_messages": [7]}, {"usage": None}])
def test_a_span_too_strange_to_be_made_ready_waits_for_its_insert(change: dict[str, Any]) -> None:
    strange = make_span(UUID(int=7), **change)

    assert ready(strange) is strange
    assert isinstance(ready(make_span(UUID(int=7))), PreparedSpan)
