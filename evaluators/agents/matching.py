"""How many of two lists of calls belong together: in any order, in order, or place by place."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Fits = Callable[[Item, Item], bool]


def matched(first: Sequence[Item], second: Sequence[Item], fits: Fits[Item]) -> int:
    """Return the size of the largest pairing in any order (augmenting paths, without recursion)."""
    partners: dict[int, int] = {}
    choices = [[j for j, other in enumerate(second) if fits(item, other)] for item in first]
    for start in range(len(first)):
        came_from: dict[int, tuple[int, int | None]] = {}
        queue: list[tuple[int, int | None]] = [(start, None)]
        free = None
        while queue and free is None:
            item, through = queue.pop()
            for choice in choices[item]:
                if choice in came_from:
                    continue
                came_from[choice] = (item, through)
                if choice not in partners:
                    free = choice
                    break
                queue.append((partners[choice], choice))
        while free is not None:
            partners[free], free = came_from[free]
    return len(partners)


def matched_in_order(first: Sequence[Item], second: Sequence[Item], fits: Fits[Item]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for item in first:
        diagonal = 0
        for j, other in enumerate(second, start=1):
            above = row[j]
            row[j] = diagonal + 1 if fits(item, other) else max(above, row[j - 1])
            diagonal = above
    return row[-1]


def matched_by_place(first: Sequence[Item], second: Sequence[Item], fits: Fits[Item]) -> int:
    """Return how many places hold the same in both."""
    return sum(map(fits, first, second))


def f1(shared: int, said: int, wanted: int) -> float:
    """Return the harmonic mean of precision and recall; two empty lists are the same."""
    return 2 * shared / (said + wanted) if said + wanted else 1.0
