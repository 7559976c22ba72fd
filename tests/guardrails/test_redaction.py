"""Placeholders are one to one with values, never mistaken for the user's text, and come back however they are written."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.redaction import Vault
from guardrails.session import GuardSession
from tests.guardrails.makers import at, guard, policy, run

RULES = policy(guard(parameters={"patterns": ["email", "credit_card"]}))


def vault_with(entity: str, *values: str) -> Vault:
    vault = Vault()
    for value in values:
        vault.placeholder(entity, value, comes_back=True)
    return vault


def test_the_same_value_has_the_same_placeholder() -> None:
    vault = Vault()

    names = [
        vault.placeholder("EMAIL_ADDRESS", value, comes_back=True)
        for value in ("a@x.com", "b@x.com", "A@X.com")
    ]

    assert names == ["<EMAIL_ADDRESS_1>", "<EMAIL_ADDRESS_2>", "<EMAIL_ADDRESS_1>"]


@pytest.mark.parametrize(
    "written",
    [
        "<EMAIL_ADDRESS_1>",
        "<email_address_1>",
        "< EMAIL_ADDRESS_1 >",
        "<EMAIL ADDRESS 1>",
        "<EMAIL_ADDRESS1>",
        "EMAIL_ADDRESS_1",
        "&lt;EMAIL_ADDRESS_1&gt;",
        "\\u003cEMAIL_ADDRESS_1\\u003e",
        "\\<EMAIL\\_ADDRESS\\_1\\>",
    ],
)
def test_a_placeholder_is_known_however_a_model_writes_it(written: str) -> None:
    vault = vault_with("EMAIL_ADDRESS", "a@x.com", "b@x.com")
    expression, _ = vault.expression()

    assert vault.original(expression.search(f"to {written}.").group()) == "a@x.com"


def test_the_tenth_is_not_mistaken_for_the_first() -> None:
    vault = vault_with("EMAIL_ADDRESS", *(f"{number}@x.com" for number in range(12)))

    assert [vault.original(f"<EMAIL_ADDRESS_{number}>") for number in (1, 10, 12, 13)] == [
        "0@x.com",
        "9@x.com",
        "11@x.com",
        None,
    ]


@pytest.mark.parametrize(
    "taken",
    [
        "<EMAIL_ADDRESS_1>",
        "<email address 1>",
        "EMAIL_ADDRESS_1",
        "my EMAIL_ADDRESS_01",
        "&lt;Email_Address1&gt;",
        "write_EMAIL_ADDRESS_1",
    ],
)
async def test_what_the_user_wrote_is_never_taken_for_a_placeholder(taken: str) -> None:
    text = f"bob@example.com is not {taken}"
    session = GuardSession(RULES)

    sent = await session.check_input(at("user", text))
    back = await session.check_output(at("answer", sent.texts[0]))

    assert sent.texts == (f"<EMAIL_ADDRESS_2> is not {taken}",)
    assert back.texts == (text,)


@given(
    st.lists(
        st.sampled_from(["bob@x.com", "eve@y.org", "<EMAIL_ADDRESS_1>", "EMAIL_ADDRESS_3", " ", "<", "a_1"])
    )
)
def test_what_was_masked_comes_back_whole(pieces: list[str]) -> None:
    text = " ".join(pieces)
    session = GuardSession(RULES)

    sent = run(session.check_input(at("user", text)))
    back = run(session.check_output(at("answer", sent.texts[0])))

    assert "@" not in sent.texts[0]
    assert back.texts == (text,)


async def test_a_value_the_caller_never_sent_does_not_come_back() -> None:
    session = GuardSession(RULES)
    await session.check_input(at("user", "I am bob@example.com"))

    outcome = await session.check_output(at("answer", "bob@example.com knows eve@example.org"))

    assert outcome.texts == ("bob@example.com knows <EMAIL_ADDRESS_2>",)
    assert outcome.stored == ("<EMAIL_ADDRESS_1> knows <EMAIL_ADDRESS_2>",)


async def test_sessions_know_nothing_of_each_other() -> None:
    await GuardSession(RULES).check_input(at("user", "I am bob@example.com"))

    outcome = await GuardSession(RULES).check_output(at("answer", "Hi <EMAIL_ADDRESS_1>"))

    assert outcome.texts == ("Hi <EMAIL_ADDRESS_1>",)


async def test_a_vault_is_neither_shown_nor_stored() -> None:
    session = GuardSession(RULES)
    await session.check_input(at("user", "I am bob@example.com"))

    assert "bob" not in repr(session)
    assert "bob" not in repr(session.decisions)
    assert repr(vault_with("EMAIL_ADDRESS", "bob@example.com")) == "Vault(1 values)"
    with pytest.raises(TypeError, match="never stored"):
        pickle.dumps(vault_with("EMAIL_ADDRESS", "bob@example.com"))


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ('{"to":"bob@example.com","n":1}', '{"to":"<EMAIL_ADDRESS_1>","n":1}'),
        ('{"body":"line\\nbob@example.com"}', '{"body": "line\\n<EMAIL_ADDRESS_1>"}'),
        ('{"to":"bob\\u0040example.com"}', '{"to": "<EMAIL_ADDRESS_1>"}'),
        ('{"card": 4111111111111111, "x": [1.5, true]}', '{"card": "<CREDIT_CARD_1>", "x": [1.5, true]}'),
        ('{"a":"bob@example.com"', '{"a":"<EMAIL_ADDRESS_1>"'),
        ("bob@example.com", "<EMAIL_ADDRESS_1>"),
        ('{"q":"no \\"quotes\\" hurt"}', '{"q":"no \\"quotes\\" hurt"}'),
    ],
)
async def test_arguments_of_tools_are_masked_inside_their_values(arguments: str, sent: str) -> None:
    outcome = await GuardSession(RULES).check_input(at("tool_arguments", arguments))

    assert outcome.texts[0].replace(": ", ":") == sent.replace(": ", ":")


async def test_what_comes_back_into_arguments_is_escaped() -> None:
    session = GuardSession(
        policy(guard(parameters={"custom": [{"name": "motto", "regex": 'say "\\w+"\\n'}]}))
    )
    await session.check_input(at("user", 'they say "hello"\n'))

    outcome = await session.check_output(at("tool_arguments", '{"motto":"<MOTTO_1>","n":1}'))

    assert json.loads(outcome.texts[0]) == {"motto": 'say "hello"\n', "n": 1}
