"""Stretches of time that a page looks at: a choice of lengths up to now, or two moments."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import QueryDict

CHOICES = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
LABELS = {
    "15m": "15 minutes",
    "1h": "hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
}
LONGEST = timedelta(days=400)
HOUR_S, DAY_S = 3_600, 86_400
MINUTES_KEPT = timedelta(days=7)

# The longest stretch for which a bucket of so many seconds is drawn: at most about a hundred points.
_BUCKETS = (
    (timedelta(hours=2), 60),
    (timedelta(hours=8), 300),
    (timedelta(hours=30), 900),
    (timedelta(days=5), 3_600),
    (timedelta(days=10), 2 * 3_600),
    (timedelta(days=32), 6 * 3_600),
)


class FilterError(ValueError):
    """Something in the address could not be understood; `errors` says what, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {error}" for field, error in errors.items()))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """From `start` up to, but not including, `end`; shown in `zone`."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    key: str
    """The chosen length, or `custom`."""
    is_fine: bool = True
    """Whether the store still has this stretch by the minute, not only by the hour."""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def label(self) -> str:
        """What to call it in a sentence."""
        if self.key in LABELS:
            return f"Last {LABELS[self.key]}"
        return f"{self.local_start:%d %b %Y %H:%M} to {self.local_end:%d %b %Y %H:%M}"

    @property
    def local_start(self) -> datetime:
        """The start as the project's clock showed it."""
        return self.start.astimezone(self.zone)

    @property
    def local_end(self) -> datetime:
        """The end as the project's clock showed it."""
        return self.end.astimezone(self.zone)

    @property
    def bucket_s(self) -> int:
        """How many seconds one point of a chart stands for."""
        seconds = next((seconds for limit, seconds in _BUCKETS if self.length <= limit), DAY_S)
        return seconds if self.is_fine else max(seconds, HOUR_S)

    def previous(self) -> "TimeRange":
        """Return the stretch of the same length just before."""
        return replace(self, start=self.start - self.length, end=self.start, key="custom")

    def buckets(self) -> Iterator[datetime]:
        """Yield the start of every bucket, also of those in which nothing happened. Days begin at local midnight."""
        if self.bucket_s == DAY_S:
            day = _midnight(self.local_start)
            while day < self.local_end:
                yield day.astimezone(UTC)
                day = (day + timedelta(days=1)).replace(fold=0)
            return
        at = int(self.start.timestamp()) // self.bucket_s * self.bucket_s
        while at < self.end.timestamp():
            yield datetime.fromtimestamp(at, UTC)
            at += self.bucket_s


def parse_range(query: QueryDict, *, zone: ZoneInfo, now: datetime, default: str = "24h") -> TimeRange:
    """Read `range`, or `from` and `to` in the project's time. Raises FilterError."""
    first, last = query.get("from", "").strip(), query.get("to", "").strip()
    if first or last:
        errors: dict[str, str] = {}
        end = _moment("to", last, zone, errors) if last else now
        start = _moment("from", first, zone, errors) if first else (end or now) - CHOICES[default]
        if start and end and start >= end:
            errors["from"] = "The start must lie before the end."
        elif start and end and end - start > LONGEST:
            errors["from"] = f"At most {LONGEST.days} days can be shown at once."
        if errors or not start or not end:
            raise FilterError(errors)
        return _whole_buckets(TimeRange(start=start, end=end, zone=zone, key="custom"), now)
    key = query.get("range", "") or default
    if key not in CHOICES:
        raise FilterError({"range": f"{key[:20]!r} is not a range; choose one of {', '.join(CHOICES)}."})
    return _whole_buckets(TimeRange(start=now - CHOICES[key], end=now, zone=zone, key=key), now)


def _whole_buckets(chosen: TimeRange, now: datetime) -> TimeRange:
    """Begin where a bucket begins, so that a sum and a chart's bars agree."""
    chosen = replace(chosen, is_fine=chosen.start >= now - MINUTES_KEPT)
    if chosen.bucket_s == DAY_S:
        return replace(chosen, start=_midnight(chosen.local_start).astimezone(UTC))
    return replace(chosen, start=chosen.start - timedelta(seconds=chosen.start.timestamp() % chosen.bucket_s))


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _moment(field: str, text: str, zone: ZoneInfo, errors: dict[str, str]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        errors[field] = f"{text[:40]!r} is not a time; write it like 2026-11-21T10:30."
        return None
    if not 2000 <= in_utc.year <= 2200:
        errors[field] = "The year must lie between 2000 and 2200."
        return None
    return in_utc
