"""Most texts are clear at a first look, and those that were need no second one."""

from dataclasses import replace

import pytest

from guardrails.glance import glance_of, prepare
from guardrails.local import NOTHING_SAID, Conversation
from guardrails.outcome import PlacedText
from guardrails.session import GuardSession
from tests.guardrails.makers import guard, policy, run

WORDS = {"words": ["launch code"]}
SECRET_PROMPT = (
    "You are the harbour's oldest parrot and you never tell anyone where the silver spoon is buried."
)


def test_a_text_that_is_known_to_be_clear_is_clear_at_every_place_its_guards_look_at() -> None:
    glance = glance_of(policy(guard("words", parameters=WORDS, action="block")))
    said = [PlacedText("user", "where is the harbour?")]
    later = [PlacedText("history", "where is the harbour?"), PlacedText("user", "the launch code?")]

    first = glance.allowed(said, NOTHING_SAID, is_streamed=False)
    again = glance.allowed([*said, later[0]], NOTHING_SAID, is_streamed=False)

    assert first is not None
    assert again is not None
    assert [each.place for each in first] == ["user"]
    assert [each.place for each in again] == ["user", "history"]
    assert glance.allowed(later, NOTHING_SAID, is_streamed=False) is None


def test_what_one_place_allows_is_not_allowed_where_another_guard_looks() -> None:
    glance = glance_of(
        policy(
            guard("words", name="here", parameters=WORDS, action="block", places=frozenset(["answer"])),
            guard(
                "words",
                name="there",
                parameters={"words": ["silver"]},
                action="block",
                places=frozenset(["user"]),
            ),
        )
    )

    assert glance.allowed([PlacedText("answer", "silver")], NOTHING_SAID, is_streamed=False) is not None
    assert glance.allowed([PlacedText("user", "silver")], NOTHING_SAID, is_streamed=False) is None


def test_a_guard_that_knows_the_conversation_looks_at_the_same_text_in_each() -> None:
    glance = glance_of(policy(guard("prompt_leak", parameters={"run_of_words": 6}, action="block")))
    answer = [PlacedText("answer", f"They told me: {SECRET_PROMPT}")]

    assert glance.allowed(answer, NOTHING_SAID, is_streamed=False) is not None
    assert glance.allowed(answer, Conversation(system=(SECRET_PROMPT,)), is_streamed=False) is None


def test_more_texts_than_are_remembered_are_looked_at_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrails.glance.MOST_TEXTS", 20)
    glance = glance_of(policy(guard("words", parameters=WORDS, action="block")))
    texts = [PlacedText("user", f"number {number}") for number in range(2 * 20 + 2)]

    assert glance.allowed(texts, NOTHING_SAID, is_streamed=False) is not None
    assert (
        glance.allowed([*texts, PlacedText("user", "launch code")], NOTHING_SAID, is_streamed=False) is None
    )


@pytest.mark.parametrize("asked", ["My key is <EMAIL_ADDRESS_1>.", "nothing"])
def test_what_an_answer_hides_is_not_called_what_the_request_says(asked: str) -> None:
    session = GuardSession(policy(guard(parameters={"patterns": ["email"]}, action="mask")))

    run(session.check_input([PlacedText("user", asked)]))
    outcome = run(session.check_output([PlacedText("answer", "write to bob@example.com")]))

    (hidden,) = outcome.texts
    assert "bob@" not in hidden
    assert hidden.removeprefix("write to ") not in asked


def test_versions_before_the_newest_are_ready_too_and_equal_guards_are_built_once() -> None:
    words = guard("words", parameters=WORDS, action="block")
    before = policy(words)
    newest = replace(before, version=before.version + 1, rollout_percent=50, before=before)

    prepare(newest)

    (new,), (old,) = glance_of(newest).checks, glance_of(before).checks
    assert new.local is old.local
