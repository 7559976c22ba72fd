"""Writes docs/reference/conformance.md: `python -m tests.evaluators.conformance.table`."""

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path

from tests.evaluators.conformance import comparisons, rules, statistics
from tests.evaluators.conformance.comparisons import TOLERANCE, Comparison

PAGE = Path("docs/reference/conformance.md")
_INTRODUCTION = f"""# Conformance

Every deterministic metric and every statistic beside the implementation people trust, example by example, by
`tests/evaluators/conformance`. None may differ by more than {TOLERANCE:g} unless its row says so. This page is written by
`python -m tests.evaluators.conformance.table`, and a test compares it with what it would write. What heavy oracles said is
recorded by `tests/evaluators/conformance/record.py`, inputs included, and can be asked again.
"""
_HEAD = """
| {what} | oracle | examples | largest difference |
|---|---|---|---|
"""
_DIVERGENCES = """
Where we differ on purpose:

| {what} | elsewhere | here, and why |
|---|---|---|
"""
_WITHOUT = """
Evaluators by code that nobody else defines, and what stands in an oracle's place:

| metric | |
|---|---|
"""
SCORES = [*comparisons.COMPARISONS, *rules.COMPARISONS]
COMPARISONS = [*SCORES, *statistics.COMPARISONS]


_known: dict[Comparison, tuple[int, float]] = {}


async def measured(comparison: Comparison) -> tuple[int, float]:
    """Return how many examples were compared, and the largest difference; each comparison is made once."""
    if comparison not in _known:
        differences = [abs(ours - theirs) async for ours, theirs in comparison.values()]
        _known[comparison] = len(differences), max(differences)
    return _known[comparison]


async def page() -> str:
    """Return the whole page."""
    without = "".join(f"| `{kind}` | {why} |\n" for kind, why in rules.WITHOUT.items())
    return (
        f"{_INTRODUCTION}\n## Scores\n{await _compared('metric', SCORES)}{_apart('metric', comparisons.DIVERGENCES)}"
        f"{_WITHOUT}{without}\n## Statistics\n{await _compared('statistic', statistics.COMPARISONS)}"
        f"{_apart('statistic', statistics.DIVERGENCES)}"
    )


async def _compared(what: str, given: Sequence[Comparison]) -> str:
    rows = [_HEAD.format(what=what)]
    for comparison in given:
        count, largest = await measured(comparison)
        # What an oracle finds by searching is as exact as its search, which differs from processor to processor.
        shown = _shown(largest) if comparison.tolerance == TOLERANCE else f"within {comparison.tolerance:g}"
        rows.append(f"| {comparison.metric} | {comparison.oracle} | {count} | {shown} |\n")
    return "".join(rows)


def _apart(what: str, divergences: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(f"| {metric} | {theirs} | {ours} |\n" for metric, theirs, ours in divergences)
    return _DIVERGENCES.format(what=what) + rows


def _shown(difference: float) -> str:
    """Round up to a power of ten; below 1e-12 the last bits depend on the processor."""
    return "< 1e-12" if difference < 1e-12 else f"< 1e{math.ceil(math.log10(difference)):+03d}"


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(page()))
