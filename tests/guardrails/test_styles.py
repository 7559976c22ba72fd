"""What is masked can be replaced by something realistic, a hash, a cipher or a fixed text, and comes back or does not."""

import json
import re
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards.checksums import luhn, mod97
from guardrails.one_way import RedactionKeys, UnopenedError, opened, reveal
from guardrails.policy import GuardConfig, Style
from guardrails.redaction import Vault
from guardrails.session import GuardSession
from guardrails.surrogates import language_of, surrogate
from guardrails.verdict import Finding
from tests.guardrails.makers import ScriptedDetector, at, cut, guard, policy, run, streamed

KEYS = RedactionKeys.derive("secret", UUID(int=1))
OTHERS = RedactionKeys.derive("secret", UUID(int=2))
PATTERNS = {"patterns": ["email", "phone", "credit_card", "iban", "us_ssn", "ipv4"]}
NAMES = {"Anna Schmidt": "PERSON", "Acme Widgets GmbH": "ORGANIZATION"}
TEXT = (
    "Anna Schmidt (anna@corp.de, +49 30 90182233) pays Acme Widgets GmbH with 4111 1111 1111 1111"
    " or DE89 3704 0044 0532 0130 00 from 10.20.30.40; SSN 078-05-1126."
)
PLANTED = (
    "Anna", "Schmidt", "anna@corp.de", "90182233", "Acme", "4111 1111", "DE89 3704", "10.20.30.40", "078-05",
)  # fmt: skip


def found_names(text: str) -> list[Finding]:
    return [
        Finding(entity=entity, start=match.start(), end=match.end())
        for name, entity in NAMES.items()
        for match in re.finditer(name, text)
    ]


def guarded(style: Style, *, keys: RedactionKeys | None = KEYS, text: str = "") -> GuardSession:
    """A session whose two guards, by form and by name, replace what they find in one style."""
    made: dict[str, Any] = {"replacement": style, "replacement_text": text}
    guards: tuple[GuardConfig, ...] = (
        guard(parameters=PATTERNS, **made),
        guard("pii", parameters={"deny": ["x"]}, **made),
    )
    return GuardSession(policy(*guards), ScriptedDetector(found_names), keys=keys)


async def test_realistic_stand_ins_hide_every_value_and_come_back() -> None:
    session = guarded("realistic")

    sent = await session.check_input(at("user", TEXT))
    back = await session.check_output(at("answer", sent.texts[0]))

    assert [each for each in PLANTED if each in sent.texts[0]] == []
    assert "<" not in sent.texts[0]
    assert back.texts == (TEXT,)
    assert back.stored == sent.stored == sent.texts


async def test_realistic_numbers_are_right_and_keep_their_look() -> None:
    session = guarded("realistic")

    sent = (await session.check_input(at("user", TEXT))).texts[0]

    card = re.search(r"(?:\d{4} ){3}\d{4}", sent)
    iban = re.search(r"DE\d\d(?: \d{4}){4} \d\d", sent)
    assert card
    assert luhn(card.group())
    assert card.group().startswith("4000 00")
    assert iban
    assert mod97(iban.group())
    assert re.search(r"\+49 30 23125\d{3}", sent)
    assert re.search(r"@example\.(?:com|org|net)", sent)
    assert re.search(r"SSN 666-\d\d-\d{4}\.$", sent)
    assert re.search(r"from (?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+", sent)


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=10**9))
def test_however_an_answer_is_cut_the_originals_come_back(seed: int) -> None:
    session = guarded("realistic")
    sent = run(session.check_input(at("user", TEXT))).texts[0]
    answer = f"Dear customer, {sent} Indeed: {sent[:40]} … and {sent[10:]}"
    whole = run(session.check_output(at("answer", answer)))

    out, stored, blocked = run(streamed(session, cut(answer, seed)))

    assert (out, blocked) == (whole.texts[0], "")
    assert stored == whole.stored[0]
    assert TEXT in out
    assert [each for each in PLANTED if each in stored] == []


@pytest.mark.parametrize(
    "rewritten",
    [
        str.upper,
        str.lower,
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(" ", "\n"),
        lambda text: f"**{text}**",
        lambda text: f"({text}),",
        lambda text: f"{text}'s",
    ],
)
async def test_a_name_comes_back_however_a_model_writes_it(rewritten: object) -> None:
    session = guarded("realistic")
    name = (await session.check_input(at("user", "Anna Schmidt"))).texts[0]

    back = await session.check_output(at("answer", rewritten(name)))  # type: ignore[operator]

    assert "Anna Schmidt" in back.texts[0]


@pytest.mark.parametrize("rewritten", [" ", "-", "", ".", ") "])
async def test_numbers_come_back_however_they_are_grouped(rewritten: str) -> None:
    session = guarded("realistic")
    sent = (await session.check_input(at("user", "card 4111 1111 1111 1111"))).texts[0]
    digits = sent.removeprefix("card ").split()

    back = await session.check_output(at("answer", f"Your card is {rewritten.join(digits)}."))

    assert back.texts == ("Your card is 4111 1111 1111 1111.",)


