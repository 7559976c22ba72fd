"""A narrower scope adds guards to a wider one and takes none away."""

from dataclasses import replace
from uuid import UUID

import pytest

from guardrails.policy import SCOPES, Policy
from guardrails.rollout import in_force
from guardrails.scoping import together
from guardrails.session import GuardSession
from guardrails.verdict import Action
from tests.guardrails.makers import at, guard, policy

EMAILS = {"patterns": ["email"]}
NAMES = [f"conversation {number}" for number in range(1_000)]


def test_guards_run_from_the_widest_scope_to_the_narrowest() -> None:
    parts = {scope: policy(guard(name=f"of the {scope}", parameters=EMAILS)) for scope in reversed(SCOPES)}

    merged = together(parts)

    assert merged is not None
    assert [each.scope for each in merged.guards] == list(SCOPES)
    assert (merged.id, merged.version) == (parts["project"].id, parts["project"].version)


def test_a_policy_that_stands_alone_stays_itself() -> None:
    rules = policy(guard(parameters=EMAILS))

    assert together({"project": rules, "organisation": None}) is rules
    assert together({"organisation": rules}) is rules
    assert together({}) is None


def test_guards_of_one_name_are_told_apart() -> None:
    merged = together(
        {scope: policy(guard(parameters=EMAILS)) for scope in ("organisation", "project", "key")}
    )

    assert merged is not None
    assert [each.name for each in merged.guards] == ["pattern", "pattern (project)", "pattern (key)"]


@pytest.mark.parametrize(
    ("wide", "narrow", "taken"),
    [
        ("block", "allow", "block"),
        ("mask", "allow", "mask"),
        ("mask", "flag", "mask"),
        ("flag", "block", "block"),
        ("escalate", "mask", "escalate"),
    ],
)
async def test_no_project_is_guarded_less_than_the_organisation_says(
    wide: Action, narrow: Action, taken: Action
) -> None:
    merged = together(
        {
            "organisation": policy(guard(action=wide, parameters=EMAILS)),
            "project": policy(
                guard(action=narrow, parameters=EMAILS, replacement="redact", is_shadow=narrow == "flag")
            ),
        }
    )
    session = GuardSession(merged)

    outcome = await session.check_input(at("user", "I am bob@example.com"))

    assert outcome.action == taken
    assert [each.scope for each in session.decisions] == ["organisation", "project"]


def canary(name: str, percent: int) -> Policy:
    before = policy(guard(name=f"old {name}", parameters=EMAILS))
    return replace(
        before,
        version=2,
        guards=(guard(name=f"new {name}", parameters=EMAILS),),
        rollout_percent=percent,
        before=before,
    )


def test_versions_of_two_scopes_are_rolled_out_each_to_its_share() -> None:
    merged = together({"organisation": canary("wide", 20), "project": canary("narrow", 60)})

    assert merged is not None
    met = [tuple(each.name for each in in_force(merged, name).guards) for name in NAMES]
    shares = {names: met.count(names) / len(met) for names in set(met)}
    assert shares == {
        ("new wide", "new narrow"): pytest.approx(0.2, abs=0.04),
        ("old wide", "new narrow"): pytest.approx(0.4, abs=0.05),
        ("old wide", "old narrow"): pytest.approx(0.4, abs=0.05),
    }


def test_every_guard_leads_to_the_policy_it_came_from() -> None:
    parts = {
        scope: replace(policy(guard(parameters=EMAILS)), id=UUID(int=number), name=scope, version=number)
        for number, scope in enumerate(SCOPES, start=1)
    }

    merged = together(parts)

    assert merged is not None
    found = in_force(merged, "talk").source("key")
    assert (found.id, found.name, found.version) == (UUID(int=4), "key", 4)
    assert merged.source("").id == parts["project"].id
