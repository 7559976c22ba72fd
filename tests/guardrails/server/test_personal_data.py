"""Personal data is found in ordinary sentences, and ordinary sentences are left alone."""

import logging
from typing import Any

import pytest

from guardrails.guards.pii import DEFAULT_ENTITIES, OTHER_ENTITIES, build
from guardrails.server.personal_data import PersonalDataDetector, UncheckedError

FOUND = [
    ("Write to bob.smith@example.com today", "EMAIL_ADDRESS", "bob.smith@example.com"),
    ("bob@corp.internal wrote", "EMAIL_ADDRESS", "bob@corp.internal"),
    ("Call me at 212-555-0123", "PHONE_NUMBER", "212-555-0123"),
    ("Bob, (415) 555-0132, Chicago", "PHONE_NUMBER", "(415) 555-0132"),
    ("phone 4155550132", "PHONE_NUMBER", "4155550132"),
    ("+44 20 7946 0958", "PHONE_NUMBER", "+44 20 7946 0958"),
    ("ring 020 7946 0958 now", "PHONE_NUMBER", "020 7946 0958"),
    ("my number is 06 12 34 56 78", "PHONE_NUMBER", "06 12 34 56 78"),
    ("card 4111 1111 1111 1111", "CREDIT_CARD", "4111 1111 1111 1111"),
    ("to DE89 3704 0044 0532 0130 00 please", "IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
    ("My SSN is 078-05-1126.", "US_SSN", "078-05-1126"),
    ("ssn 078051126", "US_SSN", "078051126"),
    ("ITIN 912-70-1234", "US_ITIN", "912-70-1234"),
    ("passport number 912803456", "US_PASSPORT", "912803456"),
    ("my bank account number is 945456787654", "US_BANK_NUMBER", "945456787654"),
    ("driver's license H12234567", "US_DRIVER_LICENSE", "H12234567"),
    ("the server 203.0.113.77 is down", "IP_ADDRESS", "203.0.113.77"),
    ("at 2001:db8::ff00:42:8329 there", "IP_ADDRESS", "2001:db8::ff00:42:8329"),
    ("pay 1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "CRYPTO", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    ("NI number AB 12 34 56 C", "UK_NINO", "AB 12 34 56 C"),
    ("her NHS number 943 476 5919", "UK_NHS", "943 476 5919"),
]
ORDINARY = [
    "Python 3.11.7 was released on 2023-12-04, numpy 1.26.4 and torch==2.13.0.",
    "The price is $1,299.99 (was 1499.00), 25% off until 12/31/2024.",
    "for i in range(1000000): x[i] = 0xDEADBEEF + 12345678",
    "Order 20241015-8837 shipped; tracking 1Z999AA10123456784",
    "ISBN 978-3-16-148410-0 and RFC 2616, section 14.9",
    "error 404 at 2024-01-15T10:30:00Z in thread 140735123456789",
    "def f(a: int = 42) -> float: return 3.141592653589793",
    "Give us 123456789 reasons to check 12345678 items",
    "uuid 550e8400-e29b-41d4-a716-446655440000 commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "Chapter 12, pages 101-145, verses 3:16",
    "lat 40.712776, lon -74.005974",
    "timestamp 1700000000 and 1712345678901",
    "room 101 from 10:00 to 12:30, 2019 2020 2021 2022",
    "version 1.2.3.4 of the app, localhost 127.0.0.1:8080",
    "pip install react@18.2.0 lodash@4.17.21; @app.route('/x')",
    "The public policy application id A1234 click 2",
    "SELECT * FROM t WHERE id IN (1001, 1002, 1003)",
    "Fibonacci: 1 1 2 3 5 8 13 21 34 55 89 144 233 377",
    "a matrix [[1, 0, 0], [0, 1, 0], [0, 0, 1]]",
    "Call me tomorrow at 10:30 about the 2024 budget of 1,500,000 USD",
    "C++: std::vector<int> a(10); foo::bar<3> x;",
    "GDP rose 2.5% to 27,360,935 million in 2023",
    "revenue 2021: 1000 200 3000; 2022: 1200 300 4000",
    "In 1984 the population was 4 763 000 000",
    "12.05.2023 14:30 Uhr",
    "gpt-4.1-mini-2025-04-14, claude-3-5-sonnet-20241022",
    "I need 10 20 30 40 50 copies",
    "phone cases: 1000 units at 12.50 each",
    "flight LH 1234 on 03.10.2024 seat 12A",
    "save file 20240115123000.log",
    "H2O2 C6H12O6 NaCl 2024",
    "The EKS cluster has 3 m5.large nodes and an S3 bucket in us-east-1.",
]


def detected(text: str, **parameters: Any) -> list[tuple[str, str]]:
    detector = PersonalDataDetector(build(parameters).parameters)
    return [(each["entity"], text[each["start"] : each["end"]]) for each in detector.find(text)]


@pytest.mark.parametrize(("text", "entity", "value"), FOUND)
def test_personal_data_is_found(text: str, entity: str, value: str) -> None:
    assert detected(text) == [(entity, value)]


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_sentence_is_left_alone(text: str) -> None:
    assert detected(text) == []


@pytest.mark.parametrize(("text", "_entity", "_value"), FOUND)
def test_the_quick_look_before_asking_overlooks_nothing(text: str, _entity: str, _value: str) -> None:
    assert build({}).may_find(text)


def test_one_number_is_not_five_types() -> None:
    assert detected("My SSN, passport or account: 078051126") == [("US_SSN", "078051126")]


def test_numbers_side_by_side_are_told_apart() -> None:
    text = "+44 20 7946 0958 4111 1111 1111 1111 (415) 555-0132"

    assert detected(text) == [
        ("PHONE_NUMBER", "+44 20 7946 0958"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("PHONE_NUMBER", "(415) 555-0132"),
    ]


def test_an_allowed_value_is_never_a_finding_and_a_denied_one_always() -> None:
    text = "support@example.com, bob@example.com and Project Kestrel"

    found = detected(text, allow=["Support@Example.com"], deny=["project kestrel"])

    assert found == [("EMAIL_ADDRESS", "bob@example.com"), ("DENIED", "Project Kestrel")]


def test_only_what_a_policy_names_is_looked_for() -> None:
    text = "bob@example.com, 212-555-0123, https://example.com/x and born 1984-01-12"

    assert detected(text, entities=["URL", "DATE_TIME"]) == [
        ("URL", "example.com"),
        ("URL", "https://example.com/x"),
        ("DATE_TIME", "1984-01-12"),
    ]


def test_a_policy_says_how_sure_is_sure_enough_and_which_words_help() -> None:
    text = "badge 4155550132"

    assert detected(text) == []
    assert detected(text, score_threshold=0.1, entities=["PHONE_NUMBER"]) == [("PHONE_NUMBER", "4155550132")]
    assert detected("bearer 912803456") == []
    assert detected("bearer 912803456", context=["passport"]) == [("US_PASSPORT", "912803456")]


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("de", "Meine Telefonnummer ist 030 901820", "030 901820"),
        ("fr", "appelez le 0142685300", "0142685300"),
        ("es", "mi móvil es 612345678", "612345678"),
        ("it", "il mio cellulare è 3123456789", "3123456789"),
        ("nl", "bel mij op 0612345678", "0612345678"),
        ("pt", "meu telefone é 912345678", "912345678"),
    ],
)
def test_other_languages_have_their_own_words_for_a_telephone(language: str, text: str, number: str) -> None:
    assert detected(text, language=language) == [("PHONE_NUMBER", number)]


@pytest.mark.parametrize("entity", [*DEFAULT_ENTITIES, *OTHER_ENTITIES])
def test_every_entity_a_policy_may_name_has_a_recognizer(entity: str) -> None:
    detector = PersonalDataDetector(build({"entities": [entity]}).parameters)

    assert entity in detector._engine.get_supported_entities("en")


def test_a_pattern_that_runs_out_of_time_is_a_failure_and_no_clean_text() -> None:
    detector = PersonalDataDetector(build({}).parameters)
    analyze = detector._engine.analyze

    class GivesUp:
        def analyze(self, text: str, **options: Any) -> Any:
            logging.getLogger("presidio-analyzer").warning("Regex pattern '%s' timed out", "x")
            return analyze(text, **options)

    detector._engine = GivesUp()  # type: ignore[assignment]

    with pytest.raises(UncheckedError, match="ran out of time"):
        detector.find("bob@example.com")
