"""Several judges asked as one, and what each of them should weigh."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy import special

from evaluators import Completion, CompletionError, TokenChoices, registry
from evaluators.calibration.panel import panel_card
from evaluators.completion import ChatMessage
from evaluators.judges.menu import Choice, menu_of, read
from evaluators.panel import Panel
from evaluators.run import evaluate
from evaluators.sample import Sample
from evaluators.score import Score, Unscored

ASK: list[dict[str, str]] = [{"role": "user", "content": "?"}]


class Member:
    """Answers with these probabilities, or with a word."""

    def __init__(self, said: Mapping[str, float] | str, cost_usd: float | None = 0.01) -> None:
        self.said, self.cost_usd = said, cost_usd
        self.calls = 0

    async def __call__(
        self, messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
    ) -> Completion:
        self.calls += 1
        if isinstance(self.said, str):
            return Completion(text=self.said, cost_usd=self.cost_usd)
        logprobs = {token: math.log(share) for token, share in self.said.items()}
        return Completion(
            text="A", tokens=(TokenChoices(token="A", logprobs=logprobs),), cost_usd=self.cost_usd
        )


async def pooled(panel: Panel) -> Choice:
    choice = read(await panel(ASK, options=("A", "B")), menu_of(("yes", "no")))
    assert isinstance(choice, Choice)
    return choice


async def test_two_options_are_pooled_by_their_log_odds() -> None:
    panel = Panel(
        {"one": Member({"A": 0.9, "B": 0.1}), "two": Member({"A": 0.4, "B": 0.6})}, {"one": 0.5, "two": 1.0}
    )
    choice = await pooled(panel)
    expected = special.expit(0.5 * special.logit(0.9) + special.logit(0.4))

    assert choice.distribution is not None
    assert choice.distribution["yes"] == pytest.approx(expected)


async def test_a_single_member_that_counts_decides_as_it_would_alone() -> None:
    asked, idle = Member({"A": 0.7, "B": 0.2, "x": 0.1}), Member("B")
    choice = await pooled(Panel({"asked": asked, "idle": idle}, {"asked": 1.0, "idle": 0.0}))

    assert choice.distribution == pytest.approx({"yes": 7 / 9, "no": 2 / 9})
    assert choice.off_menu == pytest.approx(0.1)
    assert idle.calls == 0


async def test_a_member_that_only_says_a_word_leaves_some_doubt() -> None:
    choice = await pooled(Panel({"one": Member("A"), "two": Member("b")}, {"one": 0.5, "two": 0.5}))

    assert choice.distribution == pytest.approx({"yes": 0.5, "no": 0.5})


async def test_a_member_without_a_verdict_leaves_the_answer_unscored() -> None:
    panel = Panel({"one": Member("A"), "two": Member("no idea")}, {"one": 0.5, "two": 0.5})
    outcome = await evaluate(registry.build("rubric", {"question": "Fine?"}, panel), Sample(output="x"))

    assert isinstance(outcome, Unscored)
    assert "two, a member of the panel" in outcome.reason


async def test_what_members_cost_is_added_up_and_unknown_when_one_is() -> None:
    rubric = {"question": "Fine?"}
    known = Panel({"one": Member("A"), "two": Member("A", 0.02)}, {"one": 1, "two": 1})
    unknown = Panel({"one": Member("A"), "two": Member("A", None)}, {"one": 1, "two": 1})
    first = await evaluate(registry.build("rubric", rubric, known), Sample(output="x"))
    second = await evaluate(registry.build("rubric", rubric, unknown), Sample(output="x"))

    assert first.cost_usd == pytest.approx(0.03)
    assert second.cost_usd is None
    assert isinstance(first, Score)
    assert first.details["judge"] == "panel of one × 1, two × 1"


async def test_lists_are_written_by_the_weightiest_member() -> None:
    light, heavy = Member('["light"]'), Member('["heavy"]')
    panel = Panel({"light": light, "heavy": heavy}, {"light": 0.2, "heavy": 0.8})

    assert (await panel(ASK)).text == '["heavy"]'
    assert light.calls == 0


async def test_a_member_that_cannot_be_asked_fails_the_panel() -> None:
    async def broken(messages: object, /, *, options: object = (), answers: int = 1) -> Completion:
        raise CompletionError("no endpoint")

    with pytest.raises(CompletionError, match="no endpoint"):
        await Panel({"one": Member("A"), "two": broken}, {"one": 1, "two": 1})(ASK, options=("A", "B"))


def judged(quality: float, truth: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Simulate a judge whose log-odds follow the truth."""
    scores: np.ndarray = special.expit(quality * (2 * truth - 1) + noise)
    return scores


@pytest.fixture
def truth() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 2, 600).astype(np.float64)


def test_independent_judges_are_worth_a_panel(truth: np.ndarray) -> None:
    draw = np.random.default_rng(6)
    scores = {name: judged(1.0, truth, draw.normal(0, 1.5, len(truth))) for name in ("one", "two", "three")}
    card = panel_card(scores, truth, np.arange(len(truth)))

    assert card.is_worth_it
    assert card.independent > 2.0
    assert min(card.weights.values()) > 0.1


def test_a_judge_that_guesses_weighs_next_to_nothing(truth: np.ndarray) -> None:
    draw = np.random.default_rng(7)
    scores = {
        "good": judged(2.0, truth, draw.normal(0, 1, len(truth))),
        "guess": special.expit(draw.normal(0, 2, len(truth))),
    }
    card = panel_card(scores, truth, np.arange(len(truth)))

    assert card.best_member == "good"
    assert card.weights["guess"] < 0.2 * card.weights["good"]


def test_judges_that_err_together_are_hardly_more_than_one(truth: np.ndarray) -> None:
    shared = np.random.default_rng(8).normal(0, 2, len(truth))
    scores = {name: judged(1.0, truth, shared + shift) for name, shift in (("one", 0.0), ("two", 0.05))}
    card = panel_card(scores, truth, np.arange(len(truth)))

    assert card.independent == pytest.approx(1.0, abs=0.05)
