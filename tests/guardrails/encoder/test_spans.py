"""From tags to spans."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from guardrails.encoder.labels import OUTSIDE, TOKEN_LABELS, begins, goes_on
from guardrails.encoder.spans import spans_of
from guardrails.encoder.windows import Tokens

PERSON, PERSON_ON = begins("PERSON"), goes_on("PERSON")
CITY, CITY_ON = begins("LOCATION"), goes_on("LOCATION")


def tokens(words: list[str], line_at: int | None = None) -> Tokens:
    """Tokens of words with a space before each; a word with ## goes on with the one before; one may begin a line."""
    starts, ends, at = [], [], 0
    for word in words:
        at += 0 if word.startswith("##") else 1
        starts.append(at)
        at += len(word.removeprefix("##"))
        ends.append(at)
    within = np.array([word.startswith("##") for word in words])
    begins_line = np.arange(len(words)) == (-1 if line_at is None else line_at)
    return Tokens(np.zeros(len(words), np.int64), np.array(starts), np.array(ends), within, begins_line)


def chances(tags: Sequence[Mapping[int, float]]) -> NDArray[np.float32]:
    """Logarithms of probabilities; what is not given is shared by all others."""
    rows = np.full((len(tags), len(TOKEN_LABELS)), 1e-6)
    for row, given in zip(rows, tags, strict=True):
        for tag, chance in given.items():
            row[tag] = chance
    logarithms: NDArray[np.float32] = np.log(rows / rows.sum(1, keepdims=True)).astype(np.float32)
    return logarithms


def found(
    words: list[str], tags: Sequence[Mapping[int, float]], readiness: float = 0.0
) -> list[tuple[str, int, int]]:
    return [
        (span.entity, span.start, span.end)
        for span in spans_of(tokens(words), chances(tags), readiness=readiness)
    ]


def test_a_begun_entity_goes_on_until_it_ends() -> None:
    tags = [{OUTSIDE: 1}, {PERSON: 1}, {PERSON_ON: 1}, {OUTSIDE: 1}]

    assert found(["hi", "jane", "doe", "there"], tags) == [("PERSON", 4, 12)]


def test_two_entities_side_by_side_stay_two() -> None:
    assert found(["jane", "john"], [{PERSON: 1}, {PERSON: 1}]) == [("PERSON", 1, 5), ("PERSON", 6, 10)]


def test_an_entity_that_never_began_is_read_as_one_that_did() -> None:
    assert found(["jane", "doe"], [{PERSON_ON: 0.9, PERSON: 0.1}, {PERSON_ON: 1}]) == [("PERSON", 1, 9)]


def test_one_kind_does_not_go_on_as_another() -> None:
    tags: list[dict[int, float]] = [{PERSON: 1}, {CITY_ON: 0.6, PERSON_ON: 0.4}]

    assert found(["paris", "hilton"], tags) == [("PERSON", 1, 13)]


def test_the_parts_of_a_word_belong_together() -> None:
    tags = [{PERSON: 0.9, OUTSIDE: 0.1}, {OUTSIDE: 0.7, PERSON_ON: 0.3}]

    assert found(["mil", "##ler"], tags) == [("PERSON", 1, 7)]


def test_readiness_finds_what_is_likely_nothing() -> None:
    tags = [{OUTSIDE: 0.7, PERSON: 0.3}]

    assert found(["rose"], tags) == []
    assert found(["rose"], tags, readiness=1.5) == [("PERSON", 1, 5)]


def test_the_score_is_the_probability_of_personal_data_of_any_kind() -> None:
    (span,) = spans_of(tokens(["jane"]), chances([{PERSON: 0.5, CITY: 0.3, OUTSIDE: 0.2}]), readiness=0)

    assert span.score == pytest.approx(0.8, abs=1e-3)


def test_a_name_ends_with_its_line_but_an_address_goes_on() -> None:
    name = spans_of(
        tokens(["jane", "doe"], 1), chances([{PERSON: 1}, {PERSON_ON: 0.9, OUTSIDE: 0.1}]), readiness=0
    )
    street, on = begins("STREET_ADDRESS"), goes_on("STREET_ADDRESS")
    address = spans_of(tokens(["elm", "leeds"], 1), chances([{street: 1}, {on: 1}]), readiness=0)

    assert [(span.start, span.end) for span in name] == [(1, 5)]
    assert [(span.start, span.end) for span in address] == [(1, 10)]


def test_no_tokens_have_no_spans() -> None:
    assert spans_of(tokens([]), chances([]).reshape(0, len(TOKEN_LABELS)), readiness=0) == ()
