"""What can be done to a policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from console.accounts import audit
from console.accounts.models import Project, User
from console.gateway.publish import publish_on_commit
from console.policies.guards import GuardError, checked_guards
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
) -> PolicyVersion:
    """Save guards as the policy's next version, which is in force from the moment it is published.

    Raises GuardError when a guard cannot be enforced, or when `based_on` is no longer the newest
    version: someone else's change is not overwritten unseen. Nothing is saved then.
    """
    checked = checked_guards(guards)
    policy = Policy.objects.select_for_update().select_related("project").get(pk=policy.pk)
    if based_on is not None and based_on != policy.version:
        raise GuardError(
            f"version {policy.version} was saved while you edited version {based_on}: "
            "look at it in the history, then reload this page"
        )
    policy.version += 1
    policy.save(update_fields=["version"])
    version = PolicyVersion.objects.create(
        policy=policy, number=policy.version, guards=checked, note=note[:200], created_by=by
    )
    audit.record(
        project=policy.project,
        by=by,
        action="policy.saved",
        target=f"{policy.name} v{policy.version}",
        guards=checked,
        note=note[:200],
    )
    publish_on_commit()
    return version


@transaction.atomic
def roll_back(*, policy: Policy, to: PolicyVersion, by: User | None) -> PolicyVersion:
    """Put an old version in force again, as a new version: history only grows."""
    return save_policy(policy=policy, guards=to.guards, by=by, note=f"Back to version {to.number}")
