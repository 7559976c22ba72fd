"""Frozen values, made quickly."""

from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields, make_dataclass
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def twin_of(frozen: Callable[P, T]) -> Callable[P, T]:
    """Return another constructor of a frozen dataclass, for where thousands are made in a second.

    A frozen class fills each field through a call, which for forty fields takes longer than all else about them.
    Here a twin is filled that is not frozen yet, and becomes the frozen thing when it is whole.
    """
    kind = cast(type[Any], frozen)

    def freeze(self: Any) -> None:
        self.__class__ = kind

    twin = make_dataclass(
        kind.__name__,
        [(each.name, each.type, _like(each)) for each in fields(kind)],
        namespace={"__post_init__": freeze},
        slots="__slots__" in vars(kind),
    )
    return cast(Callable[P, T], twin)


def _like(known: Field[Any]) -> Any:
    if known.default_factory is not MISSING:
        return field(default_factory=known.default_factory, kw_only=known.kw_only is True)
    return field(default=known.default, kw_only=known.kw_only is True)