async def test_a_part_of_a_name_stands_for_a_part() -> None:
    session = guarded("realistic")
    first, last = (await session.check_input(at("user", "Anna Schmidt"))).texts[0].split()

    back = await session.check_output(at("answer", f"Dear {first}, or Ms {last}, or {first}x"))

    assert back.texts == (f"Dear Anna, or Ms Schmidt, or {first}x",)


async def test_what_comes_back_into_json_and_arguments_is_escaped() -> None:
    names = policy(guard("pii", parameters={"deny": ["x"]}, replacement="realistic"))
    odd = 'Anna "Ann" Schmidt\\'
    detector = ScriptedDetector(
        lambda text: [
            Finding(entity="PERSON", start=at_, end=at_ + len(odd)) for at_ in [text.find(odd)] if at_ >= 0
        ]
    )
    session = GuardSession(names, detector)
    name = (await session.check_input(at("user", f"I am {odd}"))).texts[0].removeprefix("I am ")

    for place in ("tool_arguments", "answer"):
        back = await session.check_output(at(place, json.dumps({"name": name, "n": [1, 2]})))
        assert json.loads(back.texts[0]) == {"name": odd, "n": [1, 2]}


async def test_the_same_value_has_the_same_stand_in_and_two_values_have_two() -> None:
    session = guarded("realistic")

    sent = await session.check_input(at("user", "a@x.com, b@x.com", "A@X.com"))

    first, second = sent.texts[0].split(", ")
    assert sent.texts[1] == first != second


def test_a_stand_in_is_never_something_the_request_says() -> None:
    chance = Random(7)
    likely = [surrogate("PERSON", "Anna Schmidt", chance) for _ in range(400)]
    said = " ".join(name for name in likely if name)
    vault = Vault()
    vault.reserve([said])

    made = [
        vault.stand_in("PERSON", f"Anna Schmidt{number}", comes_back=True, style="realistic")
        for number in range(20)
    ]

    assert [each for each in made if each in said] == []


async def test_a_value_the_caller_never_sent_gets_a_placeholder() -> None:
    session = guarded("realistic")
    await session.check_input(at("user", "I am a@x.com"))

    back = await session.check_output(at("answer", "a@x.com knows eve@example.org"))

    assert back.texts == ("a@x.com knows <EMAIL_ADDRESS_1>",)


@pytest.mark.parametrize("value", ["42", "Dr.", "m", "Jan 1990"])
def test_what_is_too_short_to_be_known_again_gets_a_placeholder(value: str) -> None:
    assert Vault().stand_in("AGE", value, comes_back=True, style="realistic") == "<AGE_1>"


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("Jürgen Groß", "de"), ("Hauptstraße 5", "de"), ("12 rue Cler", "fr"), ("calle Mayor 3", "es"), ("via Roma 1", "it"),
        ("Kerkstraat 9", "nl"), ("Rua Augusta 2", "pt"), ("João Galvão", "pt"), ("5 Elm Street", "en"), ("Chiara Neri", "it"),
    ],
)  # fmt: skip
def test_names_are_chosen_by_the_look_of_the_value(value: str, language: str) -> None:
    assert language_of(value) == language


@pytest.mark.parametrize(
    ("entity", "value", "look"),
    [
        ("CREDIT_CARD", "378282246310005", r"378282\d{9}"),
        ("PHONE_NUMBER", "(415) 867-5309", r"\(\d{3}\) 555-01\d\d"),
        ("PHONE_NUMBER", "+44 20 7123 4567", r"\+44 (?:20 7946 0\d{3}|77 0090 0\d{3})"),
        ("PHONE_NUMBER", "+33 1 42 68 53 00", r"\+33 \d \d\d \d\d \d\d \d\d"),
        ("IBAN_CODE", "GB82WEST12345698765432", r"GB\d\dXXXX\d{14}"),
        ("MAC_ADDRESS", "AA:BB:CC:DD:EE:FF", r"02:00:5e(?::[0-9a-f]{2}){3}"),
        ("IP_ADDRESS", "2a00:1450:4001::1", r"2001:db8:[0-9a-f:]+"),
        ("DATE_OF_BIRTH", "1984-07-30", r"19\d\d-\d\d-\d\d"),
        ("DATE_TIME", "30.07.1984", r"\d\d\.\d\d\.19\d\d"),
        ("LICENSE_PLATE", "B-MW 1234", r"[A-Z]-[A-Z]{2} \d{4}"),
        ("ORGANIZATION", "Huber Bau GmbH", r"\w+ \w+ GmbH"),
        ("STREET_ADDRESS", "Hauptstraße 5", r"\D+ \d+"),
        ("URL", "http://intranet.corp/wiki", r"http://\w+\.example/\w+"),
        ("PERSON", "ANNA SCHMIDT", r"[A-Z]+ [A-Z]+"),
    ],
)
def test_every_kind_has_a_stand_in_of_its_look(entity: str, value: str, look: str) -> None:
    made = surrogate(entity, value, Random(3))

    assert made is not None
    assert re.fullmatch(look, made), made
    assert made != value


