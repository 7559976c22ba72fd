"""Examples in numbers."""

import numpy as np

from guardrails.encoder.labels import OUTSIDE, begins, goes_on
from guardrails.training.examples import Example, Span
from guardrails.training.features import UNKNOWN, Features, Featurizer, batch_of
from guardrails.training.schedule import batches, rate, width_of
from tests.guardrails.encoder.small import small_tokenizer


def features(*examples: Example) -> list[Features]:
    return list(Featurizer(small_tokenizer(), positions=64).features(examples, seed=1))


def test_every_part_of_an_entity_is_tagged_and_only_the_first_begins_it() -> None:
    (found,) = features(
        Example(
            text="to bob x", spans=(Span("PERSON", 3, 6),), toxicity=None, injection=None, source="", group=""
        )
    )

    assert found.tags.tolist() == [
        UNKNOWN, OUTSIDE, OUTSIDE, begins("PERSON"), goes_on("PERSON"), goes_on("PERSON"), OUTSIDE, UNKNOWN
    ]  # fmt: skip


def test_what_nobody_labelled_teaches_nothing() -> None:
    (found,) = features(Example(text="hi", spans=None, toxicity=None, injection=None, source="", group=""))

    assert set(found.tags.tolist()) == {UNKNOWN}
    assert np.isnan(found.injection)
    assert np.isnan(found.toxicity).all()


def test_a_task_stands_before_the_text_with_another_type() -> None:
    (found,) = features(
        Example(text="page", task="sum", spans=(), toxicity=None, injection=1.0, source="", group="")
    )

    assert found.types.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert found.tags.tolist() == [UNKNOWN] * 5 + [OUTSIDE] * 4 + [UNKNOWN]


def test_a_long_text_fits_the_window() -> None:
    (found,) = features(
        Example(text="a " * 500, spans=(), toxicity=None, injection=None, source="", group="")
    )

    assert len(found.ids) == 64


def test_a_batch_is_padded_with_nothing_to_learn() -> None:
    short, long = features(
        Example(text="a", spans=(), toxicity=None, injection=0.0, source="", group=""),
        Example(text="a" * 30, spans=(), toxicity=None, injection=1.0, source="", group=""),
    )
    batch = batch_of([short, long], [None, np.ones(4, np.float32)], 4)

    assert batch.ids.shape == (2, 32)
    assert batch.mask.sum(1).tolist() == [3, 32]
    assert set(batch.tags[0, 3:].tolist()) == {UNKNOWN}
    assert batch.embedding.isnan().any(1).tolist() == [True, False]


def test_every_text_is_in_one_batch_and_no_batch_is_too_large() -> None:
    lengths = [5 + place % 200 for place in range(1000)]
    plan = batches(lengths, tokens=1024, seed=3)

    assert sorted(place for batch in plan for place in batch) == list(range(1000))
    assert all(len(batch) * max(width_of(lengths[place]) for place in batch) <= 1024 for batch in plan)
    assert plan == batches(lengths, tokens=1024, seed=3) != batches(lengths, tokens=1024, seed=4)


def test_the_rate_rises_and_then_falls() -> None:
    rates = [rate(step, 100) for step in range(100)]

    assert rates[0] < rates[5] == max(rates)
    assert rates[6:] == sorted(rates[6:], reverse=True)
    assert rates[-1] < 0.03
