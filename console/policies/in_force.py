"""What the saved policies add up to: one for a project, and one for each of its keys and routes that has guards of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from console.accounts.models import Project
from console.policies.guards import enforceable
from console.policies.models import Policy, PolicyVersion
from guardrails import policy as guardrails
from guardrails.scoping import together
from inference_proxy.snapshot import ScopedPolicy


@dataclass(frozen=True, slots=True)
class InForce:
    """The active policies of an installation, as `guardrails` understands them."""

    organisation: guardrails.Policy | None
    projects: Mapping[UUID, guardrails.Policy]
    routes: Mapping[UUID, Mapping[str, guardrails.Policy]]
    """By project, then by the route's pattern."""
    keys: Mapping[UUID, Mapping[UUID, guardrails.Policy]]
    """By project, then by the key."""

    @classmethod
    def load(cls, project: Project | None = None) -> "InForce":
        """Read the policies of every project, or of one."""
        rows = Policy.objects.filter(is_active=True).select_related("route")
        if project is not None:
            rows = rows.filter(Q(project=project) | Q(project=None))
        organisation = None
        projects: dict[UUID, guardrails.Policy] = {}
        routes: dict[UUID, dict[str, guardrails.Policy]] = {}
        keys: dict[UUID, dict[UUID, guardrails.Policy]] = {}
        for row, running in _running(rows):
            if row.project_id is None:
                organisation = running
            elif row.route is not None:
                routes.setdefault(row.project_id, {})[row.route.pattern] = running
            elif row.key_id is not None:
                keys.setdefault(row.project_id, {})[row.key_id] = running
            else:
                projects[row.project_id] = running
        return cls(organisation, projects, routes, keys)

    def of_project(self, project_id: UUID) -> guardrails.Policy | None:
        """Return what holds on every path of a project."""
        return together({"organisation": self.organisation, "project": self.projects.get(project_id)})

    def scoped(self, project_id: UUID) -> tuple[ScopedPolicy, ...]:
        """Return what holds where a key or a route of a project adds guards of its own."""
        routes, keys = self.routes.get(project_id, {}), self.keys.get(project_id, {})
        found = []
        for key_id in (None, *keys):
            for pattern in ("", *routes):
                if key_id is None and not pattern:
                    continue
                policy = together(
                    {
                        "organisation": self.organisation,
                        "project": self.projects.get(project_id),
                        "route": routes.get(pattern),
                        "key": keys.get(key_id) if key_id else None,
                    }
                )
                if policy is not None:
                    found.append(ScopedPolicy(key_id=key_id, route=pattern, policy=policy))
        return tuple(found)


def policy_in_force(project: Project) -> guardrails.Policy | None:
    """Return what holds on every path of a project, as the proxy enforces it."""
    return InForce.load(project).of_project(project.pk)


def _running(rows: Iterable[Policy]) -> list[tuple[Policy, guardrails.Policy]]:
    policies = {row.pk: row for row in rows}
    newest: dict[UUID, PolicyVersion] = {}
    whole: dict[UUID, PolicyVersion] = {}
    versions = PolicyVersion.objects.filter(policy__in=policies).order_by("policy_id", "-number")
    wanted = versions.filter(
        Q(rollout_percent=100) | Q(number__in=[row.version for row in policies.values()])
    )
    for version in wanted.iterator():
        key = version.policy_id
        if key not in newest and version.number == policies[key].version:
            newest[key] = version
        elif key in newest and newest[key].rollout_percent < 100 and version.rollout_percent == 100:
            whole.setdefault(key, version)
    return [
        (policies[key], _policy(policies[key], version, whole.get(key))) for key, version in newest.items()
    ]


def _policy(row: Policy, version: PolicyVersion, before: PolicyVersion | None) -> guardrails.Policy:
    return enforceable(
        row,
        version.number,
        version.guards,
        rollout_percent=version.rollout_percent,
        remembers_s=version.remembers_s,
        before=_policy(row, before, None) if before is not None else None,
    )
