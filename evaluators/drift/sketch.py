"""Log-histograms: counts in bins two per cent wide, which merge by adding up.

A bin's index is 0 for values of 0 and below, and 1000 + ceil(ln x / ln 1.02) above: bin i holds what lies above
1.02^(i-1001) and up to 1.02^(i-1000).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from evaluators.stats.clustered import Array

Kind = Literal["numeric", "rate"]
GROWTH = 1.02
_OFFSET = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What was observed in one hour by one eighth of all sessions."""

    hour: datetime
    block: int
    """0 to 7, by the session's hash: a session stays in its block."""
    bins: Mapping[int, int]
    observations: int
    total: float
    total_of_squares: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """Merged blocks: counts over ascending values."""

    values: Array
    """A value in the middle of each bin."""
    uppers: Array
    """The bins' upper ends."""
    counts: Array
    total: float
    total_of_squares: float

    @property
    def observations(self) -> int:
        """How many values were seen."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """The exact mean."""
        return self.total / self.observations

    @property
    def deviation(self) -> float:
        """The exact standard deviation; 0 when all values are one."""
        variance = self.total_of_squares / self.observations - self.mean**2
        return math.sqrt(max(0.0, variance))

    def quantile(self, share: float) -> float:
        """Return the value below which a share of the observations lies, within one per cent."""
        reached = np.cumsum(self.counts)
        return float(self.values[int(np.searchsorted(reached, share * reached[-1], side="left"))])

    def shares(self) -> Array:
        """Return each bin's share."""
        shares: Array = self.counts / self.counts.sum()
        return shares


def middle_of(index: int) -> float:
    """Return the value that stands for a bin."""
    return 0.0 if index == 0 else (upper_of(index) + upper_of(index - 1)) / 2.0


def upper_of(index: int) -> float:
    """Return the largest value a bin holds."""
    return 0.0 if index == 0 else GROWTH ** (index - _OFFSET)


def index_of(value: float) -> int:
    """Return the bin of a value, as the store computes it."""
    return 0 if value <= 0 else _OFFSET + math.ceil(math.log(value) / math.log(GROWTH))


def all_bins(blocks: Sequence[Block]) -> list[int]:
    """Return every bin that any block fills, by ascending value."""
    return sorted({index for block in blocks for index in block.bins}, key=upper_of)


def counts_of(blocks: Sequence[Block], bins: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return a matrix of counts, block by bin."""
    place = {index: column for column, index in enumerate(bins)}
    counts = np.zeros((len(blocks), len(bins)))
    for row, block in enumerate(blocks):
        for index, count in block.bins.items():
            counts[row, place[index]] = count
    return counts


def merge(blocks: Sequence[Block], bins: Sequence[int] | None = None) -> Sketch:
    """Add blocks up into one sketch, over the given bins or those the blocks fill."""
    used = all_bins(blocks) if bins is None else list(bins)
    return Sketch(
        values=np.array([middle_of(index) for index in used]),
        uppers=np.array([upper_of(index) for index in used]),
        counts=counts_of(blocks, used).sum(axis=0),
        total=sum(block.total for block in blocks),
        total_of_squares=sum(block.total_of_squares for block in blocks),
    )
