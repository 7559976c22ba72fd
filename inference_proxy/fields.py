"""Reads values out of parsed JSON and says exactly which one is wrong."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args
from uuid import UUID

T = TypeVar("T")
_REQUIRED: Any = object()


class FieldError(ValueError):
    """A field is missing or is not what was expected; the message begins with its path."""


class Fields:
    """One JSON object under inspection, and the path that leads to it."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise FieldError(f"{path or 'document'} must be an object, not {_kind(value)}")
        self._values: dict[str, Any] = value
        self._path = path

    def text(self, name: str, default: str = _REQUIRED) -> str:
        """Return a string."""
        return self._typed(name, default, str, "a string")

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None when it is null or missing."""
        return None if self._values.get(name) is None else self.text(name)

    def choice(self, name: str, options: Any, default: str = _REQUIRED) -> Any:
        """Return a string that is one of a `Literal`'s values."""
        value = self.text(name, default)
        allowed = get_args(options)
        if value not in allowed:
            raise FieldError(f"{self._at(name)} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def flag(self, name: str, default: bool = _REQUIRED) -> bool:
        """Return true or false."""
        return self._typed(name, default, bool, "true or false")

    def count(self, name: str, default: int = _REQUIRED) -> int:
        """Return a whole number that is not negative."""
        value = self._typed(name, default, int, "a whole number")
        if isinstance(value, bool) or value < 0:
            raise FieldError(f"{self._at(name)} must be a whole number of at least 0, not {value!r}")
        return value

    def optional_count(self, name: str) -> int | None:
        """Return a whole number that is not negative, or None when it is null or missing."""
        return None if self._values.get(name) is None else self.count(name)

    def seconds(self, name: str, default: float = _REQUIRED) -> float:
        """Return a positive number of seconds."""
        value = self._values.get(name, default)
        if value is _REQUIRED:
            raise FieldError(f"{self._at(name)} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise FieldError(f"{self._at(name)} must be a positive number of seconds, not {value!r}")
        return float(value)

    def number(self, name: str, default: float = _REQUIRED) -> float:
        """Return a number."""
        value = self._values.get(name, default)
        if value is _REQUIRED:
            raise FieldError(f"{self._at(name)} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError(f"{self._at(name)} must be a number, not {_kind(value)}")
        return float(value)

    def uuid(self, name: str) -> UUID:
        """Return a UUID."""
        value = self.text(name)
        try:
            return UUID(value)
        except ValueError:
            raise FieldError(f"{self._at(name)} must be a UUID, not {value!r}") from None

    def optional_time(self, name: str) -> datetime | None:
        """Return a moment with a time zone, or None when it is null or missing."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise FieldError(f"{self._at(name)} must be an ISO 8601 time, not {value!r}") from None
        if moment.tzinfo is None:
            raise FieldError(f"{self._at(name)} must carry a time zone: {value!r}")
        return moment

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of strings, or None when it is null or missing."""
        values = self._values.get(name)
        if values is None:
            return None
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise FieldError(f"{self._at(name)} must be a list of strings")
        return tuple(values)

    def text_map(self, name: str) -> dict[str, str]:
        """Return an object whose values are strings; empty when missing."""
        values = self.map(name)
        for key, value in values.items():
            if not isinstance(value, str):
                raise FieldError(f"{self._at(name)}.{key} must be a string, not {_kind(value)}")
        return values

    def map(self, name: str) -> dict[str, Any]:
        """Return an object as it is; empty when missing."""
        return self._typed(name, {}, dict, "an object")

    def each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...]:
        """Return what `read` makes of every object in a list; empty when missing."""
        values = self._typed(name, [], list, "a list")
        return tuple(read(Fields(value, f"{self._at(name)}[{index}]")) for index, value in enumerate(values))

    def each_of_map(self, name: str, read: Callable[["Fields"], T]) -> Mapping[str, T]:
        """Return what `read` makes of every value of an object; empty when missing."""
        return {key: read(Fields(value, f"{self._at(name)}[{key}]")) for key, value in self.map(name).items()}

    def optional(self, name: str, read: Callable[["Fields"], T]) -> T | None:
        """Return what `read` makes of an object, or None when it is null or missing."""
        value = self._values.get(name)
        return None if value is None else read(Fields(value, self._at(name)))

    def fail(self, name: str, reason: str) -> FieldError:
        """Return an error about a field, for checks only the caller can make."""
        return FieldError(f"{self._at(name)} {reason}")

    def _typed(self, name: str, default: T, kind: type[T], expected: str) -> T:
        value = self._values.get(name, default)
        if value is _REQUIRED:
            raise FieldError(f"{self._at(name)} is missing")
        if not isinstance(value, kind):
            raise FieldError(f"{self._at(name)} must be {expected}, not {_kind(value)}")
        return value

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


_KINDS: dict[type, Literal["an object", "a list", "a string", "true or false", "a number", "null"]] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)
