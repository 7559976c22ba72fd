import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from evaluators import Outcome, Sample, Score, Unscored, evaluate


@dataclass(frozen=True)
class Odd:
    """An evaluator that does whatever it is told."""

    does: Any
    name: str = "odd"
    version: str = "1"

    async def score(self, sample: Sample) -> Outcome:
        result: Outcome = await self.does()
        return result


async def crash() -> None:
    raise KeyError("the secret text of the sample")


async def recurse() -> None:
    await recurse()


async def return_none() -> None:
    return None


async def return_nan() -> Score:
    return Score(value=float("nan"), reason="?")


async def hang() -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("does", "code"),
    [
        (crash, "crashed"),
        (recurse, "crashed"),
        (return_none, "crashed"),
        (return_nan, "not_a_number"),
        (hang, "timeout"),
    ],
)
async def test_whatever_goes_wrong_becomes_unscored_without_quoting_the_sample(does: Any, code: str) -> None:
    outcome = await evaluate(Odd(does), Sample(output="hi"), timeout_s=0.2)
    assert isinstance(outcome, Unscored)
    assert outcome.code == code
    assert outcome.evaluator == "odd"
    assert "secret" not in outcome.reason


async def test_cancellation_passes_through() -> None:
    task = asyncio.create_task(evaluate(Odd(hang), Sample(output="hi")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
