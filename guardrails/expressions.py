"""Regular expressions that are looked for together: one pass over a text says which of them are in it."""

from collections.abc import Sequence
from typing import Any

import re2


class Several:
    """Some expressions of RE2, as bytes, none of which captures anything."""

    def __init__(self, expressions: Sequence[bytes], options: Any) -> None:
        self._any = re2.compile(b"|".join(expressions), options)
        self._each = re2.Set.SearchSet(options)
        self._all = range(len(expressions))
        for expression in expressions:
            self._each.Add(expression)
        self._each.Compile()

    def is_in(self, data: bytes, start: int = 0) -> bool:
        """Tell whether one of them matches, from an offset on."""
        return self._any.search(data, start) is not None

    def which_in(self, data: bytes, start: int = 0) -> Sequence[int]:
        """Return which of them match, in their order, or some more; none when none does from an offset on."""
        if self._any.search(data, start) is None:
            return ()
        found = self._each.Match(data)
        # A set says nothing where it runs out of memory, too. Then nobody knows which, and it may be all.
        return sorted(found) if found else self._all
