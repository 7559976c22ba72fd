"""Expressions that are looked for together."""

import re2

from guardrails.expressions import Several


def several(*expressions: bytes) -> Several:
    return Several(expressions, re2.Options())


def test_each_expression_that_matches_is_named_in_its_order() -> None:
    known = several(rb"\d{3}", rb"[a-z]+@", rb"x", rb"\bend\b")

    assert known.which_in(b"the end of a@b 123") == [0, 1, 3]


def test_where_none_matches_none_is_named() -> None:
    known = several(rb"\d{3}", rb"x")

    assert known.which_in(b"nothing") == ()
    assert known.which_in(b"") == ()
    assert not known.is_in(b"nothing")
    assert known.is_in(b"in 123")
