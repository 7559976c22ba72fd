"""The queue of calls that guards held back for a person."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.accounts.access import can, person, project_for
from console.masking import UncheckedTextError, as_stored
from console.policies.access import escalation_for
from console.policies.escalations import (
    LONGEST_PERMIT,
    EscalationError,
    claim,
    collect,
    decide,
    note_passed,
    of_the_same_call,
    release,
    revoke,
)
from console.policies.models import Escalation
from console.policies.permits import in_force
from console.store import StoreUnavailableError

PER_PAGE = 30
PASSING = "passing"
STATES = (
    ("", "Waiting"),
    *((value, label.capitalize()) for value, label in Escalation.State.choices),
    (PASSING, "Let pass now"),
    ("all", "All"),
)
LASTING = (
    ("60", "1 hour"),
    ("480", "8 hours"),
    ("1440", "1 day"),
    ("10080", "7 days"),
    ("43200", "30 days"),
)
"""For how many minutes a call can be allowed, as the page offers it."""


@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits for a person, the oldest first; what was decided, the newest first."""
    project = project_for(request.user, slug, to="view")
    collect(project)
    state, reference = request.GET.get("state", ""), request.GET.get("reference", "").strip().lower()[:64]
    rows = Escalation.objects.filter(project=project).select_related("claimed_by", "decided_by")
    if state == PASSING and not reference:
        rows = rows.filter(pk__in=in_force(timezone.now()).values("pk")).order_by("allowed_until", "id")
    elif reference:
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
    if escalation.allowed_until is not None:
        # How often it passed can wait for a store that is away.
        with suppress(StoreUnavailableError, OSError):
            note_passed(escalation.project)
        escalation.refresh_from_db()
    context = {
        "project": escalation.project,
        "section": "guards",
        "tab": "escalated",
        "escalation": escalation,
        "same_call": of_the_same_call(escalation),
        "lasting": LASTING,
        "is_mine": escalation.claimed_by_id in (None, request.user.pk),
        "may_edit": can(request.user, escalation.project, to="edit"),
    }
    return render(request, "policies/escalation.html", context)


@require_POST
def change(request: HttpRequest, slug: str, escalation_id: UUID) -> HttpResponse:
    """Claim, put back, allow, deny, or take an allowance back."""
    escalation = escalation_for(request.user, slug, escalation_id, to="edit")
    verb, by = request.POST.get("do", ""), person(request)
    try:
        if verb == "claim":
            claim(escalation=escalation, by=by)
        elif verb == "release":
            release(escalation=escalation, by=by)
        elif verb == "revoke":
            revoke(escalation=escalation, by=by)
            messages.success(request, "Revoked: within seconds the same call is held again.")
        elif verb in ("allow", "deny"):
            # A note may quote the call, which is stored masked.
            (note,) = as_stored(escalation.project, [request.POST.get("note", "").strip()])
            decided = decide(
                escalation=escalation,
                allow=verb == "allow",
                by=by,
                note=note,
                lasts=_lasting(request.POST.get("lasts", LASTING[0][0])),
                for_one_call=request.POST.get("once") == "on",
            )
            messages.success(request, _said(decided))
        else:
            messages.error(request, "Choose what to do: claim, put back, allow, deny or revoke.")
    except (EscalationError, UncheckedTextError) as error:
        messages.error(request, f"Nothing was changed: {error}.")
    if request.POST.get("from") == "list":
        return redirect(f"{reverse('policies:escalated', args=[slug])}?state={PASSING}")
    return redirect("policies:escalation", slug, escalation_id)


def _lasting(text: str) -> timedelta:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LONGEST_PERMIT // _MINUTE):
        raise EscalationError(
            f"a call is allowed for 1 to {LONGEST_PERMIT // _MINUTE} minutes, not for {text[:20]!r}"
        )
    return int(text) * _MINUTE


def _said(escalation: Escalation) -> str:
    if escalation.state == Escalation.State.DENIED:
        return "Denied. The caller stays refused, and the same call is held again."
    if escalation.allowed_until is None:
        return "Allowed. It came as a trace, so that there is nothing to send again."
    how = "one such call passes" if escalation.is_for_one_call else "the same call passes"
    return f"Allowed: within seconds {how}. Tell the caller to send it again."


_MINUTE = timedelta(minutes=1)
