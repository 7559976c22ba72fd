"""What can be done to a policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from console.accounts import audit
from console.accounts.models import Project, User
from console.gateway.publish import publish_on_commit
from console.policies.guards import GuardError, checked_guards, checked_shares
from console.policies.models import Policy, PolicyVersion
from console.policies.starter import starter_guards


@transaction.atomic
def create_policy(*, project: Project, by: User | None) -> Policy:
    """Give a project its policy, beginning with the starter guards."""
    policy = Policy.objects.create(project=project)
    save_policy(policy=policy, guards=starter_guards(), by=by, note="Starter policy")
    return policy


@transaction.atomic
def save_policy(
    *,
    policy: Policy,
    guards: Sequence[Mapping[str, Any]],
    by: User | None,
    note: str = "",
    based_on: int | None = None,
    rollout_percent: int = 100,
    remembers_s: int = 0,
) -> PolicyVersion:
    """Save guards as the policy's next version, which is in force from the moment it is published.

    With `rollout_percent` below 100 it is for so many conversations in a hundred; the others keep the last version that was
    in force for all. Raises GuardError when a guard cannot be enforced, or when `based_on` is no longer the newest
    version: someone else's change is not overwritten unseen. Nothing is saved then.
    """
    checked = checked_guards(guards)
    checked_shares(rollout_percent, remembers_s)
    policy = _locked(policy)
    if based_on is not None and based_on != policy.version:
        raise GuardError(
            f"version {policy.version} was saved while you edited version {based_on}: "
            "look at it in the history, then reload this page"
        )
    policy.version += 1
    policy.save(update_fields=["version"])
    version = PolicyVersion.objects.create(
        policy=policy,
        number=policy.version,
        guards=checked,
        rollout_percent=rollout_percent,
        remembers_s=remembers_s,
        note=note[:200],
        created_by=by,
    )
    for project in [policy.project] if policy.project else Project.objects.order_by("created_at", "id"):
        audit.record(
            project=project,
            by=by,
            action="policy.saved",
            target=f"{policy.name} v{policy.version}",
            guards=checked,
            note=note[:200],
            **({} if rollout_percent == 100 else {"rollout_percent": rollout_percent}),
            **({} if not remembers_s else {"remembers_s": remembers_s}),
        )
    publish_on_commit()
    return version


@transaction.atomic
def roll_back(*, policy: Policy, to: PolicyVersion, by: User | None) -> PolicyVersion:
    """Put an old version in force again, for everyone and as a new version: history only grows."""
    return save_policy(
        policy=policy,
        guards=to.guards,
        by=by,
        note=f"Back to version {to.number}",
        remembers_s=to.remembers_s,
    )


@transaction.atomic
def roll_out(*, policy: Policy, percent: int, by: User | None) -> PolicyVersion:
    """Put the newest version in force for another share of the conversations, as a new version."""
    newest = policy.versions.get(number=policy.version)
    return save_policy(
        policy=policy,
        guards=newest.guards,
        by=by,
        note=f"Version {newest.number} for {percent} % of conversations",
        based_on=newest.number,
        rollout_percent=percent,
        remembers_s=newest.remembers_s,
    )


def _locked(policy: Policy) -> Policy:
    """Return the policy, made if nobody made it before, with nobody else changing it."""
    rows = Policy.objects.select_for_update(of=("self",)).select_related("project")
    if policy._state.adding:
        scope = {"project": policy.project, "route": policy.route, "key": policy.key}
        policy, _ = Policy.objects.get_or_create(is_active=True, **scope, defaults={"name": policy.name})
    return rows.get(pk=policy.pk)
