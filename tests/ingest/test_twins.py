"""A twin makes the very thing its class makes."""

from dataclasses import FrozenInstanceError, dataclass, field
from uuid import UUID

import pytest

from ingest.records import new_span
from ingest.twins import twin_of
from tests.makers import make_span


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 7
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Open:
    x: int
    y: int = 7


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (twin_of(Point)(1, names=["a"]), Point(1, 7, ["a"])),
        (twin_of(Point)(1), Point(1)),
        (twin_of(Open)(x=3), Open(x=3)),
    ],
)
def test_a_twin_makes_what_its_class_makes(made: object, expected: object) -> None:
    assert type(made) is type(expected)
    assert made == expected


def test_what_a_twin_made_is_frozen() -> None:
    point = twin_of(Point)(1)

    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]


def test_what_two_calls_made_shares_nothing() -> None:
    make = twin_of(Point)

    assert make(1).names is not make(1).names


def test_a_twin_knows_the_fields_of_its_class() -> None:
    with pytest.raises(TypeError, match="z"):
        twin_of(Open)(x=1, z=2)  # type: ignore[call-arg]


def test_a_span_made_quickly_is_a_span() -> None:
    span = make_span(UUID(int=7))

    assert new_span(**vars(span)) == span
