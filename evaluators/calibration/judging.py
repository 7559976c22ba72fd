"""Having a suite's judge score labelled answers, as it would score a run's."""

import asyncio
import math
from collections.abc import Mapping, Sequence

import numpy as np

from evaluators.calibration.labels import Labelled
from evaluators.completion import Complete
from evaluators.errors import SuiteError
from evaluators.run import evaluate
from evaluators.score import Outcome, Score
from evaluators.stats.clustered import Array
from evaluators.suites.cases import SuiteCase
from evaluators.suites.entries import Entry

_TIMEOUT_S = 300.0


async def judged(
    entry: Entry, rows: Sequence[Labelled], judges: Mapping[str, Complete], *, concurrency: int
) -> list[Outcome]:
    """Return the judge's outcome for every row, asked afresh: what was judged once says nothing about today."""
    complete = None if entry.judge is None else judges[entry.judge]
    free = asyncio.Semaphore(concurrency)

    async def score(row: Labelled) -> Outcome:
        if row.sample is None:
            raise SuiteError(f"label {row.id!r} has no `output` to judge")
        async with free:
            return await evaluate(entry.built(_case(row), complete), row.sample, timeout_s=_TIMEOUT_S)

    return list(await asyncio.gather(*(score(row) for row in rows)))


def values_of(outcomes: Sequence[Outcome]) -> Array:
    """Return scores as an array; NaN where there is none."""
    return np.array(
        [outcome.value if isinstance(outcome, Score) else math.nan for outcome in outcomes], dtype=np.float64
    )


def _case(row: Labelled) -> SuiteCase:
    assert row.sample is not None
    return SuiteCase(
        id=row.id,
        inputs=row.inputs,
        expected=row.sample.expected,
        context=row.sample.context,
        tags=row.sample.tags,
        cluster=row.cluster,
    )
