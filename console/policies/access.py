"""The doors to policies."""

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import User
from console.policies.models import Policy, PolicyVersion


def policy_for(user: User | AnonymousUser, slug: str, *, to: Purpose) -> Policy:
    """Return the active policy of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    policy = Policy.objects.filter(project=project, is_active=True).select_related("project").first()
    if policy is None:
        raise Http404(f"project {slug!r} has no policy")
    return policy


def version_for(user: User | AnonymousUser, slug: str, number: int, *, to: Purpose) -> PolicyVersion:
    """Return one version of a project's active policy, if this person may do that with it."""
    policy = policy_for(user, slug, to=to)
    version = policy.versions.filter(number=number).select_related("policy").first()
    if version is None:
        raise Http404(f"policy {policy.name!r} has no version {number}")
    return version
