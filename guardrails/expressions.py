"""Regular expressions that are looked for together: one pass over a text says which of them are in it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import re2

Find = Callable[[bytes, int, int], list[tuple[int, int]]]
"""Given a text, from where and up to where: the places of the first match and of its groups; -1 where there is none."""


def finder(expression: Any) -> Find:
    """Return what finds the matches of an expression as plain numbers.

    RE2's Python module makes an object of each match, which takes longer than to find it.
    """
    return partial(expression._regexp.Match, re2._Anchor.UNANCHORED)


class Several:
    """Some expressions of RE2, as bytes."""

    def __init__(self, expressions: Sequence[bytes], options: Any) -> None:
        self._set = re2.Set.SearchSet(options)
        for expression in expressions:
            self._set.Add(expression)
        # A set that runs out of memory says nothing. This one says at least that every text has an end.
        self._end = self._set.Add(rb"\z")
        self._set.Compile()
        self.match: Callable[[bytes], list[int]] = self._set._set.Match
        """Return which of them match in no order, and one number more; nothing where that cannot be said."""
        self._nothing = [self._end]
        self._all = range(self._end)

    def is_in(self, data: bytes) -> bool:
        """Tell whether one of them matches, or that cannot be said."""
        return bool(self.match(data) != self._nothing)

    def which_in(self, data: bytes) -> Sequence[int]:
        """Return which of them match, in their order; all of them where that cannot be said."""
        found = self.match(data)
        if found == self._nothing:
            return ()
        if not found:
            return self._all
        found.remove(self._end)
        found.sort()
        return found
