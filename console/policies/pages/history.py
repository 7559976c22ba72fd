"""Every version a policy had, what each changed, and the way back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from console.accounts.access import can, person
from console.policies.access import policy_for, version_for
from console.policies.actions import roll_back
from console.policies.changes import differences
from console.policies.guards import GuardError

PER_PAGE = 20


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the versions, newest first, each with what it changed."""
    policy = policy_for(request.user, slug, to="view")
    versions = policy.versions.select_related("created_by").order_by("-number")
    page = Paginator(versions, PER_PAGE).get_page(request.GET.get("page"))
    on_page = list(page)
    oldest = on_page[-1].number if on_page else 0
    guards = {version.number: version.guards for version in on_page}
    before = policy.versions.filter(number=oldest - 1).first()
    guards[oldest - 1] = before.guards if before else []
    context = {
        "project": policy.project,
        "section": "guards",
        "tab": "history",
        "policy": policy,
        "page": page,
        "versions": [
            {
                "version": version,
                "differences": differences(guards.get(version.number - 1, []), version.guards),
            }
            for version in on_page
        ],
        "may_edit": can(request.user, policy.project, to="edit"),
    }
    return render(request, "policies/history.html", context)


@require_POST
def back_to(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Put an old version in force again."""
    version = version_for(request.user, slug, number, to="edit")
    try:
        saved = roll_back(policy=version.policy, to=version, by=person(request))
    except GuardError as error:
        messages.error(request, f"Version {number} cannot be enforced any more: {error}")
    else:
        messages.success(request, f"Version {saved.number} brings back version {number}.")
    return redirect("policies:history", slug)
