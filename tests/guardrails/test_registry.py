"""A policy that cannot be enforced is refused in a sentence that names the value and the remedy."""

from typing import Any

import pytest

from guardrails.policy import GuardConfig, PolicyError
from guardrails.registry import KINDS, validate, validate_policy
from tests.guardrails.makers import guard, policy


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "oracle"}, "there is no kind 'oracle'; known: ['"),
        ({"name": " "}, "a guard needs a name of 1 to 100 printable characters"),
        ({"name": "a\nb"}, "a guard needs a name of 1 to 100 printable characters"),
        (
            {"action": "explode"},
            "unknown action 'explode'; known: ['allow', 'flag', 'mask', 'escalate', 'block']",
        ),
        ({"action": "blok"}, "did you mean 'block'?"),
        ({"kind": "wrods"}, "did you mean 'words'?"),
        ({"places": frozenset({"anwser"})}, "did you mean 'answer'?"),
        ({"actions": {"EMAIL_ADDRESS": "hide"}}, "unknown action 'hide'"),
        ({"actions": {"EMAIL_ADRESS": "block"}}, "did you mean 'EMAIL_ADDRESS'?"),
        ({"actions": {"email": "block"}}, "actions names 'email'; a finding's name is in capitals"),
        ({"thresholds": {"PERSON": 0.5}}, "thresholds names 'PERSON', which it does not look for"),
        ({"thresholds": {"EMAIL_ADDRESS": 2}}, "EMAIL_ADDRESS must be a number from 0 to 1, not 2"),
        ({"threshold": True}, "threshold must be a number from 0 to 1, not True"),
        ({"rollout_percent": 101}, "rollout_percent is a whole number from 0 to 100, not 101"),
        ({"replacement": "hsah"}, "did you mean 'hash'?"),
        ({"replacement_text": "a\nb"}, "at most 100 printable characters"),
        ({"places": frozenset({"attic"})}, "unknown place 'attic'; known: ['system', "),
        ({"places": frozenset()}, "no place to look in"),
        ({"on_error": "ignore"}, "on_error is 'allow' or 'block', not 'ignore'"),
        ({"deadline_ms": 0}, "deadline_ms lies between 1 and 60000, not 0"),
        (
            {"kind": "words", "parameters": {"words": []}},
            "guard 'words': a words guard needs at least one word",
        ),
        ({"kind": "toxicity", "parameters": {"labels": []}}, "needs something to look for"),
        ({"kind": "classifier"}, "a classifier guard needs a 'model'"),
        ({"kind": "moderation_model"}, "a moderation_model guard needs a 'model'"),
        ({"kind": "judge", "parameters": {"question": "Is it?"}}, "a judge guard needs a 'model'"),
        ({"kind": "judge", "parameters": {"model": "m"}}, "needs a 'question' of 1 to 4000 characters"),
        (
            {"kind": "judge", "parameters": {"model": "m", "question": "Is it?", "label": "<b>"}},
            "'<b>' is not made of at most 64 capital letters",
        ),
        ({"kind": "groundedness", "parameters": {"least_support": 0, "facts": False}}, "would find nothing"),
        ({"kind": "pii", "parameters": {"entities": ["SHOE_SIZE"]}}, "unknown 'SHOE_SIZE'; known: "),
        ({"kind": "pii", "parameters": {"entities": []}}, "needs something to look for"),
        ({"kind": "pii", "parameters": {"language": "xx"}}, "unknown 'xx'; known: ['de', 'en'"),
        ({"kind": "pii", "parameters": {"score_threshold": 2}}, "must lie between 0.0 and 1.0, not be 2"),
        ({"kind": "pii", "parameters": {"score_threshold": True}}, "must be a number, not bool"),
    ],
)
def test_what_cannot_be_enforced_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        validate(guard(**fields))

    assert sentence in str(refusal.value)


def test_two_guards_of_a_policy_do_not_share_a_name() -> None:
    with pytest.raises(PolicyError, match="two guards are called 'pattern'; rename one"):
        validate_policy(policy(guard(), guard()))


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_of_every_kind_is_described_well_enough_for_a_form(kind: str) -> None:
    for parameter in KINDS[kind].parameters:
        assert parameter.help
        assert parameter.name.isidentifier()
        assert (parameter.type in ("choice", "choices")) is bool(parameter.choices)


def test_a_choice_that_a_form_offers_is_accepted() -> None:
    for kind in KINDS.values():
        for parameter in kind.parameters:
            for choice in parameter.choices:
                value = choice if parameter.type == "choice" else [choice]
                validate(
                    GuardConfig(name="x", kind=kind.kind, action="mask", parameters={parameter.name: value})
                )
