"""A part of the conversations is guarded first, and a conversation is always in the same part."""

from dataclasses import replace
from uuid import UUID

import pytest

from guardrails.policy import Policy
from guardrails.rollout import in_force, number_of
from guardrails.session import GuardSession
from tests.guardrails.makers import at, guard, policy

EMAILS = {"patterns": ["email"]}
TEXT = "I am bob@example.com"
NAMES = [f"conversation {number}" for number in range(2_000)]


def share(policy: Policy) -> float:
    """Return the share of conversations in which the first guard of a policy is enforced."""
    return sum(not in_force(policy, name).guards[0].is_shadow for name in NAMES) / len(NAMES)


@pytest.mark.parametrize("percent", [0, 10, 50, 99, 100])
def test_a_guard_is_enforced_for_its_share_of_the_conversations(percent: int) -> None:
    rules = replace(policy(guard(parameters=EMAILS, rollout_percent=percent)), id=UUID(int=7))

    assert share(rules) == pytest.approx(percent / 100, abs=0.03)


def test_a_larger_share_takes_nobody_out() -> None:
    rules = [policy(guard(parameters=EMAILS, rollout_percent=percent)) for percent in (10, 40)]
    small, large = (replace(each, id=UUID(int=7), version=percent) for percent, each in enumerate(rules))

    first = {name for name in NAMES if not in_force(small, name).guards[0].is_shadow}
    second = {name for name in NAMES if not in_force(large, name).guards[0].is_shadow}

    assert first < second


async def test_a_conversation_gets_the_same_answer_every_time() -> None:
    rules = policy(guard(parameters=EMAILS, rollout_percent=50))
    answers = {
        name: {
            (await GuardSession(rules, conversation=name).check_input(at("user", TEXT))).texts
            for _ in range(3)
        }
        for name in NAMES[:20]
    }

    assert {len(texts) for texts in answers.values()} == {1}
    assert len(set.union(*answers.values())) == 2


@pytest.mark.parametrize(
    ("percent", "canary", "texts"), [(0, "shadow", (TEXT,)), (100, "", ("I am <EMAIL_ADDRESS_1>",))]
)
async def test_a_decision_says_whether_its_guard_is_enforced_here(
    percent: int, canary: str, texts: tuple[str, ...]
) -> None:
    session = GuardSession(policy(guard(parameters=EMAILS, rollout_percent=percent)), conversation="one")

    outcome = await session.check_input(at("user", TEXT))

    assert (outcome.texts, session.decisions[0].canary) == (texts, canary)


async def test_an_enforced_canary_says_so() -> None:
    rules = policy(guard(parameters=EMAILS, rollout_percent=50))
    name = next(name for name in NAMES if number_of(name, salt=rules.id.bytes + b"guards") < 50)
    session = GuardSession(rules, conversation=name)

    await session.check_input(at("user", TEXT))

    assert [(each.canary, each.is_shadow) for each in session.decisions] == [("enforced", False)]


def test_a_version_is_in_force_for_its_share_and_the_one_before_for_the_others() -> None:
    first = policy(guard("words", parameters={"words": ["x"]}))
    second = replace(first, version=2, guards=(guard(parameters=EMAILS),), rollout_percent=20, before=first)
    third = replace(second, version=3, guards=(), rollout_percent=10, before=second)

    versions = [in_force(third, name).version for name in NAMES]

    assert [versions.count(number) / len(NAMES) for number in (1, 2, 3)] == pytest.approx(
        [0.8, 0.1, 0.1], abs=0.03
    )


def test_variants_that_are_the_same_are_built_once() -> None:
    rules = policy(guard(parameters=EMAILS, rollout_percent=50))

    assert len({id(in_force(rules, name)) for name in NAMES}) == 2


def test_what_is_whole_stays_itself() -> None:
    rules = policy(guard(parameters=EMAILS))

    assert in_force(rules, "one") is rules
