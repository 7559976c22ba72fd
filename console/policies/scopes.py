"""For whom a policy is made: the organisation, a project, one of its routes, or one of its keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q

from console.accounts.models import ApiKey, Project
from console.gateway.models import ModelRoute
from console.policies.models import Policy, PolicyVersion

Kind = Literal["organisation", "project", "route", "key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyScope:
    """Where a policy holds, seen from one project."""

    kind: Kind
    project: Project
    route: ModelRoute | None = None
    key: ApiKey | None = None

    @property
    def text(self) -> str:
        """Return how pages name it to each other."""
        if self.route is not None:
            return f"route:{self.route.pk}"
        return f"key:{self.key.pk}" if self.key is not None else self.kind

    @property
    def title(self) -> str:
        """Return what people call it."""
        if self.route is not None:
            return f"Route {self.route.pattern}"
        if self.key is not None:
            return f"Key {self.key.name}"
        return "Organisation" if self.kind == "organisation" else f"Project {self.project.name}"

    @property
    def reach(self) -> str:
        """Return a sentence about what the policy holds for."""
        if self.route is not None:
            return f"Holds for calls of {self.route.pattern}, after the guards of the project."
        if self.key is not None:
            return f"Holds for calls and traces of the key {self.key.name}, after the guards of the project and the route."
        if self.kind == "organisation":
            return "Holds in every project, before the guards of the project. None can be weakened there."
        return "Holds on every path of the project, after the guards of the organisation."

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the columns by which its policy is known."""
        project = None if self.kind == "organisation" else self.project
        return {"project": project, "route": self.route, "key": self.key}

    def policy(self) -> Policy:
        """Return the active policy; one that is not saved yet where nobody made any."""
        found = Policy.objects.filter(is_active=True, **self.fields).select_related("project").first()
        return found or Policy(**self.fields, name="Default" if self.kind == "project" else self.title[:100])

    def newest(self) -> PolicyVersion | None:
        """Return the newest version of its policy, if there is one."""
        policy = self.policy()
        return policy.versions.filter(number=policy.version).first()


def titles_of(project: Project) -> dict[UUID, str]:
    """Return what people call the scopes of the policies that hold or held in a project; those that are gone are left out."""
    rows = Policy.objects.filter(Q(project=project) | Q(project=None)).order_by("created_at", "id")
    found = {}
    for row in rows.select_related("route", "key"):
        kind: Kind = "organisation" if row.project_id is None else "project"
        found[row.pk] = PolicyScope(kind=kind, project=project, route=row.route, key=row.key).title
    return found


def scopes_of(project: Project) -> list[PolicyScope]:
    """Return every scope that can have guards in a project, from the widest to the narrowest."""
    return [
        PolicyScope(kind="organisation", project=project),
        PolicyScope(kind="project", project=project),
        *(
            PolicyScope(kind="route", project=project, route=route)
            for route in project.routes.order_by("pattern")
        ),
        *(
            PolicyScope(kind="key", project=project, key=key)
            for key in project.keys.filter(is_internal=False, revoked_at=None).order_by("name", "created_at")
        ),
    ]
