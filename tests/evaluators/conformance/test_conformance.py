import pytest
from nltk.stem.porter import PorterStemmer

from evaluators import registry
from evaluators.structured.json_diff import JsonDiff
from evaluators.text.porter import stem
from tests.evaluators.conformance.comparisons import Comparison
from tests.evaluators.conformance.rules import WITHOUT
from tests.evaluators.conformance.table import COMPARISONS, PAGE, SCORES, measured, page


@pytest.mark.parametrize(
    "comparison", COMPARISONS, ids=lambda comparison: f"{comparison.metric}-{comparison.oracle}"
)
async def test_a_metric_agrees_with_its_oracle(comparison: Comparison) -> None:
    count, largest = await measured(comparison)
    assert count >= 7
    assert largest <= comparison.tolerance


async def test_the_page_says_what_the_comparisons_say() -> None:
    assert await page() == PAGE.read_text()


def test_every_evaluator_by_code_has_an_oracle_or_a_reason_for_none() -> None:
    by_code = {kind for kind in registry.KINDS if registry.describe(kind).source == "code"}
    compared = {comparison.metric.split("`")[1] for comparison in SCORES}
    assert by_code - compared == set(WITHOUT)


STEMS = "hop fil fall stat rat fl tr d sk depend oper conform geo theo archaeo agr control y play enjoy siz troubl"
ENDINGS = (
    "s es ies sses ed eed ied ing ying y ational tional enci anci izer bli alli entli eli ousli ization ation ator "
    "alism iveness fulness ousness aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er "
    "ic able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e ll ly"
)
IRREGULAR = "sky skies dying news innings proceed exceed succeed howe a is be tie"


def test_stems_are_those_of_the_oracle() -> None:
    words = [word + ending for word in STEMS.split() for ending in ENDINGS.split()] + IRREGULAR.split()
    theirs = PorterStemmer()
    assert [word for word in words if stem(word) != theirs.stem(word)] == []


def test_lists_in_any_order_are_paired_as_well_as_possible() -> None:
    answer = ["workspaces", "section", "view", "others", "workspace", "team", "pinning"]
    expected = ["starred", "multiple different workspaces", "shortcuts"]
    assert JsonDiff(lists="any_order").compared(answer, expected) == pytest.approx(0.1218, abs=1e-4)
