"""Texts of all kinds in one mixture."""

from guardrails.training.examples import Example, Span
from guardrails.training.mixture import lived_in


def example(number: int, *, task: str = "") -> Example:
    return Example(
        text=f"text {number} of jane",
        task=task,
        spans=None if task else (Span("PERSON", len(f"text {number} of "), len(f"text {number} of jane")),),
        toxicity=None,
        injection=1.0 if task else 0.0,
        source="s",
        group="g",
    )


EXAMPLES = [
    *(example(number) for number in range(500)),
    *(example(number, task="sum up") for number in range(500, 600)),
]


def test_some_texts_with_personal_data_are_read_beside_a_task_and_then_say_nothing_of_injections() -> None:
    beside = [each for each in lived_in(EXAMPLES, seed=1) if each.task and each.spans is not None]

    assert 5 < len(beside) < 50
    assert {each.injection for each in beside} == {None}


def test_the_same_seed_makes_the_same_disorder() -> None:
    assert lived_in(EXAMPLES, seed=1) == lived_in(EXAMPLES, seed=1) != lived_in(EXAMPLES, seed=2)


def test_attacks_stay_attacks() -> None:
    assert {each.injection for each in lived_in(EXAMPLES, seed=1) if each.spans is None} == {1.0}
