"""Disorder that changes nothing of what is known."""

import random
from dataclasses import replace

import pytest

from guardrails.training.examples import Example, Span
from guardrails.training.noise import disturbed, joined, with_joined

TEXT = "Dear all, please write to Jane Miller in Leeds before noon on Friday, and not later than that."
EXAMPLE = Example(
    text=TEXT,
    spans=(Span("PERSON", 26, 37), Span("LOCATION", 41, 46)),
    toxicity=None,
    injection=None,
    source="s",
    group="g",
)


@pytest.mark.parametrize("seed", range(200))
def test_spans_still_cover_the_same_words(seed: int) -> None:
    changed = disturbed(EXAMPLE, chance=random.Random(seed))
    words = {(span.entity, changed.text[span.start : span.end]) for span in changed.spans or ()}

    assert words <= {("PERSON", "Jane Miller"), ("LOCATION", "Leeds")}
    assert all(name in changed.text for _, name in words)


def test_hostile_and_toxic_texts_are_never_torn() -> None:
    hostile = replace(EXAMPLE, spans=None, injection=1.0)
    texts = [disturbed(hostile, chance=random.Random(seed)).text for seed in range(200)]

    assert all(len(text) >= len(TEXT) - 4 for text in texts)


def test_two_texts_in_one_keep_the_spans_of_both() -> None:
    both = joined(EXAMPLE, EXAMPLE)

    assert both is not None
    assert [both.text[span.start : span.end] for span in both.spans or ()] == ["Jane Miller", "Leeds"] * 2


def test_one_hostile_part_makes_the_whole_hostile() -> None:
    benign, hostile = (replace(EXAMPLE, spans=None, injection=value) for value in (0.0, 1.0))
    both = joined(benign, hostile)

    assert both is not None
    assert both.injection == 1.0


def test_texts_of_which_different_things_are_known_are_not_joined() -> None:
    assert joined(EXAMPLE, replace(EXAMPLE, spans=None, injection=0.0)) is None


def test_no_text_is_lost_by_joining() -> None:
    examples = [replace(EXAMPLE, text=f"text {number}", spans=()) for number in range(101)]
    result = with_joined(examples, share=0.5, chance=random.Random(1))

    assert sum(each.text.count("text ") for each in result) == 101
