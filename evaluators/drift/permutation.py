"""Block permutation: would windows dealt from the same blocks by chance lie as far apart?

Spans of one session resemble one another, and so do spans of one hour. Dealing single spans would take that for drift.
So whole blocks are dealt: once the blocks of an hour and an eighth of the sessions, once whole hours; the less surprised
of the two speaks. Blocks change places only with blocks of the same hour of the day, so that a busy noon is compared
with noons.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from evaluators.drift.sketch import Block, counts_of
from evaluators.stats.clustered import Array

DEALS = 999
_SEED = 20_261_120
_FEWEST_HOURS = 6
Flags = npt.NDArray[np.bool_]


def block_p_value(
    reference: Sequence[Block], current: Sequence[Block], bins: Sequence[int], values: Array
) -> float:
    """Return the share of deals, the observed one among them, whose windows are at least as far apart."""
    blocks = [*reference, *current]
    is_current = np.array([False] * len(reference) + [True] * len(current))
    counts = counts_of(blocks, bins)
    gaps = np.diff(values)
    fine = _p_value(counts, is_current, np.array([block.hour.hour for block in blocks]), gaps)
    hours, hourly, hourly_current = _by_hour(blocks, counts, is_current)
    if min(np.count_nonzero(hourly_current), np.count_nonzero(~hourly_current)) < _FEWEST_HOURS:
        return fine
    return max(fine, _p_value(hourly, hourly_current, hours, gaps))


def _by_hour(
    blocks: Sequence[Block], counts: Array, is_current: Flags
) -> tuple[npt.NDArray[np.int64], Array, Flags]:
    keys = {
        key: row
        for row, key in enumerate(dict.fromkeys(zip(is_current, (b.hour for b in blocks), strict=True)))
    }
    rows = np.array([keys[bool(flag), block.hour] for flag, block in zip(is_current, blocks, strict=True)])
    hourly = np.zeros((len(keys), counts.shape[1]))
    np.add.at(hourly, rows, counts)
    return np.array([hour.hour for _, hour in keys]), hourly, np.array([flag for flag, _ in keys])


def _p_value(counts: Array, is_current: Flags, strata: npt.NDArray[np.int64], gaps: Array) -> float:
    deals = _deals(is_current, _usable(strata, is_current))
    current = deals @ counts
    reference = counts.sum(axis=0) - current
    apart = np.sum(np.abs(_cumulative(current) - _cumulative(reference))[:, :-1] * gaps, axis=1)
    observed = apart[0]
    return float(np.count_nonzero(apart >= observed * (1 - 1e-9)) / len(apart))


def _usable(strata: npt.NDArray[np.int64], is_current: Flags) -> npt.NDArray[np.int64]:
    """Keep hours of the day apart when most of the current blocks have counterparts there; else deal freely."""
    matched = sum(
        int(np.count_nonzero(is_current[strata == hour]))
        for hour in np.unique(strata)
        if not is_current[strata == hour].all()
    )
    return strata if matched >= 0.9 * np.count_nonzero(is_current) else np.zeros_like(strata)


def _deals(is_current: Flags, strata: npt.NDArray[np.int64]) -> Array:
    """Return the observed assignment and then random ones, each with as many current blocks in every stratum."""
    generator = np.random.default_rng(_SEED)
    deals = np.zeros((DEALS + 1, len(is_current)))
    deals[0] = is_current
    for hour in np.unique(strata):
        members = np.flatnonzero(strata == hour)
        chosen = int(np.count_nonzero(is_current[members]))
        order = np.argsort(generator.random((DEALS, len(members))), axis=1)
        deals[1:, members] = order < chosen
    return deals


def _cumulative(counts: Array) -> Array:
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    result: Array = np.cumsum(counts, axis=1) / totals
    return result
