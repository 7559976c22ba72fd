"""What the guards did lately."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.policies.access import policy_for


@require_safe
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the newest decisions of the guards, and how many there were."""
    policy = policy_for(request.user, slug, to="view")
    return render(request, "policies/history.html", {"project": policy.project})
