"""Making values storable, the same way every time: what ClickHouse cannot hold must not stop a batch."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any

import orjson

MAX_UINT64 = 2**64 - 1
_EARLIEST_US = 946_684_800_000_000  # 2000-01-01
_LATEST_US = 4_102_444_800_000_000  # 2100-01-01
_LARGEST_USD = Decimal(999_999_999)
_NANO = Decimal("0.000000001")


def texts(values: Iterable[str]) -> list[str]:
    """Return texts that can be encoded: a lone surrogate becomes the replacement character."""
    column = values if isinstance(values, list) else list(values)
    return column if _can_be_encoded(column) else [text(value) for value in column]


def text_lists(lists: list[Sequence[str]]) -> list[Sequence[str]]:
    """Return lists of texts that can be encoded."""
    if _can_be_encoded(chain.from_iterable(lists)):
        return lists
    return [[text(value) for value in each] for each in lists]


def text_map(values: Mapping[Any, Any]) -> dict[str, str]:
    """Return names and values as texts that can be encoded."""
    try:
        if _can_be_encoded(values) and _can_be_encoded(values.values()):
            return dict(values)
    except TypeError:
        pass  # not all of them are texts
    return {text(str(key)): text(str(value)) for key, value in values.items()}


def _can_be_encoded(values: Iterable[str]) -> bool:
    # One look at all of them, for almost always there is nothing to mend.
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return False
    return True


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
    column = values if isinstance(values, list) else list(values)
    known = [value for value in column if value is not None]
    if not known or (set(map(type, known)) == {int} and min(known) >= 0 and max(known) <= maximum):
        return column
    return [None if value is None else count(value, maximum=maximum) for value in column]


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
