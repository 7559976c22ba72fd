"""Members: who may see a project, and the link by which a new one gets in."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.accounts.access import can, membership_for, person, project_for
from console.accounts.actions import AccountError, add_member, remove_member, set_role
from console.accounts.forms import MemberForm, RoleForm
from console.accounts.models import Project, User


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """List the members; let someone in, with a link to hand over if they have no account yet."""
    is_post = request.method == "POST"
    project = project_for(request.user, slug, to="manage" if is_post else "view")
    form = MemberForm(request.POST if is_post else None)
    if is_post and form.is_valid():
        try:
            membership = add_member(project=project, by=person(request), **form.cleaned_data)
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            user = membership.user
            return _page(request, project, form=MemberForm(), invited=user)
    return _page(request, project, form=form)


@never_cache
@require_POST
def invite_again(request: HttpRequest, slug: str, membership_id: int) -> HttpResponse:
    """Show the link again of someone who never came in."""
    membership = membership_for(request.user, slug, membership_id, to="manage")
    return _page(request, membership.project, form=MemberForm(), invited=membership.user)


@require_POST
def role(request: HttpRequest, slug: str, membership_id: int) -> HttpResponse:
    """Give a member another role."""
    membership = membership_for(request.user, slug, membership_id, to="manage")
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("accounts:members", slug)
    try:
        set_role(membership=membership, by=person(request), **form.cleaned_data)
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{membership.user.email} is now {form.cleaned_data['role']}.")
    return redirect("accounts:members", slug)


@require_POST
def remove(request: HttpRequest, slug: str, membership_id: int) -> HttpResponse:
    """Show a member out."""
    membership = membership_for(request.user, slug, membership_id, to="manage")
    try:
        remove_member(membership=membership, by=person(request))
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{membership.user.email} no longer sees this project.")
    return redirect("accounts:members", slug)


def _page(
    request: HttpRequest, project: Project, *, form: MemberForm, invited: User | None = None
) -> HttpResponse:
    context = {
        "project": project,
        "section": "settings",
        "tab": "members",
        "form": form,
        "invited": invited,
        "link": _link_for(invited, project) if invited else "",
        "members": project.memberships.select_related("user").order_by("user__email"),
        "may_manage": can(request.user, project, to="manage"),
    }
    return render(request, "accounts/members.html", context)


def _link_for(user: User, project: Project) -> str:
    """Return the link by which someone without a password chooses one; empty for anyone who has one.

    Only the project that let a person in first hands it out. Were it made by others or for others too, an owner
    of one project could take over an account and see the other projects it was let into.
    """
    first = user.memberships.order_by("pk").first()
    is_theirs = first is not None and first.project_id == project.pk
    if user.has_usable_password() or user.last_login is not None or not is_theirs:
        return ""
    path = reverse(
        "accounts:welcome",
        args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)],
    )
    return settings.CONSOLE_URL.rstrip("/") + path
