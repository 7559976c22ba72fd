"""What can be done to a policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from console.accounts import audit
from console.accounts.models import Project, User
from console.gateway.publish import publish_on_commit
from console.policies.guards import GuardError, as_stored, config_from
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
    *, policy: Policy, guards: Sequence[Mapping[str, Any]], by: User | None, note: str = ""
) -> PolicyVersion:
    """Save guards as the policy's next version, which is in force from the moment it is published.

    Raises GuardError when a guard cannot be enforced; nothing is saved then.
    """
    checked = checked_guards(guards)
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
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


def checked_guards(guards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return guards as rows keep them. Raises GuardError for the first that cannot be enforced."""
    checked: list[dict[str, Any]] = []
    names: set[str] = set()
    for guard in guards:
        config = config_from(guard)
        if config.name in names:
            raise GuardError(f"two guards are named {config.name!r}; give each its own name")
        names.add(config.name)
        checked.append(as_stored(config, is_enabled=guard.get("is_enabled", True) is not False))
    return checked
