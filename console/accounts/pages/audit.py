"""The audit log as people read it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.accounts.access import project_for
from console.accounts.audit import first_broken

PER_PAGE = 50


@require_safe
def audit_log(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who changed what, newest first, and whether the chain is whole."""
    project = project_for(request.user, slug, to="manage")
    page = Paginator(project.audit_entries.order_by("-number"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "section": "settings",
        "tab": "audit",
        "entries": page,
        "broken": first_broken(project),
    }
    return render(request, "accounts/audit.html", context)
