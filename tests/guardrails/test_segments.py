"""Text is cut where no number is, always at the same places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.segments import HELD_BACK, LONG, MOST, Cutter, Segment

SENTENCE = "This is one sentence of quite some length, and this is more of it. "


def pieces(text: str, chunks: list[int]) -> list[Segment]:
    """Cut a text that arrives in chunks that end at these places."""
    cutter = Cutter()
    segments: list[Segment] = []
    for end in sorted(chunks):
        segments += cutter.cut(text[:end], 0, is_final=False)
    return [*segments, *cutter.cut(text, 0, is_final=True)]


@given(
    st.lists(
        st.sampled_from([SENTENCE, "12 34 56 ", "word ", "\n", "x" * 300, "日本語。", "+1 "]), max_size=30
    ),
    st.lists(st.floats(0, 1), max_size=30),
)
def test_chunks_change_no_cut(parts: list[str], places: list[float]) -> None:
    text = "".join(parts)

    segments = pieces(text, [int(place * len(text)) for place in places])

    assert segments == pieces(text, [])
    assert "".join(text[each.start : each.end] for each in segments) == text
    assert all(each.end - each.start <= MOST for each in segments)


@pytest.mark.parametrize(
    "number", ["4111 1111 1111 1111", "+44 20 7946 0958", "(415) 555-0132", "AB 12 34 56 C", "555. 123. 4567"]
)
def test_a_number_written_in_groups_is_not_cut(number: str) -> None:
    for before in range(40, 60):
        text = "x" * before + f": {number}, " + SENTENCE * 2

        cuts = {each.end for each in pieces(text, [])}

        assert cuts.isdisjoint(range(before + 3, before + 2 + len(number)))


def test_text_without_a_place_to_cut_is_cut_hard_and_its_end_held_back() -> None:
    segments = pieces("y" * (MOST + 10), [])

    assert [(each.end, each.held_back) for each in segments] == [(MOST, HELD_BACK), (MOST + 10, 0)]


def test_a_long_sentence_is_cut_between_words() -> None:
    first = pieces("word " * 200, [])[0]

    assert LONG <= first.end <= LONG + 5
