"""From findings that overlap to stretches that do not."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Stretch:
    """Where something has to be replaced: the union of findings that overlap, under the name of the first guard's."""

    start: int
    end: int
    entity: str
    """Empty for a placeholder that is to be turned back."""
    rank: tuple[int, float, int]
    """The smallest names the stretch: order of the guard, then the higher score, then the longer finding."""
    may_pass: bool = False
    """True for what a person let pass: it travels on as it is, and is replaced in what is stored."""


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches in order, those that overlap as one, so that no part of any of them is left standing."""
    result: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: (each.start, -each.end, each.rank)):
        if result and stretch.start < result[-1].end:
            before = result[-1]
            leading = min(before, stretch, key=lambda each: each.rank)
            result[-1] = Stretch(
                before.start,
                max(before.end, stretch.end),
                leading.entity,
                leading.rank,
                before.may_pass and stretch.may_pass,
            )
        else:
            result.append(stretch)
    return result


def cut_before(stretches: Iterable[Stretch], limit: int) -> int:
    """Return the last place up to `limit` that lies inside no stretch. The stretches are merged."""
    for stretch in stretches:
        if stretch.start < limit < stretch.end:
            return stretch.start
    return limit
