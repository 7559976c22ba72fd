"""A tree shows every span once, whatever its senders say about parents and times."""

import uuid
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from console.traces.tree import WIDTH, Branch, branches, extent, scale
from ingest.queries.spans import SpanRow

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def make_row(
    span_id: str, parent: str = "", *, after_ms: int = 0, lasts_ms: int = 10, **changes: Any
) -> SpanRow:
    values: dict[str, Any] = dict.fromkeys((field.name for field in fields(SpanRow)), "")
    values |= {"span_id": span_id, "parent_span_id": parent, "trace_id": uuid.uuid4().hex, "ttft_us": None}
    values |= {"start_time": NOON + timedelta(milliseconds=after_ms), "duration_us": lasts_ms * 1000}
    return SpanRow(**(values | changes))


def outline(rows: list[Branch]) -> list[tuple[str, int]]:
    return [(row.node.span_id, row.depth) for row in rows]


def test_children_stand_below_their_parent_in_the_order_in_which_they_began() -> None:
    nodes = [
        make_row("a"),
        make_row("b", "a", after_ms=1),
        make_row("c", "b", after_ms=2),
        make_row("d", "a", after_ms=3),
    ]

    assert outline(branches(nodes)) == [("a", 0), ("b", 1), ("c", 2), ("d", 1)]
    assert branches(nodes)[2].parents == "a b"


def test_a_span_whose_parent_is_elsewhere_stands_at_the_top() -> None:
    assert outline(branches([make_row("a", "elsewhere"), make_row("b", "a")])) == [("a", 0), ("b", 1)]


def test_spans_that_are_one_anothers_parents_are_shown_all_the_same() -> None:
    shown = outline(branches([make_row("a", "b"), make_row("b", "a"), make_row("c", "c")]))

    assert sorted(span_id for span_id, _ in shown) == ["a", "b", "c"]


def test_a_chain_of_two_thousand_spans_does_not_exhaust_the_stack() -> None:
    nodes = [make_row(f"{n:04}", f"{n - 1:04}" if n else "", after_ms=n) for n in range(2_000)]

    assert len(branches(nodes)) == 2_000


def test_bars_stay_within_the_time_line_and_are_wide_enough_to_be_seen() -> None:
    nodes = [make_row("a", lasts_ms=100_000), make_row("b", "a", after_ms=100_000, lasts_ms=0)]
    bars = branches(nodes)

    assert (bars[0].x, bars[0].width) == (0, WIDTH)
    assert bars[1].width >= 2
    assert bars[1].x + bars[1].width <= WIDTH


def test_a_trace_without_any_duration_can_be_drawn() -> None:
    begin, length = extent([make_row("a", lasts_ms=0)])

    assert (begin, length) == (int(NOON.timestamp()) * 1_000_000, 1)
    assert scale(400) == [0, 100, 200, 300]
