"""Short ways for tests to score one answer."""

from typing import Any

from evaluators import Complete, Outcome, Sample, Score, evaluate, registry


async def outcome_of(
    kind: str, parameters: dict[str, Any], output: str, complete: Complete | None = None, **sample: Any
) -> Outcome:
    """Build an evaluator, show it one answer, return what it says."""
    return await evaluate(registry.build(kind, parameters, complete), Sample(output=output, **sample))


async def value_of(kind: str, parameters: dict[str, Any], output: str, **sample: Any) -> float:
    """Return the value of a score that must exist."""
    outcome = await outcome_of(kind, parameters, output, **sample)
    assert isinstance(outcome, Score), outcome
    return outcome.value
