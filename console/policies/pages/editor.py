"""The guards of a scope: a draft on the page, saved as a version, tried on a text beside it."""

from typing import cast, get_args

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.accounts.access import person
from console.policies.access import may_edit, scope_for
from console.policies.actions import save_policy
from console.policies.forms import PLACE_CHOICES, Draft, VersionForm
from console.policies.guards import GuardError
from console.policies.models import Policy
from console.policies.scopes import PolicyScope, scopes_of
from console.policies.trial import MAX_CHARACTERS, attempt
from guardrails.registry import KINDS
from guardrails.verdict import Place

EXAMPLE = "Write to ada@example.com or call 030 12345678; the card is 4111 1111 1111 1111."


@require_http_methods(["GET", "HEAD", "POST"])
def guards(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the policy in force as a draft; save the draft as the next version."""
    is_post = request.method == "POST"
    scope = scope_for(request.user, slug, _scope(request), to="edit" if is_post else "view")
    if not is_post:
        newest = scope.newest()
        return _page(request, scope, Draft.of(newest.guards if newest else []), VersionForm.of(newest))
    draft, version_form, trouble = Draft.posted(request.POST), VersionForm(request.POST), ""
    # Both are asked, so that both show their errors.
    if draft.is_valid() & version_form.is_valid():
        policy = scope.policy()
        try:
            version = save_policy(
                policy=policy,
                guards=draft.guards(),
                by=person(request),
                based_on=_based_on(request, policy),
                **version_form.values(),
            )
        except GuardError as error:
            trouble = str(error)
        else:
            share = (
                "" if version.rollout_percent == 100 else f" for {version.rollout_percent} % of conversations"
            )
            messages.success(request, f"Version {version.number} is in force within seconds{share}.")
            return redirect(f"{reverse('policies:guards', args=[slug])}{_query(scope)}")
    else:
        trouble = f"Nothing is saved yet. {draft.first_trouble() or version_form.first_trouble()}"
    return _page(request, scope, draft, version_form, trouble=trouble)


@require_POST
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Add, move or take out a guard of the draft, without saving it."""
    scope = scope_for(request.user, slug, _scope(request), to="edit")
    draft = Draft.posted(request.POST)
    draft.edit(request.POST.get("do", ""))
    return _page(request, scope, draft, VersionForm(request.POST), is_draft=True)


@require_POST
def try_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Run the draft over a text and show what each guard made of it. Nothing is kept."""
    scope = scope_for(request.user, slug, _scope(request), to="edit")
    draft, text = Draft.posted(request.POST), request.POST.get("try-text", "")
    place = request.POST.get("try-place", "user")
    trouble, trial = "", None
    if place not in get_args(Place):
        trouble = "Choose where in a call the text stands."
    elif len(text) > MAX_CHARACTERS:
        trouble = f"A text to try has at most {MAX_CHARACTERS:,} characters; this one has {len(text):,}."
    elif not draft.is_valid():
        trouble = f"A guard of the draft cannot run as it stands: {draft.first_trouble()}"
    elif text:
        trial = attempt(draft.guards(), place=cast(Place, place), text=text, project_id=scope.project.pk)
    return render(request, "policies/trial.html", {"trial": trial, "trouble": trouble})


def open_draft(request: HttpRequest, policy: Policy, draft: Draft, *, note: str) -> HttpResponse:
    """Show a draft of a project's policy that another page hands over; it is in force once it is saved."""
    assert policy.project is not None
    scope = PolicyScope(kind="project", project=policy.project)
    return _page(request, scope, draft, VersionForm.of(scope.newest(), note=note), is_draft=True)


def _page(
    request: HttpRequest,
    scope: PolicyScope,
    draft: Draft,
    version_form: VersionForm,
    *,
    trouble: str = "",
    is_draft: bool = False,
) -> HttpResponse:
    is_edited = is_draft or request.method == "POST"
    policy = scope.policy()
    context = {
        "project": scope.project,
        "section": "guards",
        "tab": "policy",
        "policy": policy,
        "scope": scope,
        "scope_query": _query(scope),
        "scopes": scopes_of(scope.project),
        "newest": scope.newest(),
        "based_on": _based_on(request, policy),
        "draft": draft,
        "version_form": version_form,
        "is_edited": is_edited,
        "trouble": trouble,
        "kinds": KINDS.values(),
        "may_edit": may_edit(request.user, scope),
        "places": PLACE_CHOICES,
        "example": EXAMPLE,
    }
    is_part = is_draft and request.headers.get("HX-Request") == "true"
    return render(request, "policies/editor.html" if is_part else "policies/guards.html", context)


def _scope(request: HttpRequest) -> str:
    return request.POST.get("scope", "") or request.GET.get("scope", "")


def _query(scope: PolicyScope) -> str:
    return "" if scope.kind == "project" else f"?scope={scope.text}"


def _based_on(request: HttpRequest, policy: Policy) -> int:
    posted = request.POST.get("based_on", "")
    return int(posted) if posted.isascii() and posted.isdecimal() and len(posted) < 10 else policy.version
