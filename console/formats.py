"""How the console writes numbers: short enough for a table, exact enough to act on."""

from datetime import datetime
from decimal import Decimal

UNKNOWN = "unknown"


def money(amount_usd: Decimal | float | None) -> str:
    """Return dollars with about three digits that matter. What is not known is never shown as zero."""
    if amount_usd is None:
        return UNKNOWN
    amount = Decimal(str(amount_usd))
    if amount == 0:
        return "$0"
    sign, size = ("−" if amount < 0 else ""), abs(amount)
    if size >= 1000:
        return f"{sign}${size:,.0f}"
    if size >= 1:
        return f"{sign}${size:,.2f}"
    decimals = min(9, 2 - size.adjusted())
    return f"{sign}${size:.{decimals}f}"


def count(number: int | None) -> str:
    """Return a count: exact below ten thousand, then in thousands, millions, billions."""
    if number is None:
        return "–"
    if abs(number) < 10_000:
        return f"{number:,}"
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        # 999,950 would round to 1000k, which is 1.00M.
        if abs(number) >= size * 0.99995:
            value = number / size
            return f"{value:.{2 if abs(value) < 10 else 1}f}{letter}"
    return f"{number:,}"


def duration(microseconds: float | None) -> str:
    """Return a duration in the unit in which people would say it."""
    if microseconds is None:
        return "–"
    if microseconds < 1_000:
        return f"{microseconds:.0f} µs"
    milliseconds = microseconds / 1_000
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def percent(fraction: float | None) -> str:
    """Return a fraction of one as a percentage."""
    if fraction is None:
        return "–"
    value = fraction * 100
    return f"{value:.0f} %" if value == 0 or abs(value) >= 10 else f"{value:.1f} %"


def points(fraction: float | None) -> str:
    """Return hundredths of a scale as points."""
    return "–" if fraction is None else f"{fraction * 100:.1f} pt"


def signed(number: float | None) -> str:
    """Return a difference with its sign."""
    return "–" if number is None else f"{number:+.3g}".replace("-", "−")


def moment(at: datetime, *, now: datetime) -> str:
    """Return a time as short as it stays clear from the present one; both in the reader's time zone."""
    if at.date() == now.date():
        return f"{at:%H:%M:%S}"
    if at.year == now.year:
        return f"{at.day} {at:%b %H:%M:%S}"
    return f"{at.day} {at:%b %Y %H:%M}"


def moment_in_full(at: datetime) -> str:
    """Return a time with everything that identifies it."""
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M:%S}.{at.microsecond // 1000:03} {at:%Z}"
