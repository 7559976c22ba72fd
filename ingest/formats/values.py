"""Readers of attribute values. Senders disagree about types, so each reader takes what it can understand."""

import math
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson

MAX_DEPTH = 100
"""Deeper structures stay text: whoever walks them later should not have to fear for its stack."""

_MAX_COUNT = 2**63 - 1


def take(attributes: dict[str, Any], *keys: str) -> Any:
    """Remove the keys and return the first value that says something, or None."""
    found = None
    for key in keys:
        # Most keys are not there, and looking costs less than popping.
        if key in attributes:
            value = attributes.pop(key)
            if found is None and value != "":
                found = value
    return found


def text(value: Any) -> str:
    """Return a value as text; structures become JSON, None becomes empty."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return as_json(value)
    return str(value)


def as_json(value: Any) -> str:
    """Return a structure as compact JSON; what is nested too deeply for JSON as Python would print it."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return str(value)


def parsed(value: Any) -> Any:
    """Return what a JSON text stands for; any other value, or JSON nested beyond all reason, as it is."""
    if type(value) is not str or value[:1] not in ("[", "{"):
        return value
    try:
        structure = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    may_be_deep = value.count("[") + value.count("{") > MAX_DEPTH
    return value if may_be_deep and _is_deep(structure) else structure


def _is_deep(structure: Any) -> bool:
    level = [structure]
    for _ in range(MAX_DEPTH):
        level = [
            below
            for each in level
            if isinstance(each, (dict, list))
            for below in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def items(value: Any) -> list[Any]:
    """Return a list given as a list or as JSON; a single thing becomes a list of one, nothing an empty one."""
    value = parsed(value)
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def mapping(value: Any) -> dict[str, Any]:
    """Return an object given as one or as JSON; anything else is empty."""
    value = parsed(value)
    return value if isinstance(value, dict) else {}


def count(value: Any) -> int | None:
    """Return a token count or a similar number, never negative; None when it is not one."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= _MAX_COUNT else None


def seconds_as_us(value: Any) -> int | None:
    """Return a number of seconds as microseconds."""
    return _scaled(value, 1_000_000)


def milliseconds_as_us(value: Any) -> int | None:
    """Return a number of milliseconds as microseconds."""
    return _scaled(value, 1_000)


def _scaled(value: Any, factor: int) -> int | None:
    try:
        return count(float(value) * factor)
    except (TypeError, ValueError):
        return None


def usd(value: Any) -> str | None:
    """Return an amount of dollars as a plain decimal string; None when it is not a sensible amount."""
    if value is None or isinstance(value, (bool, dict, list)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < 1_000_000:
        return None
    return f"{amount:f}"


def tags(value: Any) -> tuple[str, ...]:
    """Return tags given as a list, as JSON or separated by commas."""
    value = parsed(value)
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    return tuple(tag for tag in (text(item).strip() for item in value) if tag)


def within(value: Any, *path: str) -> Any:
    """Return what lies at a path of nested objects; None as soon as one of them is missing or no object."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def take_numbered(attributes: dict[str, Any], *prefixes: str) -> dict[str, list[dict[str, Any]]]:
    """Remove `prefix.N.rest` keys and return, for each prefix, one nested object per N, in order.

    `llm.input_messages.0.message.role` under the prefix `llm.input_messages` becomes
    `[{"message": {"role": …}}]`; numbered parts further in become lists too. A prefix is two words.
    """
    trees: dict[Any, Any] = {}
    numbered: list[tuple[dict[Any, Any], Any]] = []
    for key in list(attributes):
        path = _path_of(key) if len(key) <= _MAX_KEY else None
        if path is None or path[0] not in prefixes:
            continue
        tree = trees
        part: str | int = path[0]
        for following in path[1:]:
            below = tree.get(part)
            if type(below) is not dict:
                below = tree[part] = {} if below is None else {"value": below}
                if type(following) is int:
                    numbered.append((tree, part))
            tree, part = below, following
        tree[part] = attributes.pop(key)
    for tree, part in reversed(numbered):
        tree[part] = _listed(tree[part])
    return {
        prefix: [each if type(each) is dict else {"value": each} for each in listed]
        for prefix, listed in trees.items()
    }


_MAX_KEY = 200
_MAX_DIGITS = 9


@lru_cache(maxsize=8192)
def _path_of(key: str) -> tuple[str | int, ...] | None:
    """Cut a key into its prefix of two words, a number and the rest; None when it has no such form."""
    first, _, rest = key.partition(".")
    second, _, rest = rest.partition(".")
    parts = [int(part) if _is_number(part) else part for part in rest.split(".")]
    return (f"{first}.{second}", *parts) if isinstance(parts[0], int) else None


def _is_number(part: str) -> bool:
    return part.isdecimal() and part.isascii() and len(part) <= _MAX_DIGITS


def _listed(below: Any) -> Any:
    """Return what has nothing but numbers for keys as a list in their order."""
    if type(below) is dict and set(map(type, below)) == {int}:
        keys = list(below)
        keys.sort()
        return [below[key] for key in keys]
    return {str(key): value for key, value in below.items()} if type(below) is dict else below
