"""The texts in a nested value: taken out in one order, and put back as something else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


def texts_in(value: Any, *, whole: bool = False) -> list[str]:
    """Return every text in a value; of a `whole` one its names of fields and numbers, too, which may say as much."""
    found: list[str] = []

    def take(text: str) -> str:
        found.append(text)
        return text

    _walked(value, take, whole=whole)
    return found


def with_texts(value: Any, texts: Iterable[str], *, whole: bool = False) -> Any:
    """Return a value with other texts in the places of those that `texts_in` gives, in their order."""
    others = iter(texts)
    return _walked(value, lambda _: next(others), whole=whole)


def distinct(names: Sequence[str]) -> list[str]:
    """Return names that differ, as those did that they stand for."""
    found: list[str] = []
    for name in names:
        while name in found:
            name += "_"
        found.append(name)
    return found


def _walked(value: Any, each: Callable[[str], str], *, whole: bool) -> Any:
    if isinstance(value, str):
        return each(value)
    if isinstance(value, Mapping):
        pairs = [
            (each(str(name)) if whole else name, _walked(part, each, whole=whole))
            for name, part in value.items()
        ]
        names = distinct([name for name, _ in pairs]) if whole else [name for name, _ in pairs]
        return dict(zip(names, (part for _, part in pairs), strict=True))
    if isinstance(value, (list, tuple)):
        return [_walked(part, each, whole=whole) for part in value]
    if whole and isinstance(value, (int, float)) and not isinstance(value, bool):
        # The number of a card is no text, and yet it is the number of a card.
        text = str(value)
        other = each(text)
        return value if other == text else other
    return value
