"""Texts of nested values: what goes in comes out in one order, and goes back to where it stood."""

from typing import Any

import pytest

from console.leaves import texts_in, with_texts

NESTED = {"to": "ada", "card": 4111, "all": ["x", {"deep": ("y", True, None, 1.5)}]}


def test_texts_go_back_to_where_they_stood() -> None:
    texts = texts_in(NESTED)

    assert texts == ["ada", "x", "y"]
    assert with_texts(NESTED, [text.upper() for text in texts]) == {
        "to": "ADA",
        "card": 4111,
        "all": ["X", {"deep": ["Y", True, None, 1.5]}],
    }


def test_names_and_numbers_of_a_whole_value_are_looked_at_too() -> None:
    texts = texts_in(NESTED, whole=True)

    assert texts == ["to", "ada", "card", "4111", "all", "x", "deep", "y", "1.5"]
    assert with_texts(
        NESTED, ["<N>" if text in ("4111", "deep") else text for text in texts], whole=True
    ) == {
        "to": "ada",
        "card": "<N>",
        "all": ["x", {"<N>": ["y", True, None, 1.5]}],
    }


def test_names_that_become_one_stay_apart() -> None:
    assert with_texts({"ada": 1, "bob": 2}, ["<P>", "1", "<P>", "2"], whole=True) == {"<P>": 1, "<P>_": 2}


@pytest.mark.parametrize("value", [None, True, [], {}, "", 0, {"a": [[], {}]}])
@pytest.mark.parametrize("whole", [False, True])
def test_a_value_with_its_own_texts_is_itself(value: Any, *, whole: bool) -> None:
    assert with_texts(value, texts_in(value, whole=whole), whole=whole) == value
