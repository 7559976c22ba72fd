"""What follows single kinds of findings is written one to a line, and every mistake is named."""

import pytest
from django import forms

from console.policies.rules import RulesField, as_lines


@pytest.mark.parametrize(
    ("text", "actions", "thresholds"),
    [
        ("", {}, {}),
        ("CREDIT_CARD: block", {"CREDIT_CARD": "block"}, {}),
        (
            "credit card : Block\n\nPERSON: mask from 0,8",
            {"CREDIT_CARD": "block", "PERSON": "mask"},
            {"PERSON": 0.8},
        ),
        ("URL: from .5", {}, {"URL": 0.5}),
    ],
)
def test_a_line_is_an_action_a_threshold_or_both(
    text: str, actions: dict[str, str], thresholds: dict[str, float]
) -> None:
    read = RulesField(required=False).clean(text)

    assert read == {"actions": actions, "thresholds": thresholds}
    assert RulesField(required=False).clean(as_lines(actions, thresholds)) == read


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("block", "is not of the form ENTITY: action"),
        ("URL:", "is not of the form ENTITY: action"),
        ("URL: blok", "unknown action 'blok'; known: .*; did you mean 'block'"),
        ("URL: from 2", "from 0 to 1, not '2'"),
        ("URL: from 1.2.3", "from 0 to 1, not"),
        ("URL: mask\nurl: block", "URL has two lines"),
        ("URL: mask\n" * 101, "at most 100 lines"),
    ],
)
def test_a_mistake_is_named(text: str, sentence: str) -> None:
    with pytest.raises(forms.ValidationError, match=sentence):
        RulesField(required=False).clean(text)
