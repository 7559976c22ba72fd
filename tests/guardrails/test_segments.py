"""Text is cut where no number is, always at the same places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.segments import CLAUSES, SENTENCES, Cutter, Segment, Windows

SENTENCE = "This is one sentence of quite some length, and this is more of it. "


def pieces(text: str, chunks: list[int], windows: Windows = CLAUSES) -> list[Segment]:
    """Cut a text that arrives in chunks that end at these places, and of which only what is needed is kept."""
    cutter = Cutter(windows)
    segments: list[Segment] = []
    for end in sorted(chunks):
        base = max(0, cutter.context - 1)
        segments += cutter.cut(text[base:end], base, is_final=False)
    base = max(0, cutter.context - 1)
    return [*segments, *cutter.cut(text[base:], base, is_final=True)]


@given(
    st.lists(
        st.sampled_from([SENTENCE, "12 34 56 ", "word ", "\n", "x" * 300, "日本語。", "+1 "]), max_size=30
    ),
    st.lists(st.floats(0, 1), max_size=30),
    st.sampled_from([CLAUSES, SENTENCES]),
)
def test_chunks_change_no_cut(parts: list[str], places: list[float], windows: Windows) -> None:
    text = "".join(parts)

    segments = pieces(text, [int(place * len(text)) for place in places], windows)

    assert segments == pieces(text, [], windows)
    assert "".join(text[each.start : each.end] for each in segments) == text
    assert all(each.end - each.start <= windows.most for each in segments)


@pytest.mark.parametrize(
    "number", ["4111 1111 1111 1111", "+44 20 7946 0958", "(415) 555-0132", "AB 12 34 56 C", "555. 123. 4567"]
)
def test_a_number_written_in_groups_is_not_cut(number: str) -> None:
    for before in range(40, 60):
        text = "x" * before + f": {number}, " + SENTENCE * 2

        cuts = {each.end for each in pieces(text, [])}

        assert cuts.isdisjoint(range(before + 3, before + 2 + len(number)))


def test_text_without_a_place_to_cut_is_cut_hard_and_its_end_held_back() -> None:
    segments = pieces("y" * 1_010, [])

    assert [(each.end, each.held_back) for each in segments] == [(1_000, 128), (1_010, 0)]


def test_a_long_sentence_is_cut_between_words() -> None:
    first = pieces("word " * 200, [])[0]

    assert 240 <= first.end <= 245


def test_a_detector_reads_about_fifty_tokens_before_each_piece() -> None:
    later = pieces(SENTENCE * 20, [])[8:]

    assert all(200 - 10 < each.start - each.context <= 200 for each in later)


def test_what_judges_sentences_is_shown_whole_ones() -> None:
    text = "One, two, three; and so on: this goes on for a while. " * 30

    cuts = [each.end for each in pieces(text, [], SENTENCES)]

    assert {text[end - 2 : end] for end in cuts} <= {". ", "e "}
    assert all(second - first >= 240 for first, second in zip(cuts, cuts[1:-1], strict=False))
