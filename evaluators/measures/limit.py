"""What the measuring evaluators share: a number as it is, or whether it keeps a limit."""

from evaluators.evaluator import Scale
from evaluators.score import Score


def scale(limit: float | None) -> Scale:
    """With a limit the score is 1 or 0 and higher is better; without one it is the number itself."""
    return Scale("lower", None) if limit is None else Scale("higher", (0.0, 1.0))


def measured(number: float, unit: str, limit: float | None) -> Score:
    """Score a measured number, against its limit when there is one."""
    if limit is None:
        return Score(value=float(number), reason=f"{number:g} {unit}")
    return Score(
        value=float(number <= limit),
        reason=f"{number:g} {unit}, at most {limit:g}",
        details={"measured": number},
    )
