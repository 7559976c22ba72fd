"""What a drift check says, and what it demands before it says "drift"."""

from dataclasses import dataclass
from typing import Literal

from evaluators.drift.sketch import Kind

State = Literal["drift", "steady", "insufficient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How large a shift matters, and how sure one must be that it is one."""

    deviations: float = 0.1
    """For numbers: the shift (Wasserstein distance) in standard deviations of the reference."""
    points: float = 2.0
    """For rates: percentage points."""
    level: float = 0.05
    """The share of false alarms among the series checked together."""
    observations: int = 200
    """Each window needs so many, else there is insufficient data."""
    hours: int = 4
    """Each window needs data from so many hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One window in figures."""

    observations: int
    hours: int
    mean: float
    deviation: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far apart two windows' distributions are, by several measures."""

    wasserstein: float
    """In the series' unit."""
    kolmogorov_smirnov: float
    population_stability: float
    """PSI over the reference's deciles, less what chance alone gives it; below 0 when smaller than chance."""
    jensen_shannon: float
    """Distance, base 2, over the same deciles: 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinShift:
    """A stretch of values and the share of observations it held in each window."""

    low: float
    high: float
    reference: float
    current: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftResult:
    """One series, one window against the reference."""

    series: str
    kind: Kind
    state: State
    reason: str
    effect: float | None = None
    """Standard deviations for numbers, percentage points (signed) for rates."""
    threshold: float
    p_value: float | None = None
    q_value: float | None = None
    """The p-value adjusted for the series checked together; equal to it for one alone."""
    reference: Summary | None = None
    current: Summary | None = None
    distances: Distances | None = None
    top_bins: tuple[BinShift, ...] = ()
    """Where the shares changed most, the largest change first."""
    design_effect: float | None = None
    """For rates: by how much sessions and hours inflate the variance."""
