"""The patterns of the house find what they are for and leave alone what only looks like it."""

import pytest

from guardrails.guards.known_patterns import GENERAL_PATTERNS
from guardrails.guards.pattern import build
from guardrails.policy import PolicyError
from tests.guardrails.makers import JWT, PEM, SECRETS

FOUND = [
    ("email", "Write to bob.smith+tag@mail.example.co.uk.", "bob.smith+tag@mail.example.co.uk"),
    ("email", "an jörg.müller@exämple.de bitte", "jörg.müller@exämple.de"),
    ("email", "<a@b.io>,", "a@b.io"),
    ("phone", "ring +44 20 7946 0958 now", "+44 20 7946 0958"),
    ("phone", "at (415) 555-0132.", "(415) 555-0132"),
    ("phone", "or 415.555.0132", "415.555.0132"),
    ("phone", "ring +44 20 7946 0958 2024 now", "+44 20 7946 0958"),
    ("phone", "+4930901820 123456 now", "+4930901820"),
    ("phone", "+86 138 1234 5678 4111 1111 1111 1111", "+86 138 1234 5678"),
    ("phone", "+1 (415) 555-0132 123456", "+1 (415) 555-0132"),
    ("credit_card", "pay 4111-1111-1111-1111 today", "4111-1111-1111-1111"),
    ("credit_card", "amex 3782 822463 10005", "3782 822463 10005"),
    ("credit_card", "12 4111 1111 1111 1111 25", "4111 1111 1111 1111"),
    ("iban", "IBAN DE89 3704 0044 0532 0130 00 THEN", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb29nwbk60161331926819", "gb29nwbk60161331926819"),
    ("us_ssn", "SSN 078-05-1126", "078-05-1126"),
    ("ipv4", "from 203.0.113.77:8080", "203.0.113.77"),
    ("ipv6", "at 2001:db8::ff00:42:8329 there", "2001:db8::ff00:42:8329"),
    ("aws_key", "id=AKIAIOSFODNN7EXAMPLE;", "AKIAIOSFODNN7EXAMPLE"),
    ("google_key", "AIza" + "SyA1" * 8 + "abc", "AIza" + "SyA1" * 8 + "abc"),
    ("slack_token", "xoxb-" + "123456789012-abcdef", "xoxb-" + "123456789012-abcdef"),
    ("stripe_key", "sk_live_" + "a1" * 12, "sk_live_" + "a1" * 12),
    ("jwt", f"Bearer {JWT}", JWT),
    ("private_key", f"key:\n{PEM}\nend", PEM),
    ("private_key", PEM[:200], PEM[:200]),
    ("private_key", PEM.replace("\n", "\\n"), PEM.replace("\n", "\\n")),
    ("url_credentials", "see redis://:s3cret@cache:6379/0 .", "redis://:s3cret@cache:6379/0"),
]
NOT_FOUND = [
    ("email", "user@host, @name, a@b, react@18.2.0"),
    ("phone", "2024-05-01, 1.2.3, 12345, 10:30, 3.14159265"),
    ("credit_card", "4111 1111 1111 1112 and 1234567812345678"),
    ("iban", "DE88 3704 0044 0532 0130 00, XX12 3456 7890 1234"),
    ("us_ssn", "000-12-3456 666-12-3456 987-65-4321 123-00-4567 123-45-0000"),
    ("ipv4", "127.0.0.1 1.2.3 256.1.1.1 0.0.0.0"),
    ("ipv6", "std::vector<int> a::b 12:30:45 ::1"),
    ("aws_key", "AKIAIOSFODNN7EXAMPL xAKIAIOSFODNN7EXAMPLE"),
    ("openai_key", "sk-short task-abcdefghijklmnopqrstuvwx"),
    ("jwt", "eyJ and eyJabc.def"),
    ("private_key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"),
    ("url_credentials", "https://example.com/a:b@c http://host:80/"),
]


def found(parameters: dict[str, object], text: str) -> list[str]:
    findings = build(parameters).scanner().advance(text, 0, is_final=True)
    return [text[each.start : each.end] for each in findings]


@pytest.mark.parametrize(("name", "text", "expected"), FOUND)
def test_a_known_pattern_finds_what_it_is_for(name: str, text: str, expected: str) -> None:
    assert found({"patterns": [name]}, text) == [expected]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+44 20 7946 0958 (415) 555-0133", ["+44 20 7946 0958", "(415) 555-0133"]),
        ("+44 20 7946 0958(415) 555-0133", ["+44 20 7946 0958", "(415) 555-0133"]),
        ("+44 20 7946 0958 415 555 0133", ["+44 20 7946 0958", "415 555 0133"]),
        ("+1 415 555 0132 415 555 0133", ["+1 415 555 0132", "415 555 0133"]),
        ("+1 415 555 0132 +1 415 555 0133", ["+1 415 555 0132", "+1 415 555 0133"]),
        ("+49123456789012345678", []),
    ],
)
def test_two_telephone_numbers_in_a_row_are_two(text: str, numbers: list[str]) -> None:
    assert found({"patterns": ["phone"]}, text) == numbers


@pytest.mark.parametrize(("name", "text"), NOT_FOUND)
def test_a_known_pattern_leaves_alone_what_only_looks_like_it(name: str, text: str) -> None:
    assert found({"patterns": [name]}, text) == []


@pytest.mark.parametrize("secret", SECRETS)
def test_every_secret_of_the_tests_is_found_whole(secret: str) -> None:
    matches = found({"patterns": list(GENERAL_PATTERNS)}, f"it is {secret} indeed")

    assert secret in matches


def test_a_custom_pattern_has_a_name_and_perhaps_a_check() -> None:
    parameters = {"custom": [{"name": "order no.", "regex": r"(?i)ord-\d{4,6}", "check": "luhn"}]}
    text = "ORD-0018, ord-0019, ord-00018"

    findings = build(parameters).scanner().advance(text, 0, is_final=True)

    assert [(each.entity, text[each.start : each.end]) for each in findings] == [
        ("ORDER_NO", "ORD-0018"),
        ("ORDER_NO", "ord-00018"),
    ]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "at least one pattern"),
        ({"patterns": ["emial"]}, "unknown 'emial'; known: "),
        ({"patterns": "email"}, "must be a list of names, not str"),
        ({"regex": "x"}, "no parameter 'regex'; known: "),
        ({"custom": [{"name": "x", "regex": "("}]}, "pattern 'x' is not a regular expression of RE2"),
        ({"custom": [{"name": "x", "regex": "(?=a)"}]}, "pattern 'x' is not a regular expression of RE2"),
        ({"custom": [{"name": "x", "regex": "a*"}]}, "matches the empty text"),
        ({"custom": [{"name": "x", "regex": "a", "check": "md5"}]}, "unknown check 'md5'"),
        ({"custom": [{"regex": "a"}]}, "an object with 'name', 'regex'"),
        ({"custom": ["a"]}, "must hold only objects"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match="(?s).*") as refusal:
        build(parameters)

    assert sentence in str(refusal.value)


def test_an_account_number_that_holds_what_belongs_to_none_is_refused() -> None:
    custom = {"name": "account", "regex": r"[A-Z]{2}[\w/]+", "check": "mod97"}

    assert found({"custom": [custom]}, "DE89/370400440532013000") == []


def test_a_pattern_that_would_run_for_ever_elsewhere_does_not_here() -> None:
    assert found({"custom": [{"name": "x", "regex": "(a+)+$"}]}, "a" * 50_000 + "b") == []
