"""The texts with personal data: what is marked, what is not, and what is kept apart."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from guardrails.encoder.labels import PII_ENTITIES
from guardrails.training.examples import Example, Span
from guardrails.training.pii import challenge, corpora, examples, mixture, numbers, real_addresses, templates
from guardrails.training.pii.draft import Part, finish, one_address, one_value, trimmed
from guardrails.training.pii.scene import COUNTRIES_OF_LANGUAGE, Scene, World, held_back
from guardrails.training.pii.slots import SLOTS
from tests.guardrails.training.published_personal import published_personal

LANGUAGES = tuple(COUNTRIES_OF_LANGUAGE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_personal(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def learned(data: Path) -> list[Example]:
    return list(examples(data, seed=1, count=6_000, split="train"))


@pytest.fixture
def scene(data: Path) -> Scene:
    return Scene.open(Random(1), mixture.world_of(data, "train"), "en")


def test_the_same_seed_gives_the_same_texts(data: Path) -> None:
    first = list(examples(data, seed=3, count=300, split="train"))

    assert first == list(examples(data, seed=3, count=300, split="train"))
    assert first != list(examples(data, seed=4, count=300, split="train"))


def test_every_entity_is_there_often_enough(learned: list[Example]) -> None:
    found = Counter(span.entity for example in learned for span in example.spans or ())

    assert set(found) == set(PII_ENTITIES)
    assert min(found.values()) > 60


def test_spans_lie_in_the_text_in_order_and_without_blanks_around_them(learned: list[Example]) -> None:
    for example in learned:
        assert example.spans is not None
        ends = [0]
        for span in example.spans:
            value = example.text[span.start : span.end]
            assert ends[-1] <= span.start < span.end <= len(example.text), example
            assert value == value.strip(), example
            ends.append(span.end)


def test_a_quarter_of_the_texts_holds_no_personal_data(learned: list[Example]) -> None:
    without = sum(not example.spans for example in learned) / len(learned)

    assert 0.2 < without < 0.32


def test_texts_are_short_with_a_long_tail(learned: list[Example]) -> None:
    lengths = sorted(len(example.text.split()) for example in learned)

    assert 7 < lengths[len(lengths) // 2] < 30
    assert 60 < lengths[-1] < 250


def test_no_template_is_in_two_splits(data: Path) -> None:
    train, dev, test = (
        {example.group for example in examples(data, seed=1, count=3_000, split=split)}
        for split in ("train", "dev", "test")
    )

    assert not train & dev
    assert not train & test
    assert not dev & test


def test_the_tweets_kept_for_tests_are_in_no_other_split(data: Path) -> None:
    kept = {
        split: {example.source for example in corpora.sentences(data, split)}
        for split in ("train", "dev", "test")
    }

    assert "ner-wnut17-emerging" in kept["test"]
    assert "ner-wnut17-emerging" not in kept["train"] | kept["dev"]


def test_some_names_are_never_trained_on(data: Path) -> None:
    train, test = World.of(data, "train"), World.of(data, "test")

    assert not any(held_back(name) for name in train.people["en_US"].first)
    assert any(held_back(name) for name in test.people["en_US"].first)


def test_marked_tweets_get_their_handles_and_dates_marked_too(data: Path) -> None:
    tweet = corpora.sentences(data, "train")[0]

    assert [(span.entity, tweet.text[span.start : span.end]) for span in tweet.spans or ()] == [
        ("USERNAME", tweet.text.split()[0]),
        ("PERSON", "Grace Hopper"),
        ("LOCATION", "Paris"),
        ("DATE_TIME", "Friday"),
    ]


def test_addresses_taken_apart_are_whole_again_and_name_nobody(data: Path) -> None:
    whole = real_addresses.addresses(data, "train")

    assert "7 labeled Troy" in whole
    assert not any("Bo &" in address for address in whole)


def test_the_parties_of_a_contract_are_nobody(data: Path) -> None:
    words = ["Borrower", "owes", "Silicon", "Bank", "."]

    _, spans = corpora.joined(words, ["I-PER", "O", "I-ORG", "I-ORG", "O"])

    assert [span.entity for span in spans] == ["ORGANIZATION"]


def test_the_challenge_is_marked_and_never_trained_on(learned: list[Example]) -> None:
    texts = challenge.challenge()
    marked = {text.text[span.start : span.end] for text in texts for span in text.spans or ()}

    assert len(texts) > 50
    assert {"Marguerite Thistlewood", "514-22-9087", "GZ-914-K"} <= marked
    assert not {text.text for text in texts} & {example.text for example in learned}
    assert not any("[[" in text.text or "\\n" in text.text for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_enough_templates_of_both_kinds(language: str) -> None:
    assert len(mixture.bodies(language, "train", empty=False)) >= 60
    assert len(mixture.bodies(language, "train", empty=True)) >= 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_can_be_filled(language: str, data: Path) -> None:
    scene = Scene.open(Random(2), mixture.world_of(data, "train"), language)
    for name in templates.file_names():
        for line in templates.lines_of(name) if name.startswith(language) else ():
            text = "".join(part.text for part in templates.fill(scene, line))
            assert "{{" not in text, line


def test_texts_without_personal_data_ask_for_none() -> None:
    for name in templates.file_names():
        for line in templates.lines_of(name) if name.endswith("_none") else ():
            assert not [slot for slot in templates.SLOT.findall(line) if SLOTS[slot][0]], line


def test_slots_name_entities_of_the_encoder() -> None:
    assert {entity for entity, _ in SLOTS.values() if entity} == set(PII_ENTITIES)


def test_spans_are_counted_from_the_parts() -> None:
    text, spans = trimmed(*finish([Part(" I am "), Part("Ada", "PERSON"), Part(" ")]))

    assert (text, spans) == ("I am Ada", (Span("PERSON", 5, 8),))


def test_an_address_from_its_street_to_its_country_is_one_span() -> None:
    parts = [
        Part("1 Elm St", "STREET_ADDRESS"),
        Part(", "),
        Part("Troy", "LOCATION"),
        Part("; "),
        Part("Rome", "LOCATION"),
    ]

    assert one_address(parts) == [
        Part("1 Elm St, Troy", "STREET_ADDRESS"),
        Part("; "),
        Part("Rome", "LOCATION"),
    ]


def test_a_town_and_its_country_are_two_places(scene: Scene) -> None:
    places = [part for part in templates.fill(scene, "in {{city_region}}") if part.entity]

    assert [part.entity for part in places] == ["LOCATION", "LOCATION"]


def test_a_first_and_a_last_name_are_one_span() -> None:
    parts = [Part("Ada", "PERSON"), Part(" "), Part("Lovelace", "PERSON"), Part(", "), Part("Bo", "PERSON")]

    assert one_value(parts) == [Part("Ada Lovelace", "PERSON"), Part(", "), Part("Bo", "PERSON")]


def test_most_numbers_pass_their_checks(scene: Scene) -> None:
    digits = ["".join(filter(str.isdigit, numbers.card(scene))) for _ in range(300)]
    right = [numbers.luhn_digit(number[:-1]) == number[-1] for number in digits if len(number) > 11]
    accounts = ["".join(numbers.iban(scene).split()) for _ in range(300)]
    valid = [
        int("".join(str(int(each, 36)) for each in account[4:] + account[:4])) % 97 == 1
        for account in accounts
    ]

    assert 0.85 < sum(right) / len(right) < 1
    assert 0.8 < sum(valid) / len(valid) < 1


def test_a_slot_that_nobody_fills_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SLOTS", {})

    with pytest.raises(templates.TemplateError, match=r"de_none\.txt asks for 'order'.*known slots"):
        templates.lines_of.__wrapped__("de_none")
