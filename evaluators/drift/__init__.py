"""Drift: is today's traffic unlike the traffic of the reference, by enough to matter and beyond chance?

Pure statistics over hourly log-histograms; whoever reads them from a store hands them in.
"""

from evaluators.drift.compare import adjusted, compare
from evaluators.drift.result import BinShift, Distances, DriftResult, Summary, Thresholds
from evaluators.drift.sketch import Block, Kind, Sketch

__all__ = [
    "BinShift",
    "Block",
    "Distances",
    "DriftResult",
    "Kind",
    "Sketch",
    "Summary",
    "Thresholds",
    "adjusted",
    "compare",
]
