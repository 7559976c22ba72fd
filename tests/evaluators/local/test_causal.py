import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluators.local.asked import Asked
from evaluators.local.causal import CausalJudge
from evaluators.local.settings import LocalSettings
from tests.evaluators.local.small import small_model

RUBRIC = {"role": "system", "content": "You decide one question. Options:\nA: yes\nB: no"}
ANSWERS = ("short", "a rather longer answer than the one before", "héllo – ünïcode", "x" * 300)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def judge(weights: Path) -> CausalJudge:
    return CausalJudge(LocalSettings(path=str(weights), device="cpu", dtype="float32"))


def asked(answer: str, options: tuple[str, ...] = ("A", "B")) -> Asked:
    return Asked(messages=(RUBRIC, {"role": "user", "content": answer}), options=options)


def by_hand(weights: Path, one: Asked) -> dict[str, float]:
    """Ask the plain model about one prompt alone."""
    tokenizer: Any = AutoTokenizer.from_pretrained(weights)
    model: Any = AutoModelForCausalLM.from_pretrained(weights, dtype=torch.float32)
    inputs = tokenizer.apply_chat_template(
        [dict(message) for message in one.messages],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    with torch.inference_mode():
        row = model(**inputs).logits[0, -1].log_softmax(-1)
    return {token: float(row[tokenizer.convert_tokens_to_ids(token)]) for token in ("A", "a", "B", "b")}


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("batch_tokens", [300, 16_384])
def test_probabilities_are_the_models_however_prompts_are_batched_and_shared(
    weights: Path, shares: bool, batch_tokens: int
) -> None:
    judge = CausalJudge(
        LocalSettings(path=str(weights), device="cpu", dtype="float32", batch_tokens=batch_tokens)
    )
    questions = [asked(answer) for answer in ANSWERS]

    for one, answer in zip(questions, judge.answer(questions, shares=shares), strict=True):
        assert answer.logprobs == pytest.approx(by_hand(weights, one), abs=2e-4)
        assert not answer.error


def test_what_prompts_share_is_read_once(weights: Path) -> None:
    read = []
    for shares in (True, False):
        judge = CausalJudge(LocalSettings(path=str(weights), device="cpu", dtype="float32"))
        judge.answer([asked(answer) for answer in ANSWERS[:3]], shares=shares)
        read.append(judge.read_tokens)

    shared = len(RUBRIC["content"])
    assert read[1] - read[0] >= 2 * shared


def test_what_is_spent_beside_the_options_is_left_out_of_their_shares(judge: CausalJudge) -> None:
    (answer,) = judge.answer([asked("hello")])

    assert 0 < sum(math.exp(logprob) for logprob in answer.logprobs.values()) < 1
    assert set(answer.logprobs) == {"A", "a", "B", "b"}


def test_a_prompt_that_is_too_long_is_refused_and_the_others_answered(weights: Path) -> None:
    judge = CausalJudge(LocalSettings(path=str(weights), device="cpu", longest_prompt=200))
    long, short = judge.answer([asked("y" * 500), asked("fine")])

    assert "more than the 200 allowed" in long.error
    assert short.logprobs


def test_options_no_token_spells_are_refused(judge: CausalJudge) -> None:
    (answer,) = judge.answer([asked("hello", options=("certainly", "never"))])

    assert "is a token of this model" in answer.error


def test_a_question_without_options_is_answered_in_words(judge: CausalJudge) -> None:
    (answer,) = judge.answer([asked("hello", options=())])

    assert answer.output_tokens > 0
    assert not answer.logprobs


def test_a_model_without_a_chat_template_reads_the_messages_one_after_the_other(weights: Path) -> None:
    judge = CausalJudge(LocalSettings(path=str(weights), device="cpu", dtype="float32"))
    judge._tokenizer.chat_template = None
    (answer,) = judge.answer([asked("hello")])

    assert answer.input_tokens == len(f"{RUBRIC['content']}\n\nhello\n\nAnswer:")


def test_a_template_without_a_systems_turn_gets_both_in_one(weights: Path) -> None:
    judge = CausalJudge(LocalSettings(path=str(weights), device="cpu", dtype="float32"))
    judge._tokenizer.chat_template = (
        "{% for message in messages %}{% if message.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{{ message.content }}{% endfor %}"
    )
    (answer,) = judge.answer([asked("hello")])

    assert answer.input_tokens == len(f"{RUBRIC['content']}\n\nhello")
