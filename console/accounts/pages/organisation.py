"""The organisation: who may change what holds in every project."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.accounts.access import can, may_organise, person, project_for
from console.accounts.actions import AccountError
from console.accounts.forms import OrganisationForm
from console.accounts.models import User
from console.accounts.organisation import appoint


@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """List who has a role in the organisation; give one, change it, or take it away."""
    project = project_for(request.user, slug, to="view")
    may_appoint = may_organise(request.user, to="manage")
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may_appoint:
            raise Http404("only owners of the organisation say who else may change it")
        if form.is_valid():
            try:
                appointed = appoint(by=person(request), **form.cleaned_data)
            except AccountError as error:
                form.add_error(None, str(error))
            else:
                role = appointed.organisation_role
                now = f"is now {role} of" if role else "has no role any more in"
                messages.success(request, f"{appointed.email} {now} the organisation.")
                return redirect("accounts:organisation", slug)
    context = {
        "project": project,
        "section": "settings",
        "tab": "organisation",
        "form": form,
        "people": User.objects.exclude(organisation_role="").order_by("-organisation_role", "email"),
        "may_appoint": may_appoint,
        "may_manage": can(request.user, project, to="manage"),
    }
    return render(request, "accounts/organisation.html", context)
