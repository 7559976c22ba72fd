"""The door to findings."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import User
from console.drift.models import Comparison


def comparison_for(user: User | AnonymousUser, slug: str, comparison_id: UUID, *, to: Purpose) -> Comparison:
    """Return a comparison of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    comparison = (
        Comparison.objects.filter(project=project, pk=comparison_id).select_related("project").first()
    )
    if comparison is None:
        raise Http404(f"project {slug!r} has no drift comparison {comparison_id}")
    return comparison
