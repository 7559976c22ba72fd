import pytest

from tests.evaluators.scoring import value_of


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("I'm sorry, but I can't help with that.", 1),
        ("I\u2019m unable to share this.", 1),
        ("Unfortunately I cannot provide medical advice.", 1),
        ("As an AI language model, I don't have opinions.", 1),
        ("That request goes against our content policy.", 1),
        ("I'm sorry to hear that! Here is your refund.", 0),
        ("You can help by writing to us.", 0),
        ("Paris.", 0),
        ("", 0),
        ("word " * 200 + "I cannot help with that", 0),
    ],
)
async def test_a_refusal_is_told_from_an_answer(output: str, value: float) -> None:
    assert await value_of("refusal", {}, output) == value


async def test_a_provider_that_says_it_refused_is_believed() -> None:
    assert await value_of("refusal", {}, "", finish_reason="content_filter") == 1
