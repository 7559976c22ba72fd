import asyncio
import os
import signal
from pathlib import Path

import pytest

from evaluators import CompletionError, Score, Unscored, evaluate, registry
from evaluators.local import LocalModel, LocalSettings
from evaluators.sample import Sample
from tests.evaluators.local.small import small_model

MENU = {"question": "Is it kind?", "options": {"yes": 1.0, "no": 0.0}}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("small"))


def settings(path: object) -> LocalSettings:
    return LocalSettings(path=str(path), device="cpu", dtype="float32", threads=1)


async def test_five_hundred_answers_are_scored_or_say_why_not(weights: Path) -> None:
    async with LocalModel(settings(weights), model="small") as model:
        rubric = registry.build("rubric", MENU, model)
        outcomes = await asyncio.gather(
            *(evaluate(rubric, Sample(output=f"answer {number}"), timeout_s=60) for number in range(500))
        )

    assert {type(outcome) for outcome in outcomes} <= {Score, Unscored}
    assert all(outcome.code == "off_menu" for outcome in outcomes if isinstance(outcome, Unscored))


async def test_answers_in_swapped_order_are_weighed_both_ways(weights: Path) -> None:
    async with LocalModel(settings(weights)) as model:
        weigh = model([{"role": "user", "content": "first, second"}], options=("A", "B"))
        swapped = model([{"role": "user", "content": "second, first"}], options=("A", "B"))
        here, there = await asyncio.gather(weigh, swapped)

    assert here.tokens is not None
    assert there.tokens is not None
    assert here.tokens[0].logprobs != there.tokens[0].logprobs


async def test_a_worker_that_is_killed_is_replaced_for_the_next_question(weights: Path) -> None:
    async with LocalModel(settings(weights)) as model:
        question = [{"role": "user", "content": "hello"}]
        before = await model(question, options=("A", "B"))
        assert model._pool is not None
        (process,) = model._pool._processes.values()
        os.kill(process.pid or 0, signal.SIGKILL)
        with pytest.raises(CompletionError, match="ended while it was loading or judging"):
            await model(question, options=("A", "B"))
        after = await model(question, options=("A", "B"))

    assert after == before


async def test_a_folder_without_a_model_says_what_is_wrong(tmp_path: Path) -> None:
    async with LocalModel(settings(tmp_path)) as model:
        with pytest.raises(CompletionError, match="cannot be loaded"):
            await model([{"role": "user", "content": "hello"}], options=("A", "B"))


async def test_an_engine_that_is_not_installed_says_how_to_install_it(weights: Path) -> None:
    wanted = LocalSettings(path=str(weights), engine="vllm")
    async with LocalModel(wanted) as model:
        with pytest.raises(CompletionError, match="vllm is not installed"):
            await model([{"role": "user", "content": "hello"}], options=("A", "B"))
