"""A policy is used from a program: the same guards, without a server, with or without an event loop."""

from pathlib import Path
from typing import Any

import pytest

from guardrails import (
    Guard,
    GuardConfig,
    Policy,
    PolicyError,
    RedactionKeys,
    load_policy,
    policy_from,
    reveal,
)
from guardrails.verdict import Finding
from tests.guardrails.makers import ScriptedDetector, at

EMAILS = {"name": "mail", "kind": "pattern", "action": "mask", "parameters": {"patterns": ["email"]}}
YAML = """
name: support
remembers_s: 600
guards:
  - kind: pattern
    action: mask
    parameters: {patterns: [email, credit_card]}
    actions: {CREDIT_CARD: block}
    replacement: realistic
  - name: taboo
    kind: words
    action: flag
    places: [user]
    parameters: {words: [launch code]}
"""


def test_a_policy_is_read_from_a_file_and_checks_texts(tmp_path: Path) -> None:
    file = tmp_path / "support.yaml"
    file.write_text(YAML)

    policy = load_policy(file)

    assert isinstance(policy, Policy)
    assert [guard.name for guard in policy.guards] == ["pattern", "taboo"]
    assert policy.check("the launch code").action == "flag"
    assert policy.check("card 4111 1111 1111 1111").action == "block"
    assert "@example." in policy.check("I am bob@corp.com").texts[0]
    assert load_policy(file).id == policy.id


async def test_a_policy_checks_texts_inside_an_event_loop_too() -> None:
    policy = policy_from({"guards": [EMAILS]})

    assert (
        policy.check("bob@x.com").texts
        == (await policy.check_async("bob@x.com")).texts
        == ("<EMAIL_ADDRESS_1>",)
    )


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "a policy must be an object with fields, not list"),
        ({"gards": []}, "a policy has no field 'gards'; known: .*; did you mean 'guards'"),
        ({"guards": [{"kind": "words"}]}, "guard 1 has no 'action'"),
        (
            {"guards": [EMAILS | {"acton": "mask"}]},
            "guard 1 has no field 'acton'; known: .*; did you mean 'action'",
        ),
        ({"guards": [EMAILS | {"deadline_ms": True}]}, "guard 1, 'deadline_ms' must be int, not bool"),
        (
            {"guards": [EMAILS | {"parameters": {"patterns": ["emial"]}}]},
            "unknown 'emial'; .* did you mean 'email'",
        ),
        ({"guards": [EMAILS, EMAILS]}, "two guards are called 'mail'"),
        ({"remembers_s": -1}, "remembers_s lies between 0 and"),
    ],
)
def test_a_mistake_in_a_document_is_named(document: Any, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        policy_from(document)


@pytest.mark.parametrize("text", ["a: [", "\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)

    with pytest.raises(PolicyError, match=r"broken\.yaml: not YAML"):
        load_policy(file)
    with pytest.raises(PolicyError, match=r"missing\.yaml: No such file"):
        load_policy(tmp_path / "missing.yaml")


def test_what_is_encrypted_by_a_program_is_opened_by_its_key() -> None:
    guards = Guard(GuardConfig(**EMAILS, replacement="encrypt"), key="a key of ours")  # type: ignore[arg-type]

    sent = guards.check("I am bob@x.com").texts[0]

    assert reveal(sent, RedactionKeys.derive("a key of ours", guards.policy.id)) == "I am bob@x.com"
    with pytest.raises(PolicyError, match="guard 'mail' hashes or encrypts, and there is no key"):
        Guard(GuardConfig(**EMAILS, replacement="hash"))  # type: ignore[arg-type]


async def test_a_session_turns_back_what_it_masked() -> None:
    session = Guard.of(policy_from({"guards": [EMAILS]})).session()

    sent = await session.check_input(at("user", "I am bob@x.com"))

    assert sent.texts == ("I am <EMAIL_ADDRESS_1>",)


async def test_several_detectors_are_asked_with_and_without_a_loop() -> None:
    detector = ScriptedDetector(lambda text: [Finding(entity="NAME", start=0, end=4)])
    guards = [GuardConfig(name=name, kind="pii", action="mask") for name in ("one", "two")]
    both = Guard(*guards, detector=detector)

    assert (
        both.check("Bob1 is here").texts
        == (await both.check_async("Bob1 is here")).texts
        == ("<NAME_1> is here",)
    )
