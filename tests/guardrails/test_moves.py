"""Where a place of a text is after stretches of it were replaced, and back."""

import pytest

from guardrails.json_text import Replacement, replaced
from guardrails.moves import moves_of

TEXT = "mail bob@corp.com or ann@corp.com now"
REPLACEMENTS = [Replacement(5, 17, "<A>"), Replacement(21, 33, "<ANOTHER_LONG_ONE>")]
MOVES = moves_of(REPLACEMENTS)
AFTER = replaced(TEXT, REPLACEMENTS)


@pytest.mark.parametrize("words", ["mail", " or ", "now", "mail bob@corp.com or ann@corp.com now"])
def test_words_between_are_found_again(words: str) -> None:
    start = TEXT.index(words)

    found = AFTER[MOVES.start(start) : MOVES.end(start + len(words))]

    assert found == words.replace("bob@corp.com", "<A>").replace("ann@corp.com", "<ANOTHER_LONG_ONE>")


@pytest.mark.parametrize(("cut", "whole"), [("bob", "<A>"), ("corp.com or ann", "<A> or <ANOTHER_LONG_ONE>")])
def test_what_cuts_through_a_replacement_takes_all_of_it(cut: str, whole: str) -> None:
    start = TEXT.index(cut)

    assert AFTER[MOVES.start(start) : MOVES.end(start + len(cut))] == whole


@pytest.mark.parametrize("words", ["mail", " or ", "now"])
def test_the_way_back_leads_back(words: str) -> None:
    start = AFTER.index(words)

    assert TEXT[MOVES.back().start(start) : MOVES.back().end(start + len(words))] == words
