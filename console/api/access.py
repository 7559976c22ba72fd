"""The API's door: the project a request is about."""

from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.request import Request

from console.accounts.access import Purpose, project_for
from console.accounts.models import ApiKey, Project, User


def project_of(request: Request, *, to: Purpose) -> Project:
    """Return the project of the key that was presented, or the one a signed-in person names with `?project=`.

    What a key or a person may not see does not exist for them.
    """
    slug = request.query_params.get("project", "")
    if isinstance(request.auth, ApiKey):
        project = request.auth.project
        if slug and slug != project.slug:
            raise Http404(f"the key belongs to another project than {slug!r}")
        return project
    if not isinstance(request.user, User | AnonymousUser):
        raise NotAuthenticated
    if not slug:
        raise ValidationError({"project": ["Name the project: ?project=<slug>."]})
    return project_for(request.user, slug, to=to)


def author_of(request: Request) -> str:
    """Return who gave a judgement through the API: a person's address, or the name of a key."""
    if isinstance(request.auth, ApiKey):
        return request.auth.name
    return request.user.email if isinstance(request.user, User) else ""
