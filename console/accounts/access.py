"""The doors: the one way to get a thing on someone's behalf."""

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.models import Project, Role, User

Purpose = Literal["view", "edit", "manage"]

_ROLES: dict[Purpose, list[Role]] = {
    "view": [Role.VIEWER, Role.EDITOR, Role.OWNER],
    "edit": [Role.EDITOR, Role.OWNER],
    "manage": [Role.OWNER],
}


def project_for(user: User | AnonymousUser, slug: str, *, to: Purpose) -> Project:
    """Return a project if this person may do that with it; otherwise it does not exist for them."""
    project = Project.objects.filter(
        slug=slug, memberships__user_id=user.pk, memberships__role__in=_ROLES[to]
    ).first()
    if project is None:
        raise Http404(f"no project {slug!r} for you to {to}")
    return project
