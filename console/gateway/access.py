"""The doors to upstreams and routes."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import User
from console.gateway.models import ModelRoute, Upstream


def upstream_for(user: User | AnonymousUser, slug: str, upstream_id: UUID, *, to: Purpose) -> Upstream:
    """Return an upstream of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    upstream = project.upstreams.filter(pk=upstream_id).select_related("project").first()
    if upstream is None:
        raise Http404(f"project {slug!r} has no upstream {upstream_id}")
    return upstream


def route_for(user: User | AnonymousUser, slug: str, route_id: UUID, *, to: Purpose) -> ModelRoute:
    """Return a route of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    route = project.routes.filter(pk=route_id).select_related("project").first()
    if route is None:
        raise Http404(f"project {slug!r} has no route {route_id}")
    return route
