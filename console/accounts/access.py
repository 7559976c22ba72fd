"""The doors: the one way to get a thing on someone's behalf."""

from typing import Literal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from console.accounts.models import ApiKey, Membership, OrganisationRole, Project, Role, User

Purpose = Literal["view", "edit", "manage"]

_ROLES: dict[Purpose, list[Role]] = {
    "view": [Role.VIEWER, Role.EDITOR, Role.OWNER],
    "edit": [Role.EDITOR, Role.OWNER],
    "manage": [Role.OWNER],
}


def project_for(user: User | AnonymousUser, slug: str, *, to: Purpose) -> Project:
    """Return a project if this person may do that with it; otherwise it does not exist for them."""
    project = Project.objects.filter(
        slug=slug, memberships__user_id=_id_of(user), memberships__role__in=_ROLES[to]
    ).first()
    if project is None:
        raise Http404(f"no project {slug!r} for you to {to}")
    return project


def person(request: HttpRequest) -> User:
    """Return who is signed in. Pages are behind the sign-in, so that nobody else gets this far."""
    if not isinstance(request.user, User):
        raise PermissionDenied("sign in first")
    return request.user


def projects_of(user: User | AnonymousUser) -> list[Project]:
    """Return the projects a person belongs to, by name, for the switcher."""
    return list(Project.objects.filter(memberships__user_id=_id_of(user)).order_by("name", "slug"))


def role_in(user: User | AnonymousUser, project: Project) -> Role | None:
    """Return a person's role in a project, or None for a stranger."""
    membership = Membership.objects.filter(user_id=_id_of(user), project=project).first()
    return Role(membership.role) if membership else None


def can(user: User | AnonymousUser, project: Project, *, to: Purpose) -> bool:
    """Tell whether a person may do that with a project, for pages that offer only what will work."""
    return role_in(user, project) in _ROLES[to]


def may_organise(user: User | AnonymousUser, *, to: Literal["edit", "manage"]) -> bool:
    """Tell whether a person may change what holds in every project, or manage who may."""
    if not isinstance(user, User):
        return False
    roles = [OrganisationRole.OWNER] if to == "manage" else [OrganisationRole.ADMIN, OrganisationRole.OWNER]
    return user.is_superuser or user.organisation_role in roles


def key_for(user: User | AnonymousUser, slug: str, key_id: UUID, *, to: Purpose) -> ApiKey:
    """Return an API key of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    key = project.keys.filter(pk=key_id, is_internal=False).select_related("project").first()
    if key is None:
        raise Http404(f"project {slug!r} has no key {key_id}")
    return key


def membership_for(user: User | AnonymousUser, slug: str, membership_id: int, *, to: Purpose) -> Membership:
    """Return someone's membership of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    membership = project.memberships.filter(pk=membership_id).select_related("project", "user").first()
    if membership is None:
        raise Http404(f"project {slug!r} has no membership {membership_id}")
    return membership


def _id_of(user: User | AnonymousUser) -> int:
    return user.pk or 0
