"""Matrices, and what enters them, in eight bits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_LARGEST = 127.0
_STEPS = 255
_HARDLY = 1e-3


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value that each feature takes where it enters a matrix."""

    least: Array
    greatest: Array

    def divided(self, factors: Array) -> "Range":
        """Return the range of the features after each was divided by its factor."""
        return Range(self.least / factors, self.greatest / factors)


@dataclass(frozen=True, slots=True)
class Steps:
    """How numbers become integers from 0 to 255: how large a step is, and which integer stands for nothing at all."""

    size: float
    zero: int


def rows_of_eight_bits(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Return the matrix as integers, and the number that each row of them is to be multiplied by."""
    greatest = np.abs(matrix).max(axis=1, keepdims=True)
    scales = np.where(greatest > 0, greatest / _LARGEST, 1.0).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales


def steps_of(entering: Range) -> Steps:
    """Return the steps by which all features of a range are told apart alike, whatever text they come from."""
    least, greatest = min(0.0, float(entering.least.min())), max(0.0, float(entering.greatest.max()))
    size = max(greatest - least, _HARDLY) / _STEPS
    return Steps(size, round(-least / size))


def evening(matrix: Array, entering: Range, *, share: float) -> Array:
    """Return what to divide each feature by, and its column of the matrix to multiply by, so that large ones leave room.

    The difference in size between features moves into the matrix: all of it with a share of 1, nothing of it with 0.
    """
    features = np.maximum(np.maximum(np.abs(entering.least), np.abs(entering.greatest)), _HARDLY)
    columns = np.maximum(np.abs(matrix).max(axis=0), _HARDLY)
    factors = features**share / columns ** (1 - share)
    result: Array = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    return result
