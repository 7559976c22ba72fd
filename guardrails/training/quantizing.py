"""Matrices in eight bits."""

import numpy as np
from numpy.typing import NDArray

_LARGEST = 127.0


def rows_of_eight_bits(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the matrix as integers, and the number that each row of them is to be multiplied by."""
    greatest = np.abs(matrix).max(axis=1, keepdims=True)
    scales = np.where(greatest > 0, greatest / _LARGEST, 1.0).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales
