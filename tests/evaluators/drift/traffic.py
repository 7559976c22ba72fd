"""Traffic with a known truth, as the store's sketches would hold it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from evaluators.drift import Block
from evaluators.drift.sketch import index_of

MONDAY = datetime(2026, 11, 9, tzinfo=UTC)
SESSIONS_PER_BLOCK = 2
SPANS_PER_SESSION = 6


def block_of(hour: datetime, block: int, values: NDArray[np.float64]) -> Block:
    """Sketch values as the store does."""
    return Block(
        hour=hour,
        block=block,
        bins=Counter(index_of(float(value)) for value in values),
        observations=len(values),
        total=float(values.sum()),
        total_of_squares=float((values**2).sum()),
    )


def latencies(
    generator: np.random.Generator, *, days: int, start: int = 0, factor: float = 1.0
) -> list[Block]:
    """Latencies whose sessions, hours and times of day differ, as they do in life."""
    blocks = []
    for hour in range(24 * days):
        at = MONDAY + timedelta(days=start, hours=hour)
        level = 6.0 + 0.3 * np.sin(2 * np.pi * at.hour / 24) + generator.normal(0, 0.05)
        for block in range(8):
            sessions = np.repeat(generator.normal(0, 0.3, SESSIONS_PER_BLOCK), SPANS_PER_SESSION)
            values = np.exp(level + sessions + generator.normal(0, 0.3, len(sessions)))
            blocks.append(block_of(at, block, factor * values))
    return blocks


def refusals(generator: np.random.Generator, *, days: int, start: int = 0, rate: float = 0.05) -> list[Block]:
    """Refusals that come in sessions: some sessions are refused most of the time, most never."""
    blocks = []
    for hour in range(24 * days):
        for block in range(8):
            chances = np.repeat(
                np.where(generator.random(SESSIONS_PER_BLOCK) < 2 * rate, 0.5, 0.0), SPANS_PER_SESSION
            )
            values = (generator.random(len(chances)) < chances).astype(np.float64)
            blocks.append(block_of(MONDAY + timedelta(days=start, hours=hour), block, values))
    return blocks
