"""What an evaluator says: a score, that it could not judge, or that there was nothing to judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UnscoredCode = Literal[
    "judge_error",
    "timeout",
    "unparseable",
    "off_menu",
    "undecided",
    "too_large",
    "not_a_number",
    "target_error",
    "crashed",
]
"""Why no score exists, in a word that can be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A judgement with its reason. `evaluator`, `version` and `duration_us` are filled in by `evaluate`."""

    value: float
    reason: str
    label: str = ""
    distribution: Mapping[str, float] | None = None
    """The judge's probability of each option, summing to 1; None when it gave no probabilities."""
    off_menu: float | None = None
    """The probability the judge spent on anything but the options."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Numerators, denominators and what else explains the value."""
    cost_usd: float | None = None
    evaluator: str = ""
    version: str = ""
    duration_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscored:
    """The sample should have been judged and could not be. Never a zero, never left out of the count."""

    code: UnscoredCode
    reason: str
    off_menu: float | None = None
    cost_usd: float | None = None
    evaluator: str = ""
    version: str = ""
    duration_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """The question does not arise for this sample: no expected answer, no latency measured, ..."""

    reason: str
    cost_usd: float | None = None
    evaluator: str = ""
    version: str = ""
    duration_us: int = 0


Outcome = Score | Unscored | NotApplicable
