"""Filters come from an address that anybody may have written."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from console.ranges import FilterError
from console.traces.filters import TraceFilters, chips, has_filters, parse_filters

NOW = datetime(2026, 11, 21, 10, 47, tzinfo=UTC)


def read(query: str) -> TraceFilters:
    return parse_filters(QueryDict(query), zone=ZoneInfo("UTC"), now=NOW)


def test_an_empty_address_asks_for_nothing_but_the_last_day() -> None:
    filters = read("")

    assert not has_filters(filters)
    assert filters.range.key == "24h"
    assert filters.scope == "traces"


def test_every_filter_reaches_its_field_with_its_type() -> None:
    filters = read(
        "q=refund+window&env=staging&status=error&min_ms=500&min_cost=%240.25&scope=calls&priced=no"
    )

    assert filters.text == "refund window"
    assert (filters.environment, filters.status, filters.scope) == ("staging", "error", "calls")
    assert (filters.min_duration_ms, filters.min_cost_usd, filters.is_unpriced) == (
        500,
        Decimal("0.25"),
        True,
    )
    assert has_filters(filters)


def test_chips_name_the_filters_in_force_but_not_the_range() -> None:
    found = chips(QueryDict("range=7d&status=error&q=refund&user=&scope=calls"))

    assert [(chip.parameter, chip.value) for chip in found] == [("q", "refund"), ("status", "error")]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=broken", "status"),
        ("guard=explode", "guard"),
        ("kind=wizard", "kind"),
        ("scope=everything", "scope"),
        ("priced=maybe", "priced"),
        ("min_ms=-5", "min_ms"),
        ("min_ms=1e9", "min_ms"),
        ("min_ms=%D9%A1", "min_ms"),
        ("min_ms=9999999999999999999", "min_ms"),
        ("min_cost=NaN", "min_cost"),
        ("min_cost=-1", "min_cost"),
        ("min_cost=1e400", "min_cost"),
        ("key=mine", "key"),
        ("q=" + "a" * 501, "q"),
        ("user=%00", "user"),
        ("range=x", "range"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(query: str, field: str) -> None:
    with pytest.raises(FilterError) as raised:
        read(query)

    assert list(raised.value.errors) == [field]