@pytest.mark.parametrize("style", ["hash", "encrypt"])
async def test_one_way_stand_ins_are_the_same_call_after_call_and_do_not_come_back(style: Style) -> None:
    texts = []
    for _ in range(2):
        session = guarded(style)
        sent = await session.check_input(at("user", "I am bob@example.com"))
        back = await session.check_output(at("answer", sent.texts[0]))
        texts += [sent.texts[0], back.texts[0], back.stored[0]]

    assert len(set(texts)) == 1
    assert "bob" not in texts[0]
    assert re.fullmatch(r"I am EMAIL_ADDRESS:[he]1:[A-Za-z0-9_-]{32,}", texts[0])


async def test_a_hash_differs_between_projects_and_has_its_prefix() -> None:
    one = await guarded("hash", text="id-").check_input(at("user", "bob@example.com"))
    other = await guarded("hash", text="id-", keys=OTHERS).check_input(at("user", "bob@example.com"))

    assert one.texts != other.texts
    assert one.texts[0].startswith("id-EMAIL_ADDRESS:h1:")


async def test_the_format_of_a_hash_is_the_one_that_is_documented() -> None:
    keys = replace(KEYS, hashing=b"k")

    sent = await guarded("hash", keys=keys).check_input(at("user", "Bob@Example.com"))

    assert sent.texts == ("EMAIL_ADDRESS:h1:cbe119660708f58205e9d960dee62a8f",)


async def test_what_is_encrypted_opens_with_the_keys_of_its_project_alone() -> None:
    sent = (await guarded("encrypt").check_input(at("user", "Bob@Example.com and Anna Schmidt"))).texts[0]

    assert reveal(sent, KEYS) == "Bob@Example.com and Anna Schmidt"
    assert reveal(sent, OTHERS) == sent
    with pytest.raises(UnopenedError, match="does not open"):
        opened(sent, OTHERS)
    with pytest.raises(UnopenedError, match="no encrypted value"):
        opened("Bob", KEYS)
    with pytest.raises(UnopenedError, match="does not open"):
        opened(sent.split()[0].replace("EMAIL_ADDRESS", "PERSON"), KEYS)


@pytest.mark.parametrize("style", ["hash", "encrypt"])
async def test_without_a_key_such_a_guard_fails_and_its_policy_decides(style: Style) -> None:
    session = guarded(style, keys=None)

    outcome = await session.check_input(at("user", "I am bob@example.com"))

    assert (outcome.action, "bob" in outcome.stored[0]) == ("block", False)
    assert {each.error for each in session.decisions} == {"misconfigured"}


async def test_a_fixed_text_says_nothing_and_does_not_come_back() -> None:
    sent = await guarded("redact").check_input(at("user", "bob@example.com and a@x.com"))
    own = await guarded("redact", text="***").check_input(at("user", "bob@example.com"))

    assert sent.texts == ("[redacted] and [redacted]",)
    assert own.texts == ("***",)


def test_keys_are_not_shown() -> None:
    assert repr(KEYS) == f"RedactionKeys(project={UUID(int=1).bytes!r})"


async def test_a_conversation_keeps_its_stand_ins() -> None:
    first = guarded("realistic")
    sent = await first.check_input(at("user", TEXT))
    second = guarded("realistic")
    second.recalled = list(first.entries)

    again = await second.check_input(at("user", TEXT))
    back = await second.check_output(at("answer", again.texts[0]))

    assert again.texts == sent.texts
    assert back.texts == (TEXT,)


@pytest.mark.parametrize("style", ["placeholder", "realistic"])
async def test_what_a_later_request_says_itself_is_no_stand_in_any_more(style: Style) -> None:
    first = guarded(style)
    sent = (await first.check_input(at("user", "I am Anna Schmidt"))).texts[0].removeprefix("I am ")
    second = guarded(style)
    second.recalled = list(first.entries)

    said = f"{sent} is not Anna Schmidt"
    again = await second.check_input(at("user", said))
    back = await second.check_output(at("answer", again.texts[0]))

    assert again.texts[0].startswith(f"{sent} is not ")
    assert again.texts[0] != f"{sent} is not {sent}"
    assert back.texts == (said,)


async def test_a_part_of_a_stand_in_that_a_later_request_says_itself_stays() -> None:
    first = guarded("realistic")
    sent = (await first.check_input(at("user", "I am Anna Schmidt"))).texts[0].removeprefix("I am ")
    second = guarded("realistic")
    second.recalled = list(first.entries)
    given = sent.split()[0]

    await second.check_input(at("user", f"{given} is my dog"))
    back = await second.check_output(at("answer", f"{given} is a nice name for a dog"))

    assert back.texts == (f"{given} is a nice name for a dog",)
