"""The guards of a project: a draft on the page, saved as a version, tried on a text beside it."""

from typing import cast, get_args

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.accounts.access import can, person
from console.policies.access import policy_for
from console.policies.actions import save_policy
from console.policies.forms import PLACE_CHOICES, Draft
from console.policies.guards import GuardError
from console.policies.models import Policy
from console.policies.trial import MAX_CHARACTERS, attempt
from guardrails.registry import KINDS
from guardrails.verdict import Place

EXAMPLE = "Write to ada@example.com or call 030 12345678; the card is 4111 1111 1111 1111."


@require_http_methods(["GET", "HEAD", "POST"])
def guards(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the policy in force as a draft; save the draft as the next version."""
    is_post = request.method == "POST"
    policy = policy_for(request.user, slug, to="edit" if is_post else "view")
    if not is_post:
        return _page(request, policy, Draft.of(_in_force(policy)))
    draft, trouble = Draft.posted(request.POST), ""
    if draft.is_valid():
        try:
            version = save_policy(
                policy=policy,
                guards=draft.guards(),
                by=person(request),
                note=request.POST.get("note", "").strip(),
                based_on=_based_on(request, policy),
            )
        except GuardError as error:
            trouble = str(error)
        else:
            messages.success(request, f"Version {version.number} is in force within seconds.")
            return redirect("policies:guards", slug)
    return _page(request, policy, draft, trouble=trouble)


@require_POST
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Add, move or take out a guard of the draft, without saving it."""
    policy = policy_for(request.user, slug, to="edit")
    draft = Draft.posted(request.POST)
    draft.edit(request.POST.get("do", ""))
    return _page(request, policy, draft, is_draft=True)


@require_POST
def try_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Run the draft over a text and show what each guard made of it. Nothing is kept."""
    policy_for(request.user, slug, to="edit")
    draft, text = Draft.posted(request.POST), request.POST.get("try-text", "")
    place = request.POST.get("try-place", "user")
    trouble, trial = "", None
    if place not in get_args(Place):
        trouble = "Choose where in a call the text stands."
    elif len(text) > MAX_CHARACTERS:
        trouble = f"A text to try has at most {MAX_CHARACTERS:,} characters; this one has {len(text):,}."
    elif not draft.is_valid():
        trouble = "A guard of the draft cannot run as it stands; save the draft to see which."
    elif text:
        trial = attempt(draft.guards(), place=cast(Place, place), text=text)
    return render(request, "policies/trial.html", {"trial": trial, "trouble": trouble})


def open_draft(request: HttpRequest, policy: Policy, draft: Draft, *, note: str) -> HttpResponse:
    """Show a draft that another page hands over; it is in force once it is saved."""
    return _page(request, policy, draft, is_draft=True, note=note)


def _page(
    request: HttpRequest,
    policy: Policy,
    draft: Draft,
    *,
    trouble: str = "",
    is_draft: bool = False,
    note: str = "",
) -> HttpResponse:
    is_edited = is_draft or request.method == "POST"
    context = {
        "project": policy.project,
        "section": "guards",
        "tab": "policy",
        "policy": policy,
        "based_on": _based_on(request, policy),
        "draft": draft,
        "is_edited": is_edited,
        "note": note or request.POST.get("note", ""),
        "trouble": trouble,
        "kinds": KINDS.values(),
        "may_edit": can(request.user, policy.project, to="edit"),
        "places": PLACE_CHOICES,
        "example": EXAMPLE,
    }
    is_part = is_draft and request.headers.get("HX-Request") == "true"
    return render(request, "policies/editor.html" if is_part else "policies/guards.html", context)


def _in_force(policy: Policy) -> list[dict[str, object]]:
    version = policy.versions.filter(number=policy.version).first()
    return list(version.guards) if version else []


def _based_on(request: HttpRequest, policy: Policy) -> int:
    posted = request.POST.get("based_on", "")
    return int(posted) if posted.isascii() and posted.isdecimal() and len(posted) < 10 else policy.version
