"""An answer that declines is found; one that helps, or speaks of declining, is not."""

import pytest

from guardrails.guards.refusal import build
from guardrails.policy import PolicyError

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I’m sorry, I cannot assist with this request.",
    "I am really sorry but I'm unable to do that.",
    "Unfortunately I can not provide medical advice.",
    "As an AI language model, I don't have opinions and cannot judge.",
    "I won't write that.",
    "That request violates our guidelines.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Ich kann diese Frage leider nicht beantworten.",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "Mi dispiace, ma non posso aiutarti.",
    "Sorry, maar daar kan ik je niet bij helpen.",
    "Desculpe, mas não posso ajudar com isso.",
)
ANSWERS = (
    "",
    "Sure! Here is the recipe.",
    "I'm sorry to hear that you are ill. Rest, and drink water.",
    "You cannot divide by zero, so the function returns None.",
    "If it does not work, I can help you further.",
    "Natürlich helfe ich gern. Das Programm kann Dateien lesen.",
    "La fonction ne peut pas échouer.",
    "No hay problema: puedo ayudarte.",
    "x" * 400 + " I'm sorry, but I can't help with that.",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_found(text: str) -> None:
    (finding,) = build({}).judge(text)

    assert finding.entity == "REFUSAL"
    assert 0 <= finding.start < finding.end <= len(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_left_alone(text: str) -> None:
    assert build({}).judge(text) == ()


def test_how_far_to_look_is_for_the_policy_to_say() -> None:
    assert build({"within": 1_000}).judge(ANSWERS[-1])
    with pytest.raises(PolicyError, match="must lie between 20 and"):
        build({"within": 1})
