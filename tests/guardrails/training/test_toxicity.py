"""The examples that the toxicity head learns from."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from guardrails.training import toxicity
from guardrails.training.examples import Example
from guardrails.training.injection.grammar import read_templates
from guardrails.training.rows import fingerprint
from guardrails.training.toxicity import mixture
from guardrails.training.toxicity.dutch import attributive, dutch_lists, participle, stem
from guardrails.training.toxicity.mixture import _TEMPLATES, starred
from guardrails.training.toxicity.pairs import read_pairs
from guardrails.training.toxicity.votes import LABELS, judged_comments, labels_of, madlibs
from tests.guardrails.training.published import published


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def learned(data: Path) -> list[Example]:
    return list(toxicity.examples(data, seed=1, count=1_500, split="train"))


def test_the_same_seed_gives_the_same_examples(data: Path) -> None:
    first = list(toxicity.examples(data, seed=7, count=200, split="train"))

    assert list(toxicity.examples(data, seed=7, count=200, split="train")) == first
    assert list(toxicity.examples(data, seed=8, count=200, split="train")) != first


def test_toxic_and_harmless_texts_are_balanced(learned: list[Example]) -> None:
    share = sum((each.toxicity or {})["toxicity"] for each in learned) / len(learned)

    assert 0.3 < share < 0.6


def test_only_this_head_is_labelled_and_only_with_what_it_learns(learned: list[Example]) -> None:
    labels = {label for each in learned for label in each.toxicity or {}}

    assert {(each.spans, each.injection) for each in learned} == {(None, None)}
    assert labels == set(LABELS)
    assert all(0.0 <= share <= 1.0 for each in learned for share in (each.toxicity or {}).values())


def test_whatever_has_a_kind_is_at_least_as_toxic(learned: list[Example]) -> None:
    rows = [each.toxicity or {} for each in learned]

    assert all(row["toxicity"] >= share for row in rows for share in row.values())


def test_no_template_and_no_comment_is_in_two_splits(data: Path, learned: list[Example]) -> None:
    test = {each.group for each in toxicity.examples(data, seed=1, count=400, split="test")}
    dev = {each.group for each in toxicity.examples(data, seed=1, count=300, split="dev")}
    groups = {each.group for each in learned}

    assert not (groups | dev) & test - _shared(test)
    assert not groups & dev - _shared(dev)


def _shared(groups: set[str]) -> set[str]:
    """Places where something stands carry no label."""
    return {group for group in groups if group.startswith("carriers")}


def test_no_text_of_a_source_that_is_held_out_is_learned(data: Path, learned: list[Example]) -> None:
    held_out = list(toxicity.held_out(data))
    seen = {fingerprint(each) for each in learned}

    assert {each.source for each in held_out} == toxicity.HELD_OUT_SOURCES
    assert not toxicity.HELD_OUT_SOURCES & {each.source for each in learned}
    assert not seen & {fingerprint(each) for each in held_out}


def test_a_comment_is_as_toxic_as_its_judges_say_and_who_marked_nothing_counts_for_half(data: Path) -> None:
    labels = {each.text: each.labels for each in judged_comments(data)}

    assert labels["You are a fool. The harbour is open on Monday 4."] == {
        "toxicity": pytest.approx(0.8),
        "obscene": 0.0,
        "identity_attack": 0.0,
        "insult": pytest.approx(0.8),
        "threat": pytest.approx(0.4),
    }


def test_the_sentences_that_nobody_marked_are_harmless(data: Path) -> None:
    labels = {each.text: each.labels for each in judged_comments(data)}

    assert labels["The harbour is open on Monday 4."] == dict.fromkeys(LABELS, 0.0)


def test_a_comment_in_which_one_judge_alone_marked_something_is_left_out(data: Path) -> None:
    assert not any("Monday 5." in each.comment for each in judged_comments(data))


def test_an_insult_of_a_person_says_nothing_of_a_whole_group(data: Path) -> None:
    labels = {text: labels for _, text, labels in madlibs(data, "en")}

    assert labels["Person1 is awful (en)"] == {
        "toxicity": 1.0,
        "obscene": 0.0,
        "insult": 1.0,
        "threat": 0.0,
    }
    assert labels["Person1 is lovely (en)"] == dict.fromkeys(LABELS, 0.0)


def test_a_threat_is_toxic() -> None:
    assert labels_of({"threat": 1.0})["toxicity"] == 1.0


def test_stars_hide_what_is_rude_and_leave_the_rest() -> None:
    text = starred("what an idiot indeed", Random(1))

    assert text.startswith("what an i")
    assert text.endswith("t indeed")
    assert "idiot" not in text


def test_naming_a_group_in_any_tongue_is_as_often_harmless_as_hostile(learned: list[Example]) -> None:
    files = Counter((each.group.split(":")[0], (each.toxicity or {})["toxicity"]) for each in learned)

    for subject in ("tongues", "en", "nl"):
        assert 0.6 < files[f"pairs_{subject}", 1.0] / files[f"pairs_{subject}", 0.0] < 1.7


def test_a_hostile_line_and_what_is_like_it_are_one_group(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(
        "insult,threat| I will get you || I will call you || I like you\n| a quotation\nobscene| damn\n"
    )

    both, harmless, hostile = read_pairs(path)

    assert both.hostile
    assert both.kinds == ["insult", "threat"]
    assert [like.text for like in both.likes] == ["I will call you", "I like you"]
    assert {both.hostile.group, *(like.group for like in both.likes)} == {both.group}
    assert (harmless.hostile, [like.text for like in harmless.likes]) == (None, ["a quotation"])
    assert hostile.hostile
    assert (hostile.hostile.text, hostile.likes) == ("damn", [])


@pytest.mark.parametrize("name", ["pairs_nl", "pairs_en", "pairs_tongues"])
def test_most_hostile_lines_have_a_like(name: str) -> None:
    pairs = [each for each in read_pairs(_TEMPLATES / f"{name}.txt") if each.hostile]

    assert sum(bool(each.likes) for each in pairs) > 0.5 * len(pairs)


@pytest.mark.parametrize(
    ("adjective", "form"),
    [
        ("dom", "domme"),
        ("waardeloos", "waardeloze"),
        ("lief", "lieve"),
        ("gemeen", "gemene"),
        ("Turks", "Turkse"),
        ("tevreden", "tevreden"),
        ("aardig", "aardige"),
        ("lui", "luie"),
    ],
)
def test_a_dutch_adjective_is_written_as_before_a_noun(adjective: str, form: str) -> None:
    assert attributive(adjective) == form


@pytest.mark.parametrize(
    ("verb", "first", "done"),
    [
        ("haten", "haat", "gehaat"),
        ("knuffelen", "knuffel", "geknuffeld"),
        ("respecteren", "respecteer", "gerespecteerd"),
        ("vermoorden", "vermoord", "vermoord"),
        ("bespotten", "bespot", "bespot"),
        ("elimineren", "elimineer", "geëlimineerd"),
        ("verjagen", "verjaag", "verjaagd"),
    ],
)
def test_a_dutch_verb_has_its_forms(verb: str, first: str, done: str) -> None:
    assert (stem(verb), participle(verb)) == (first, done)


def test_irregular_dutch_forms_stand_in_the_list_of_words(tmp_path: Path) -> None:
    path = tmp_path / "lists.txt"
    names = ("goed", "groep", "beroep", "naam", "ding", "haten", "lief")
    empty = "".join(f"= {name}\nslecht\n" for name in names)
    path.write_text(
        f"{empty}= mensen\nTurk/Turken\n= schelden\nrat/ratten\n= slecht\nrot/rotte\n= doden\nneer+slaan/sla neer/neergeslagen\n"
    )

    lists = dutch_lists(path)

    assert (lists["nl_slechte"], lists["nl_mv"]) == (["rotte"], ["Turken"])
    assert lists["nl_doden_vorm"] == ["neerslaan", "sla neer", "slaat neer"]
    assert lists["nl_doden_gedaan"] == ["neergeslagen"]


def test_every_template_can_be_filled_and_leaves_no_hole() -> None:
    random = Random(1)
    folder = Path(mixture.__file__).with_name("templates")
    files = [path for path in folder.glob("*.txt") if not path.name.startswith("lists")]
    filled = [
        mixture._GRAMMAR.fill(each.text, random)
        for path in files
        for each in read_templates(path)
        for _ in range(3)
    ]

    assert len(filled) > 2_500
    assert all("«" not in text and "»" not in text and text for text in filled)
