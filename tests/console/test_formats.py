"""Numbers are written short enough for a table and never say more or less than what is known."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from console import formats


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (None, "unknown"),
        (Decimal(0), "$0"),
        (Decimal("0.000000123"), "$0.000000123"),
        (Decimal("0.0000744"), "$0.0000744"),
        (Decimal("0.0012345"), "$0.00123"),
        (Decimal("0.5"), "$0.500"),
        (Decimal("12.345"), "$12.34"),
        (Decimal("1234.5"), "$1,234"),
        (Decimal("-3.2"), "−$3.20"),
    ],
)
def test_money_keeps_the_digits_that_matter(amount: Decimal | None, written: str) -> None:
    assert formats.money(amount) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [(None, "–"), (0, "0"), (9_999, "9,999"), (10_000, "10.0k"), (999_949, "999.9k"), (999_951, "1.00M"), (4_210_000, "4.21M"), (2 * 10**9, "2.00B")],
)  # fmt: skip
def test_counts_are_exact_while_small_and_short_when_large(number: int | None, written: str) -> None:
    assert formats.count(number) == written


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [(None, "–"), (41, "41 µs"), (4_210, "4.2 ms"), (250_000, "250 ms"), (999_600, "1.00 s"), (58_860_000, "58.86 s"), (61_000_000, "1 min 01 s"), (3_725_000_000, "1 h 02 min")],
)  # fmt: skip
def test_durations_come_in_the_unit_people_would_say(microseconds: int | None, written: str) -> None:
    assert formats.duration(microseconds) == written


def test_a_moment_is_short_while_it_stays_clear() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 11, 21, 12, 0, tzinfo=zone)
    today = datetime(2026, 11, 21, 10, 47, 12, 123_000, tzinfo=UTC).astimezone(zone)

    assert formats.moment(today, now=now) == "11:47:12"
    assert formats.moment(today.replace(day=3), now=now) == "3 Nov 11:47:12"
    assert formats.moment(today.replace(year=2025), now=now) == "21 Nov 2025 11:47"
    assert formats.moment_in_full(today) == "Sat 21 Nov 2026, 11:47:12.123 CET"
