"""The texts of another hand, which judge and are never learned from."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.training import injection, toxicity
from guardrails.training.held_out import HeldOut, held_out
from guardrails.training.rows import fingerprint
from guardrails.training.toxicity.votes import LABELS
from tests.guardrails.training.published import published
from tests.guardrails.training.published_personal import published_personal

OTHER_LANGUAGES = {
    f"challenge:{language}"
    for language in (
        "german",
        "dutch",
        "french",
        "spanish",
        "italian",
        "portuguese",
        "polish",
        "swedish",
    )
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_personal(published(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def texts(data: Path) -> Iterator[HeldOut]:
    with pytest.MonkeyPatch.context() as patch:
        for size in ("_PII", "_WRITTEN"):
            patch.setattr(f"guardrails.training.held_out.{size}", 40)
        yield held_out(data)


def test_half_of_the_texts_of_each_language_are_toxic() -> None:
    counts = Counter((each.source, (each.toxicity or {})["toxicity"]) for each in toxicity.challenge())

    assert counts == {
        ("toxicity-challenge-en", 1.0): 150,
        ("toxicity-challenge-en", 0.0): 150,
        ("toxicity-challenge-nl", 1.0): 40,
        ("toxicity-challenge-nl", 0.0): 40,
        ("toxicity-challenge-de", 1.0): 30,
        ("toxicity-challenge-de", 0.0): 30,
    }


def test_half_of_the_harmless_texts_look_otherwise() -> None:
    groups = Counter(each.group for each in toxicity.challenge())

    assert groups["challenge:hard"] >= groups["challenge:harmless"]


def test_every_kind_is_there_in_every_language_and_nothing_is_said_of_others() -> None:
    texts = list(toxicity.challenge())
    kinds = {
        (each.source, label) for each in texts for label, value in (each.toxicity or {}).items() if value
    }

    assert all(set(each.toxicity or {}) == set(LABELS) for each in texts)
    assert len(kinds) == 3 * len(LABELS)


def test_no_text_stands_twice() -> None:
    texts = [*toxicity.challenge(), *injection.challenge()]

    assert len({fingerprint(each) for each in texts}) == len(texts)


def test_no_toxic_or_harmless_text_of_the_challenge_is_learned(data: Path) -> None:
    learned = toxicity.examples(data, seed=1, count=3_000, split="train")

    assert not {fingerprint(each) for each in learned} & {fingerprint(each) for each in toxicity.challenge()}


def test_line_breaks_are_read() -> None:
    texts = [each.text for each in toxicity.challenge()]

    assert any("\n" in text for text in texts)
    assert not any("\\n" in text for text in texts)


def test_a_fifth_of_the_third_round_is_in_other_languages() -> None:
    third = [each for each in injection.challenge() if each.source == "challenge-third"]
    foreign = Counter(each.injection for each in third if each.group in OTHER_LANGUAGES)

    assert foreign[1.0] >= 20
    assert foreign[0.0] >= 20


def test_they_are_kept_apart_and_nothing_is_calibrated_on_them(texts: HeldOut) -> None:
    blind = {"challenge-blind", "challenge-third", "toxicity-challenge-en"}
    judged = {each.source for each in texts.judged()}
    calibrated_on = {each.source for each in texts.all()} - judged

    assert blind <= judged
    assert not blind & calibrated_on
    assert "challenge" in calibrated_on
    assert {each.source for each in texts.injection_hard} == {"challenge"}
