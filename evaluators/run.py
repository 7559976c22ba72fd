"""The one place where an evaluator meets a sample and where whatever goes wrong is caught."""

import asyncio
import dataclasses
import math
import time

from evaluators.completion import CompletionError
from evaluators.errors import EvaluatorError
from evaluators.evaluator import Evaluator
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score, Unscored


async def evaluate(evaluator: Evaluator, sample: Sample, *, timeout_s: float | None = None) -> Outcome:
    """Judge a sample and always return an outcome: what could not be judged is Unscored, with the reason.

    Cancellation alone passes through. Messages of unexpected errors are left out, because they may quote the sample.
    """
    started_ns = time.perf_counter_ns()
    try:
        async with asyncio.timeout(timeout_s):
            outcome = _checked(await evaluator.score(sample))
    except CompletionError as error:
        outcome = Unscored(code="judge_error", reason=str(error) or "the judge's model gave no answer")
    except TimeoutError:
        limit = f" within {timeout_s:g} s" if timeout_s is not None else " in time"
        outcome = Unscored(code="timeout", reason=f"no judgement{limit}")
    except EvaluatorError as error:
        outcome = Unscored(code="crashed", reason=str(error))
    except RecursionError:
        outcome = Unscored(code="crashed", reason="the sample is nested too deeply to judge")
    except Exception as error:  # noqa: BLE001 - the one place: one bad evaluator leaves the others alone
        outcome = Unscored(code="crashed", reason=f"{type(error).__name__} in evaluator {evaluator.name!r}")
    return dataclasses.replace(
        outcome,
        evaluator=evaluator.name,
        version=evaluator.version,
        duration_us=(time.perf_counter_ns() - started_ns) // 1_000,
    )


def _checked(outcome: object) -> Outcome:
    if isinstance(outcome, Score) and not math.isfinite(outcome.value):
        return Unscored(code="not_a_number", reason=f"the score came out as {outcome.value}")
    if isinstance(outcome, (Score, Unscored, NotApplicable)):
        return outcome
    return Unscored(
        code="crashed",
        reason=f"expected Score, Unscored or NotApplicable; the evaluator returned {type(outcome).__name__}",
    )
