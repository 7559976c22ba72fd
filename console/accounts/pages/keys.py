"""API keys: the list, and what can be done to them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.accounts.access import can, key_for, person, project_for
from console.accounts.actions import AccountError, IssuedKey, create_key, revoke_key, rotate_key
from console.accounts.forms import KeyForm, RotateForm, key_fields, rotate_form_of
from console.accounts.models import Project
from console.gateway.snippets import snippets


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's keys; issue one and show its secret, this once."""
    is_post = request.method == "POST"
    project = project_for(request.user, slug, to="manage" if is_post else "view")
    form = KeyForm(request.POST if is_post else None)
    issued = None
    if is_post and form.is_valid():
        lifetime = form.cleaned_data["lifetime"]
        try:
            issued = create_key(
                project=project,
                by=person(request),
                expires_at=timezone.now() + lifetime if lifetime else None,
                **key_fields(form),
            )
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            form = KeyForm()
    return _page(request, project, form=form, issued=issued)


@never_cache
@require_POST
def rotate(request: HttpRequest, slug: str, key_id: UUID) -> HttpResponse:
    """Replace a key by a new one and show its secret, this once."""
    key = key_for(request.user, slug, key_id, to="manage")
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose when the old key stops working.")
        return redirect("accounts:keys", slug)
    try:
        issued = rotate_key(key=key, by=person(request), grace=form.cleaned_data["grace_hours"])
    except AccountError as error:
        messages.error(request, str(error))
        return redirect("accounts:keys", slug)
    return _page(request, key.project, form=KeyForm(), issued=issued)


@require_POST
def revoke(request: HttpRequest, slug: str, key_id: UUID) -> HttpResponse:
    """Close the doors to a key."""
    key = key_for(request.user, slug, key_id, to="manage")
    try:
        revoke_key(key=key, by=person(request))
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Key {key.hint} is revoked. The proxy refuses it within seconds.")
    return redirect("accounts:keys", slug)


def _page(request: HttpRequest, project: Project, *, form: KeyForm, issued: IssuedKey | None) -> HttpResponse:
    now = timezone.now()
    rows = [
        {"key": key, "is_in_force": key.is_in_force(now), "rotate_form": rotate_form_of(key)}
        for key in project.keys.filter(is_internal=False).select_related("created_by").order_by("-created_at")
    ]
    context = {
        "project": project,
        "section": "settings",
        "tab": "keys",
        "form": form,
        "issued": issued,
        "snippets": snippets(issued.secret) if issued else (),
        "keys": sorted(rows, key=lambda row: not row["is_in_force"]),
        "may_manage": can(request.user, project, to="manage"),
    }
    return render(request, "accounts/keys.html", context)
