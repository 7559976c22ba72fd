"""Many tests at once: Holm for claims that must not be wrong, Benjamini-Hochberg for hints."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values: reject those at or below alpha and the chance of any error is at most alpha."""
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return q-values: reject those at or below x and at most a share x of the rejections is wrong on average."""
    adjusted = [1.0] * len(p_values)
    running = 1.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    for behind, index in enumerate(order):
        running = min(running, p_values[index] * len(p_values) / (len(p_values) - behind))
        adjusted[index] = running
    return adjusted
