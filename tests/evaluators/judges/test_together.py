"""Several questions in one call: each is read from its own line, by its own probabilities."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evaluators import Completion, Sample, Score, TokenChoices, Unscored, evaluate, registry
from evaluators.completion import ChatMessage
from evaluators.judges.menu import Choice, menu_of, read_all
from evaluators.score import Outcome

QUESTIONS = {"Is it kind?": 1, "Is it short?": 1, "Is it true?": 2}
MENU = menu_of(("yes", "no"))


class OneCall:
    """Answers once and remembers how it was asked."""

    def __init__(self, completion: Completion) -> None:
        self.completion = completion
        self.asked: list[tuple[Sequence[ChatMessage], int]] = []

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        self.asked.append((messages, answers))
        return self.completion


class Reader(OneCall):
    """Reads the material once, however many questions there are."""

    shares_beginnings = True


def spelled(*tokens: str | Mapping[str, float]) -> Completion:
    """Return an answer with the probabilities of each of its tokens."""
    choices = tuple(
        TokenChoices(token=token, logprobs={token: -0.01, "?": -5.0})
        if isinstance(token, str)
        else TokenChoices(token=max(token, key=token.__getitem__), logprobs=_logs(token))
        for token in tokens
    )
    return Completion(text="".join(choice.token for choice in choices), tokens=choices, cost_usd=0.01)


def _logs(shares: Mapping[str, float]) -> dict[str, float]:
    return {token: math.log(share) for token, share in shares.items()}


async def checked(model: Any) -> Outcome:
    checklist = registry.build("checklist", {"questions": QUESTIONS, "together": True}, model)
    return await evaluate(checklist, Sample(output="Good day."))


async def test_every_question_has_the_probabilities_of_its_own_line() -> None:
    answer = spelled(
        "1", ":", " ", {"A": 0.9, "B": 0.1}, "\n", "2", ":", {" B": 0.8, " A": 0.2}, "\n", "3:", {" A": 1.0}
    )
    model = OneCall(answer)
    outcome = await checked(model)

    assert isinstance(outcome, Score)
    assert outcome.details["probabilities"] == pytest.approx([0.9, 0.2, 1.0])
    assert outcome.value == pytest.approx((0.9 + 0.2 + 2 * 1.0) / 4)
    assert outcome.cost_usd == 0.01
    ((messages, answers),) = model.asked
    assert answers == 3
    assert "2: Is it short?" in messages[1]["content"]


async def test_words_do_where_there_are_no_probabilities() -> None:
    outcome = await checked(OneCall(Completion(text="1: A\n2. B\n 3) yes")))

    assert isinstance(outcome, Score)
    assert outcome.details["probabilities"] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("text", ["", "1: A\n2: B", "1: A\n2: B\n3: perhaps", "A B A", "1: A\n2: B\n4: A"])
async def test_a_question_without_a_verdict_leaves_no_score(text: str) -> None:
    assert isinstance(await checked(OneCall(Completion(text=text))), Unscored)


async def test_what_is_spent_beside_the_options_leaves_no_score() -> None:
    answer = spelled("1", ":", {"A": 0.2, "Well": 0.8}, "\n", "2", ":", " A", "\n", "3", ":", " A")
    outcome = await checked(OneCall(answer))

    assert isinstance(outcome, Unscored)
    assert outcome.code == "off_menu"


async def test_a_model_that_reads_beginnings_once_is_asked_one_by_one() -> None:
    model = Reader(spelled({"A": 0.7, "B": 0.3}))
    outcome = await checked(model)

    assert isinstance(outcome, Score)
    assert outcome.value == pytest.approx(0.7)
    assert [answers for _, answers in model.asked] == [1, 1, 1]


def test_a_number_in_an_answer_is_no_other_questions_line() -> None:
    first, second = read_all(Completion(text="1: A\n2: A\n2 of 2 are fine: B"), MENU, 2)

    assert isinstance(first, Choice)
    assert isinstance(second, Choice)
    assert (first.label, second.label) == ("yes", "yes")
