"""A range is read in the project's time, begins where its first bucket begins, and says what it cannot read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from console.ranges import CHOICES, DAY_S, FilterError, TimeRange, parse_range

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 10, 47, 12, tzinfo=UTC)


def read(query: str, zone: ZoneInfo = BERLIN) -> TimeRange:
    return parse_range(QueryDict(query), zone=zone, now=NOW)


@pytest.mark.parametrize("key", CHOICES)
def test_every_choice_makes_at_most_about_a_hundred_points_that_cover_it(key: str) -> None:
    chosen = read(f"range={key}")
    points = list(chosen.buckets())

    assert 10 <= len(points) <= 130
    assert points[0] == chosen.start
    assert points[-1] < chosen.end <= points[-1] + timedelta(seconds=chosen.bucket_s)


def test_a_day_has_the_length_it_had_on_the_projects_clock() -> None:
    chosen = read("from=2026-10-01T00:00&to=2026-11-20T00:00")
    points = list(chosen.buckets())

    assert chosen.bucket_s == DAY_S
    assert {point.astimezone(BERLIN).hour for point in points} == {0}
    lengths = {after - before for before, after in zip(points, points[1:], strict=False)}
    assert lengths == {timedelta(hours=24), timedelta(hours=25)}


def test_a_custom_range_is_read_in_the_projects_time() -> None:
    chosen = read("from=2026-11-21T09:00&to=2026-11-21T10:30")

    assert chosen.start == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    assert chosen.end == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_a_range_from_before_the_minutes_were_dropped_is_drawn_by_the_hour() -> None:
    assert read("from=2026-11-01T09:00&to=2026-11-01T12:00").bucket_s == 3_600


def test_the_time_before_is_as_long_and_ends_where_the_range_begins() -> None:
    chosen = read("range=6h")

    assert chosen.previous().end == chosen.start
    assert chosen.previous().length == chosen.length


@pytest.mark.parametrize(
    ("query", "field", "hint"),
    [
        ("range=9y", "range", "choose one of"),
        ("from=yesterday", "from", "write it like"),
        ("from=2026-11-21T10:00&to=2026-11-21T09:00", "from", "before the end"),
        ("from=2020-01-01T00:00&to=2026-01-01T00:00", "from", "At most 400 days"),
        ("from=0001-01-01T00:00", "from", "not a time"),
        ("from=1970-01-01T00:00", "from", "The year"),
        ("to=9999-12-31T23:59", "to", "The year"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(query: str, field: str, hint: str) -> None:
    with pytest.raises(FilterError) as raised:
        read(query)

    assert hint in raised.value.errors[field]
