"""Is the number in the answer the right one?"""

import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score

# Currency signs, thousands separators and Markdown emphasis carry no value; a per cent sign does.
_DECORATION = str.maketrans("", "", "$€£*_,")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MINUS_SIGNS = str.maketrans("\u2212\u2013", "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric(Configured):
    """The number in the answer is close enough to the expected one: 1 or 0."""

    kind: ClassVar[str] = "numeric"

    expected: float | None = parameter("The right number; the case's own when left empty.", default=None)
    absolute_tolerance: float = parameter("How far off the number may be.", default=0.0)
    relative_tolerance: float = parameter("How far off, as a share of the expected number.", default=1e-9)
    which: Literal["last", "first", "only"] = parameter(
        "Which number of the answer counts; `only` scores 0 when there are several.", default="last"
    )

    def check(self) -> None:
        """Refuse tolerances below zero."""
        if self.absolute_tolerance < 0 or self.relative_tolerance < 0:
            raise ParameterError("numeric: a tolerance cannot be negative")

    async def score(self, sample: Sample) -> Outcome:
        """Find the number and compare it."""
        expected = number_in(sample.expected) if self.expected is None else self.expected
        if expected is None:
            return NotApplicable(reason="the sample has no expected number")
        found = numbers_in(sample.output)
        if not found:
            return Score(value=0.0, reason="the answer holds no number")
        if self.which == "only" and len(found) > 1:
            return Score(value=0.0, reason=f"the answer holds {len(found)} numbers, one was wanted")
        answered = found[0] if self.which == "first" else found[-1]
        is_close = math.isclose(
            answered, expected, rel_tol=self.relative_tolerance, abs_tol=self.absolute_tolerance
        )
        return Score(
            value=float(is_close),
            reason=f"off by {abs(answered - expected):g}",
            details={"answered": answered, "expected": expected},
        )


def numbers_in(text: str) -> list[float]:
    """Return the numbers of a text in order."""
    plain = text.translate(_MINUS_SIGNS).translate(_DECORATION)
    return [float(match) for match in _NUMBER.findall(plain)]


def number_in(value: Any) -> float | None:
    """Return a value as a number: itself, or the only number of a text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = numbers_in(value) if isinstance(value, str) else []
    return found[0] if len(found) == 1 else None
