"""Making values storable, the same way every time: what ClickHouse cannot hold must not stop a batch."""

import json
import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

MAX_UINT64 = 2**64 - 1
_EARLIEST_US = 946_684_800_000_000  # 2000-01-01
_LATEST_US = 4_102_444_800_000_000  # 2100-01-01
_LARGEST_USD = Decimal(999_999_999)
_NANO = Decimal("0.000000001")


def texts(values: Iterable[str]) -> list[str]:
    """Return texts that can be encoded: a lone surrogate becomes the replacement character."""
    column = list(values)
    try:
        "".join(column).encode()
    except UnicodeEncodeError:
        return [text(value) for value in column]
    return column


def text(value: str) -> str:
    """Return one text that can be encoded."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def json_bytes(value: Any) -> bytes:
    """Return a value's canonical JSON: keys in order, nothing that UTF-8 or a reader of JSON cannot take."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # A lone surrogate, an integer of more than 64 bits, or a type that JSON does not know.
        return text(json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)).encode()


def counts(values: Iterable[int | None], *, maximum: int = MAX_UINT64) -> list[int | None]:
    """Return counts within their column's range; what is unknown stays unknown."""
    return [None if value is None else min(max(int(value), 0), maximum) for value in values]


def count(value: int, *, maximum: int = MAX_UINT64) -> int:
    """Return one count within its column's range."""
    return min(max(int(value), 0), maximum)


def time_us(value: int) -> int:
    """Return a time between the years 2000 and 2100, so that a broken clock makes no partition of its own."""
    return min(max(int(value), _EARLIEST_US), _LATEST_US)


def number(value: float | None) -> float | None:
    """Return a finite number; NaN and infinities are not known."""
    return value if value is not None and math.isfinite(value) else None


def usd(value: Decimal | str | None) -> Decimal | None:
    """Return an amount that fits the column, or None when it is no amount."""
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) > _LARGEST_USD:
        return None
    return amount.quantize(_NANO)
