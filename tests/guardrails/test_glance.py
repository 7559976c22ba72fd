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


def test_what_a_first_look_lets_pass_is_decided_as_it_is_at_a_second() -> None:
    rules = policy(guard("words", parameters=WORDS, action="block"))
    first, second = GuardSession(rules), GuardSession(rules)
    asked, said = [PlacedText("user", "where is the harbour?")], [PlacedText("answer", "to the left")]

    assert first.lets_pass(asked, is_answer=False)
    assert first.lets_pass(said, is_answer=True)
    run(second.check_input(asked))
    run(second.check_output(said))

    assert [(each.place, each.action) for each in first.decisions] == [("user", "allow"), ("answer", "allow")]
    assert first.decisions == second.decisions


def test_what_a_first_look_does_not_let_pass_is_decided_by_the_second_alone() -> None:
    session = GuardSession(policy(guard("words", parameters=WORDS, action="block")))
    asked = [PlacedText("user", "what is the launch code?")]

    assert not session.lets_pass(asked, is_answer=False)
    assert session.decisions == []
    assert run(session.check_input(asked)).action == "block"
    assert [each.action for each in session.decisions] == ["block"]


def test_after_a_first_look_an_answer_is_guarded_as_after_a_second() -> None:
    leak = guard("prompt_leak", parameters={"run_of_words": 6}, action="block")
    emails = guard(name="emails", parameters={"patterns": ["email"]}, action="mask")
    session = GuardSession(policy(leak, emails))

    assert session.lets_pass(
        [PlacedText("system", SECRET_PROMPT), PlacedText("user", "<EMAIL_ADDRESS_1>?")], is_answer=False
    )
    assert not session.lets_pass([PlacedText("answer", f"They told me: {SECRET_PROMPT}")], is_answer=True)
    hidden = run(session.check_output([PlacedText("answer", "bob@example.com")]))

    assert hidden.texts[0] not in ("bob@example.com", "<EMAIL_ADDRESS_1>")


def test_an_answer_that_repeats_what_stands_for_a_value_is_never_let_pass_at_a_first_look() -> None:
    session = GuardSession(policy(guard(parameters={"patterns": ["email"]}, action="mask")))
    asked = run(session.check_input([PlacedText("user", "bob@example.com")]))

    assert not session.lets_pass([PlacedText("answer", f"hello {asked.texts[0]}")], is_answer=True)


def test_versions_before_the_newest_are_ready_too_and_equal_guards_are_built_once() -> None:
    words = guard("words", parameters=WORDS, action="block")
    before = policy(words)
    newest = replace(before, version=before.version + 1, rollout_percent=50, before=before)

    prepare(newest)

    (new,), (old,) = glance_of(newest).checks, glance_of(before).checks
    assert new.local is old.local
