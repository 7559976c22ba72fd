"""Every version a policy had, what each changed, how far the newest is rolled out, and the way back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from console.accounts.access import person
from console.policies.access import may_edit, scope_for, version_for
from console.policies.actions import roll_back, roll_out
from console.policies.changes import Difference, differences
from console.policies.guards import GuardError
from console.policies.models import PolicyVersion
from console.policies.scopes import PolicyScope, scopes_of

PER_PAGE = 20


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the versions, newest first, each with what it changed from the one before or from one that is chosen."""
    scope = scope_for(request.user, slug, request.GET.get("scope", ""), to="view")
    policy = scope.policy()
    versions = policy.versions.select_related("created_by").order_by("-number")
    page = Paginator(versions, PER_PAGE).get_page(request.GET.get("page"))
    on_page = list(page)
    oldest = on_page[-1].number if on_page else 0
    earlier = policy.versions.filter(number=oldest - 1).first()
    before = {version.number + 1: version for version in (*on_page, earlier) if version is not None}
    chosen = _chosen(request, policy.versions.all())
    context = {
        "project": scope.project,
        "section": "guards",
        "tab": "history",
        "policy": policy,
        "scope": scope,
        "scope_query": _query(scope),
        "scopes": scopes_of(scope.project),
        "page": page,
        "versions": [
            {"version": version, "differences": _changes(before.get(version.number), version)}
            for version in on_page
        ],
        "all_numbers": versions.values_list("number", flat=True)[:200],
        "chosen": chosen,
        "compared": _changes(*chosen) if chosen else [],
        "may_edit": may_edit(request.user, scope),
    }
    return render(request, "policies/history.html", context)


@require_POST
def back_to(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Put an old version in force again."""
    scope = scope_for(request.user, slug, request.POST.get("scope", ""), to="edit")
    version = version_for(request.user, slug, number, to="edit", scope=scope.text)
    try:
        saved = roll_back(policy=version.policy, to=version, by=person(request))
    except GuardError as error:
        messages.error(request, f"Version {number} cannot be enforced any more: {error}")
    else:
        messages.success(request, f"Version {saved.number} brings back version {number}.")
    return redirect(f"{reverse('policies:history', args=[slug])}{_query(scope)}")


@require_POST
def roll_out_to(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the newest version in force for another share of the conversations."""
    scope = scope_for(request.user, slug, request.POST.get("scope", ""), to="edit")
    text = request.POST.get("percent", "")
    policy = scope.policy()
    if not (text.isascii() and text.isdecimal() and len(text) <= 3) or not policy.version:
        messages.error(request, f"Give a share from 0 to 100, not {text[:20]!r}.")
    else:
        try:
            saved = roll_out(policy=policy, percent=int(text), by=person(request))
        except GuardError as error:
            messages.error(request, f"Nothing was changed: {error}.")
        else:
            messages.success(
                request, f"Version {saved.number} is in force for {saved.rollout_percent} % of conversations."
            )
    return redirect(f"{reverse('policies:history', args=[slug])}{_query(scope)}")


def _changes(before: PolicyVersion | None, after: PolicyVersion) -> list[Difference]:
    found = differences(before.guards if before else [], after.guards)
    for field, words in (("rollout_percent", "in force for (%)"), ("remembers_s", "remembers (s)")):
        was, is_ = getattr(before, field) if before else None, getattr(after, field)
        if before is not None and was != is_:
            found.insert(
                0, Difference(guard="version", what="changed", field=words, before=str(was), after=str(is_))
            )
    return found


def _chosen(
    request: HttpRequest, versions: QuerySet[PolicyVersion]
) -> tuple[PolicyVersion, PolicyVersion] | None:
    """Return the two versions that the page was asked to compare."""
    numbers = [request.GET.get(name, "") for name in ("from", "to")]
    if not all(number.isascii() and number.isdecimal() and len(number) < 10 for number in numbers):
        return None
    found = {version.number: version for version in versions.filter(number__in=map(int, numbers))}
    one, other = (found.get(int(number)) for number in numbers)
    return (one, other) if one and other else None


def _query(scope: PolicyScope) -> str:
    return "" if scope.kind == "project" else f"?scope={scope.text}"
