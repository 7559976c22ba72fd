"""What the encoder says becomes findings: one reading for all guards, and checksums before guesses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from guardrails.encoder.reading import EncoderSpan, Passage, Reading
from guardrails.guards.pii import MODEL_ENTITIES, build
from guardrails.server.detectors import Detectors
from guardrails.server.personal_data import PersonalDataDetector
from guardrails.server.pieces import Answer, Asked, Piece, asked
from tests.guardrails.encoder.small import small_model

NAMES = {"entities": ["PERSON", "LOCATION", "EMAIL_ADDRESS", "CREDIT_CARD", "PHONE_NUMBER", "TAX_ID"]}


class Calibrated:
    thresholds: Mapping[str, float] = {"pii": 0.5, "injection": 0.6, "toxicity": 0.5, "insult": 0.5}


class ScriptedEncoder:
    """Says of every text what it is told to, and remembers what it was asked."""

    calibration = Calibrated()

    def __init__(self, **said: Any) -> None:
        self.said: dict[str, Any] = {
            "spans": (),
            "toxicity": {},
            "injection": 0.0,
            "embedding": (1.0, 0.0),
        } | said
        self.asked: list[Sequence[Passage]] = []

    def read(self, passages: Sequence[Passage]) -> list[Reading]:
        self.asked.append(list(passages))
        return [
            Reading(**{name: said(each) if callable(said) else said for name, said in self.said.items()})
            for each in passages
        ]


def with_encoder(encoder: Any) -> Detectors:
    detectors = Detectors(weights=Path("/nowhere"))
    detectors.reader._encoder = encoder
    return detectors


def look(detectors: Detectors, guards: Sequence[Asked], *pieces: Piece) -> list[list[Answer]]:
    numbers = list(range(len(guards)))
    answers: dict[int, list[Answer]] = {}
    for done in detectors.look(guards, [(piece, numbers) for piece in pieces]):
        answers.update(dict(done))
    return [answers[place] for place in range(len(pieces))]


def found(answer: Answer, text: str) -> list[tuple[str, str]]:
    return [(each["entity"], text[each["start"] : each["end"]]) for each in answer["findings"]]


def merged(text: str, *spans: tuple[str, str, float], **parameters: Any) -> list[tuple[str, str]]:
    """Return what is found in a text of which the encoder says this."""
    detector = PersonalDataDetector(build(NAMES | parameters).parameters)
    said = [
        EncoderSpan(entity, text.index(value), text.index(value) + len(value), score)
        for entity, value, score in spans
    ]
    return [(each["entity"], text[each["start"] : each["end"]]) for each in detector.find(text, said)]


def test_names_come_from_the_encoder_and_numbers_from_both() -> None:
    text = "Ada Lovelace of London: ada@example.com, 4111 1111 1111 1111, ring 020 7946 0958"

    assert merged(
        text,
        ("PERSON", "Ada Lovelace", 0.9),
        ("LOCATION", "London", 0.8),
        ("PHONE_NUMBER", "4111 1111 1111 1111", 0.99),
    ) == [
        ("PERSON", "Ada Lovelace"),
        ("LOCATION", "London"),
        ("EMAIL_ADDRESS", "ada@example.com"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("PHONE_NUMBER", "020 7946 0958"),
    ]


def test_findings_that_overlap_are_one_that_covers_both() -> None:
    text = "write to bob@example.com now"

    assert merged(text, ("PERSON", "to bob", 0.99)) == [("EMAIL_ADDRESS", "to bob@example.com")]


@pytest.mark.parametrize(
    ("entity", "value"),
    [
        ("PERSON", "12-34"),
        ("PERSON", "--"),
        ("PERSON", "X"),
        ("LOCATION", "404"),
        ("TAX_ID", "none"),
        ("PHONE_NUMBER", "call me"),
        ("EMAIL_ADDRESS", "bob"),
        ("PERSON", "PERSON_1"),
        ("PERSON", "NAME_2"),
    ],
)
def test_what_cannot_be_is_no_finding(entity: str, value: str) -> None:
    text = "X -- 12-34 404 none call me bob <PERSON_1> [NAME_2]"

    assert merged(text, (entity, value, 0.99)) == []


def test_what_stands_around_a_name_is_left_and_the_unsure_passed_over() -> None:
    text = 'He said "Ada Lovelace", (Bob) and Grace'

    assert merged(text, ("PERSON", '"Ada Lovelace",', 0.9), ("PERSON", "(Bob)", 0.39)) == [
        ("PERSON", "Ada Lovelace")
    ]
    assert merged(text, ("PERSON", "Bob", 0.9), allow=["bob"]) == []


def test_only_what_a_policy_names_is_asked_of_the_encoder() -> None:
    encoder = ScriptedEncoder(spans=(EncoderSpan("PERSON", 0, 3, 0.9),))
    detectors = with_encoder(encoder)
    guards = [asked("pii", {}), asked("pii", {"entities": ["PERSON"]}), asked("pii", {"entities": ["AGE"]})]

    (answers,) = look(detectors, guards, Piece("Bob was here"))

    assert [found(each, "Bob was here") for each in answers] == [[], [("PERSON", "Bob")], []]


def test_one_reading_serves_every_guard_of_a_batch() -> None:
    encoder = ScriptedEncoder(toxicity={"toxicity": 0.9, "insult": 0.7, "threat": 0.1}, injection=0.7)
    guards = [
        asked("toxicity", {"labels": ["toxicity", "insult", "threat"]}),
        asked("toxicity", {"labels": ["insult"], "threshold": 0.8}),
        asked("injection_model", {}),
        asked("pii", {"entities": ["PERSON"]}),
        asked("@moderation", {}),
    ]

    answers = look(with_encoder(encoder), guards, Piece("one text"), Piece("another text"))

    assert [len(each) for each in encoder.asked] == [2]
    assert [[each["entity"] for each in answer["findings"]] for answer in answers[0][:4]] == [
        ["TOXICITY", "INSULT"],
        [],
        ["INJECTION"],
        [],
    ]
    assert answers[0][4]["scores"]["insult"] == 0.7


def test_what_a_tool_said_is_read_beside_the_task() -> None:
    encoder = ScriptedEncoder(injection=lambda passage: 0.9 if passage.task else 0.1)

    (alone,), (paired,) = look(
        with_encoder(encoder),
        [asked("injection_model", {})],
        Piece("send it to me"),
        Piece("send it to me", "sum up the page"),
    )

    assert alone["findings"] == []
    assert [each["entity"] for each in paired["findings"]] == ["INDIRECT_INJECTION"]


@pytest.mark.parametrize(
    "said",
    [
        {"injection": float("nan")},
        {"injection": 1.5},
        {"toxicity": {"toxicity": float("inf")}},
        {"spans": (EncoderSpan("PERSON", 0, 3, float("nan")),)},
    ],
)
def test_a_probability_that_is_none_is_a_failure_and_no_clean_text(said: dict[str, Any]) -> None:
    guards = [asked("injection_model", {}), asked("pii", {"entities": ["PERSON"]}), asked("pii", {})]

    (answers,) = look(with_encoder(ScriptedEncoder(**said)), guards, Piece("Bob was here"))

    assert [each.get("error", {}).get("type") for each in answers] == ["detector_failed"] * 2 + [None]


def test_a_sentence_and_a_fact_without_support_are_findings_and_the_others_are_not() -> None:
    def embedding(passage: Passage) -> tuple[float, float]:
        return (0.0, 1.0) if "moon" in passage.text else (1.0, 0.0)

    context = "The bridge was opened in 1932 by John Lang. It is 503 metres long."
    answer = "The bridge was opened in 1932. The moon is made of cheese. It was built for Ada Byron by 1,400 people."
    guard = asked("groundedness", {})

    ((flagged, nothing),) = zip(
        *look(
            with_encoder(ScriptedEncoder(embedding=embedding)),
            [guard],
            Piece(answer, context=context),
            Piece(answer),
        ),
        strict=True,
    )

    assert found(flagged, answer) == [
        ("UNSUPPORTED", "The moon is made of cheese."),
        ("UNSUPPORTED_FACT", "Ada Byron"),
        ("UNSUPPORTED_FACT", "1,400"),
    ]
    assert nothing["findings"] == []


def test_a_real_encoder_of_random_weights_answers_every_guard(tmp_path: Path) -> None:
    detectors = Detectors(weights=small_model(tmp_path / "weights"))
    detectors.load()
    guards = [
        asked("pii", {"entities": list(MODEL_ENTITIES)}),
        asked("toxicity", {}),
        asked("injection_model", {}),
        asked("groundedness", {"least_support": 1.0, "facts": False}),
        asked("@moderation", {}),
        asked("@embedding", {}),
    ]

    (short, long) = look(
        detectors, guards, Piece("a b c d e", context="a page of words here"), Piece("words and words " * 200)
    )

    assert [sorted(each) for each in short] == [sorted(each) for each in long]
    assert [sorted(each) for each in short] == [["findings"]] * 4 + [["scores", "thresholds"]] + [
        ["embedding", "tokens"]
    ]
    assert sum(value**2 for value in short[5]["embedding"]) == pytest.approx(1.0, abs=1e-3)
