from typing import Any

import pytest

from console.accounts.models import AuditEntry, Project, User
from console.policies.actions import roll_back, save_policy
from console.policies.guards import GuardError, as_stored, config_from
from console.policies.models import Policy
from guardrails.policy import GuardConfig

WORDS: dict[str, Any] = {
    "name": "secrets of ours", "kind": "words", "action": "block", "places": ["user", "answer"], "on_error": "block",
    "deadline_ms": 100, "is_shadow": False, "is_enabled": True, "parameters": {"words": ["launch code"]},
}  # fmt: skip


@pytest.fixture
def policy(project: Project) -> Policy:
    return project.policies.get()


def test_saving_makes_a_version_and_leaves_the_old_one_as_it_was(policy: Policy, owner: User) -> None:
    version = save_policy(policy=policy, guards=[WORDS], by=owner, note="ours")

    policy.refresh_from_db()
    assert (version.number, policy.version, version.guards) == (2, 2, [WORDS])
    assert [guard["kind"] for guard in policy.versions.get(number=1).guards] == ["pattern", "pii"]
    assert AuditEntry.objects.latest("number").details["guards"] == [WORDS]


def test_rolling_back_makes_a_new_version(policy: Policy, owner: User) -> None:
    save_policy(policy=policy, guards=[WORDS], by=owner)

    back = roll_back(policy=policy, to=policy.versions.get(number=1), by=owner)

    assert (back.number, back.note) == (3, "Back to version 1")
    assert back.guards == policy.versions.get(number=1).guards


def test_a_change_made_meanwhile_is_not_overwritten(policy: Policy, owner: User) -> None:
    save_policy(policy=policy, guards=[WORDS], by=owner, based_on=1)

    with pytest.raises(GuardError, match="version 2 was saved while you edited version 1"):
        save_policy(policy=policy, guards=[], by=owner, based_on=1)
    assert policy.versions.count() == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": 3}, "name must be of type str"),
        ({"kind": "astrology"}, "no kind 'astrology'"),
        ({"action": "shout"}, "unknown action"),
        ({"places": []}, "no place"),
        ({"places": ["attic"]}, "unknown place 'attic'"),
        ({"places": "user"}, "places must be a list"),
        ({"on_error": "hope"}, "on_error"),
        ({"deadline_ms": 0}, "deadline_ms"),
        ({"deadline_ms": True}, "deadline_ms"),
        ({"parameters": {}}, "at least one word"),
        ({"parameters": {"wrds": ["x"]}}, "no parameter 'wrds'"),
        ({"parameters": []}, "parameters must be of type dict"),
        ({"kind": "pattern", "parameters": {"custom": [{"name": "x", "regex": "("}]}}, "regular expression"),
    ],
)
def test_a_guard_that_cannot_be_enforced_is_refused_with_the_reason(
    policy: Policy, owner: User, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(GuardError, match=message):
        save_policy(policy=policy, guards=[{**WORDS, **change}], by=owner)

    assert policy.versions.count() == 1


def test_two_guards_of_one_name_are_refused(policy: Policy, owner: User) -> None:
    with pytest.raises(GuardError, match="its own name"):
        save_policy(policy=policy, guards=[WORDS, WORDS], by=owner)


def test_a_guard_survives_the_way_to_the_row_and_back() -> None:
    config = GuardConfig(
        name="x", kind="words", action="flag", places=frozenset({"user"}), parameters={"words": ["a"]}
    )

    assert config_from(as_stored(config)) == config
