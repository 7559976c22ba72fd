"""The doors to policies."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from console.accounts.access import Purpose, may_organise, project_for
from console.accounts.models import User
from console.policies.models import Escalation, Policy, PolicyVersion
from console.policies.scopes import PolicyScope


def policy_for(user: User | AnonymousUser, slug: str, *, to: Purpose) -> Policy:
    """Return the active policy of a project, if this person may do that with it."""
    project = project_for(user, slug, to=to)
    own = Policy.objects.filter(project=project, route=None, key=None, is_active=True)
    policy = own.select_related("project").first()
    if policy is None:
        raise Http404(f"project {slug!r} has no policy")
    return policy


def scope_for(user: User | AnonymousUser, slug: str, text: str, *, to: Purpose) -> PolicyScope:
    """Return a scope named by a page, if this person may do that with its policy."""
    kind, _, identity = text.partition(":")
    if kind == "organisation":
        project = project_for(user, slug, to="view")
        if to == "view" or may_organise(user, to="edit"):
            return PolicyScope(kind="organisation", project=project)
        raise Http404(f"the organisation's guards are not for you to {to}")
    project = project_for(user, slug, to=to)
    if kind in ("", "project"):
        return PolicyScope(kind="project", project=project)
    if kind == "route" and (route := project.routes.filter(pk=_uuid(identity)).first()):
        return PolicyScope(kind="route", project=project, route=route)
    if kind == "key" and (key := project.keys.filter(pk=_uuid(identity), is_internal=False).first()):
        return PolicyScope(kind="key", project=project, key=key)
    raise Http404(f"project {slug!r} has no scope {text[:60]!r} for you to {to}")


def may_edit(user: User | AnonymousUser, scope: PolicyScope) -> bool:
    """Tell whether a person may change a scope's policy, for pages that offer only what will work."""
    try:
        scope_for(user, scope.project.slug, scope.text, to="edit")
    except Http404:
        return False
    return True


def version_for(
    user: User | AnonymousUser, slug: str, number: int, *, to: Purpose, scope: str = ""
) -> PolicyVersion:
    """Return one version of a scope's active policy, if this person may do that with it."""
    policy = scope_for(user, slug, scope, to=to).policy()
    version = policy.versions.filter(number=number).select_related("policy").first()
    if version is None:
        raise Http404(f"policy {policy.name!r} has no version {number}")
    return version


def escalation_for(user: User | AnonymousUser, slug: str, escalation_id: UUID, *, to: Purpose) -> Escalation:
    """Return a call that was held for a person, if this one may do that with it."""
    project = project_for(user, slug, to=to)
    found = Escalation.objects.filter(project=project, pk=escalation_id).select_related("project").first()
    if found is None:
        raise Http404(f"project {slug!r} has no escalation {escalation_id}")
    return found


def _uuid(text: str) -> UUID:
    """Return the id that a page named; what is none is that of nothing."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
