"""The door to rules."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import User
from console.evaluations.models import Rule


def rule_for(user: User | AnonymousUser, slug: str, rule_id: UUID, *, to: Purpose) -> Rule:
    """Return a rule of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    rule = Rule.objects.filter(project=project, pk=rule_id).select_related("project").first()
    if rule is None:
        raise Http404(f"project {slug!r} has no evaluation {rule_id}")
    return rule
