"""What the gate reads: cases, metrics and judged trials."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evaluators.evaluator import Direction, Source
from evaluators.score import Outcome

Trust = Literal["uncalibrated", "calibrated", "stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case of a suite. Cases of one cluster (a document, a conversation) are not independent of one another."""

    id: str
    cluster: str = ""
    """The case's own id when empty."""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What one evaluator measures, and how to read it."""

    name: str
    source: Source = "code"
    direction: Direction = "higher"
    bounds: tuple[float, float] | None = (0.0, 1.0)
    trust: Trust = "uncalibrated"
    """Whether people's labels have shown the judge to be right; of no concern for code."""
    trust_reason: str = ""
    """Why the judge is trusted, or not."""
    alarm: str = ""
    """Why the judge has moved during this very run, or nothing: then its scores are an error, whatever they say."""

    @property
    def spread(self) -> float | None:
        """The largest difference possible between two scores."""
        return None if self.bounds is None else self.bounds[1] - self.bounds[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One answer of one arm to one case, judged."""

    case: str
    arm: str
    number: int
    """From 1 on."""
    outcomes: Mapping[str, Outcome]
    """By metric."""
    labels: Mapping[str, float] = field(default_factory=dict)
    """What people say the scores should have been, by metric, where somebody was asked."""
    again: Mapping[str, float] = field(default_factory=dict)
    """What a judge said when it was asked about the very same answer once more, by metric, where it was."""
