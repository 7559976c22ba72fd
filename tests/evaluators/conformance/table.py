"""Writes docs/reference/conformance.md: `python -m tests.evaluators.conformance.table`."""

import asyncio
import math
from pathlib import Path

from tests.evaluators.conformance.comparisons import COMPARISONS, DIVERGENCES, TOLERANCE, Comparison

PAGE = Path("docs/reference/conformance.md")
_INTRODUCTION = f"""# Conformance

Every deterministic metric beside the implementation people trust, example by example, by
`tests/evaluators/conformance`. None may differ by more than {TOLERANCE:g}. This page is written by
`python -m tests.evaluators.conformance.table`, and a test compares it with what it would write.

| metric | oracle | examples | largest difference |
|---|---|---|---|
"""
_DIVERGENCES = """
Where we differ on purpose:

| metric | elsewhere | here, and why |
|---|---|---|
"""


_known: dict[Comparison, tuple[int, float]] = {}


async def measured(comparison: Comparison) -> tuple[int, float]:
    """Return how many examples were compared, and the largest difference; each comparison is made once."""
    if comparison not in _known:
        differences = [abs(ours - theirs) async for ours, theirs in comparison.values()]
        _known[comparison] = len(differences), max(differences)
    return _known[comparison]


async def page() -> str:
    """Return the whole page."""
    rows = []
    for comparison in COMPARISONS:
        count, largest = await measured(comparison)
        rows.append(f"| {comparison.metric} | {comparison.oracle} | {count} | {_shown(largest)} |\n")
    divergences = "".join(f"| {metric} | {theirs} | {ours} |\n" for metric, theirs, ours in DIVERGENCES)
    return _INTRODUCTION + "".join(rows) + _DIVERGENCES + divergences


def _shown(difference: float) -> str:
    """Round up to a power of ten; below 1e-12 the last bits depend on the processor."""
    return "< 1e-12" if difference < 1e-12 else f"< 1e{math.ceil(math.log10(difference)):+03d}"


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(page()))
