"""Regular expressions that are looked for together: one pass over a text says which of them are in it."""

from collections.abc import Sequence
from typing import Any

import re2


class Several:
    """Some expressions of RE2, as bytes."""

    def __init__(self, expressions: Sequence[bytes], options: Any) -> None:
        self._set = re2.Set.SearchSet(options)
        for expression in expressions:
            self._set.Add(expression)
        # A set that runs out of memory says nothing. This one says at least that every text has an end.
        self._end = self._set.Add(rb"\z")
        self._set.Compile()
        self._nothing = [self._end]
        self._all = range(self._end)

    def is_in(self, data: bytes) -> bool:
        """Tell whether one of them matches, or that cannot be said."""
        return bool(self._set.Match(data) != self._nothing)

    def which_in(self, data: bytes) -> Sequence[int]:
        """Return which of them match, in their order; all of them where that cannot be said."""
        found: list[int] | None = self._set.Match(data)
        if found == self._nothing:
            return ()
        if found is None:
            return self._all
        found.remove(self._end)
        found.sort()
        return found
