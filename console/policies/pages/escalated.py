"""The queue of calls that guards held back for a person."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from console.accounts.access import can, person, project_for
from console.masking import UncheckedTextError, as_stored
from console.policies.access import escalation_for
from console.policies.escalations import EscalationError, claim, collect, decide, release
from console.policies.models import Escalation

PER_PAGE = 30
STATES = (
    ("", "Waiting"),
    *((value, label.capitalize()) for value, label in Escalation.State.choices),
    ("all", "All"),
)


@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits for a person, the oldest first; what was decided, the newest first."""
    project = project_for(request.user, slug, to="view")
    collect(project)
    state, reference = request.GET.get("state", ""), request.GET.get("reference", "").strip().lower()[:64]
    rows = Escalation.objects.filter(project=project).select_related("claimed_by", "decided_by")
    if reference:
        rows = rows.filter(span_id=reference)
    elif state in Escalation.State.values:
        rows = rows.filter(state=state)
    elif state != "all":
        rows = rows.filter(state__in=(Escalation.State.OPEN, Escalation.State.CLAIMED)).order_by("at", "id")
    context = {
        "project": project,
        "section": "guards",
        "tab": "escalated",
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "states": STATES,
        "state": state,
        "reference": reference,
        "has_any": Escalation.objects.filter(project=project).exists(),
        "may_edit": can(request.user, project, to="edit"),
    }
    return render(request, "policies/escalated.html", context)


@require_safe
def one(request: HttpRequest, slug: str, escalation_id: UUID) -> HttpResponse:
    """Show one call that was held back."""
    escalation = escalation_for(request.user, slug, escalation_id, to="view")
    context = {
        "project": escalation.project,
        "section": "guards",
        "tab": "escalated",
        "escalation": escalation,
        "is_mine": escalation.claimed_by_id in (None, request.user.pk),
        "may_edit": can(request.user, escalation.project, to="edit"),
    }
    return render(request, "policies/escalation.html", context)


@require_POST
def change(request: HttpRequest, slug: str, escalation_id: UUID) -> HttpResponse:
    """Claim, put back, allow or deny."""
    escalation = escalation_for(request.user, slug, escalation_id, to="edit")
    verb, by = request.POST.get("do", ""), person(request)
    try:
        if verb == "claim":
            claim(escalation=escalation, by=by)
        elif verb == "release":
            release(escalation=escalation, by=by)
        elif verb in ("allow", "deny"):
            # A note may quote the call, which is stored masked.
            (note,) = as_stored(escalation.project, [request.POST.get("note", "").strip()])
            decide(escalation=escalation, allow=verb == "allow", by=by, note=note)
            messages.success(request, "Allowed: tell the caller." if verb == "allow" else "Denied.")
        else:
            messages.error(request, "Choose what to do: claim, put back, allow or deny.")
    except (EscalationError, UncheckedTextError) as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect("policies:escalation", slug, escalation_id)
