"""The first page of a project's settings, and the page that makes a project."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.accounts.access import can, person, project_for
from console.accounts.actions import AccountError, change_project, create_project
from console.accounts.forms import NewProjectForm, ProjectForm
from console.gateway.models import Publication
from console.gateway.snippets import snippets


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a name, and make a project of it."""
    form = NewProjectForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        me = person(request)
        try:
            project = create_project(by=me, owner=me, **form.cleaned_data)
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Project {project.name} is ready. Send it its first call.")
            return redirect("accounts:settings", project.slug)
    return render(request, "accounts/project_new.html", {"form": form, "section": "settings"})


@require_http_methods(["GET", "HEAD", "POST"])
def general(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how to send calls and traces to a project, and change its name and habits."""
    is_post = request.method == "POST"
    project = project_for(request.user, slug, to="manage" if is_post else "view")
    form = ProjectForm(request.POST) if is_post else ProjectForm.of(project)
    if is_post and form.is_valid():
        try:
            change_project(project=project, by=person(request), **form.cleaned_data)
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("accounts:settings", slug)
    context = {
        "project": project,
        "section": "settings",
        "tab": "general",
        "form": form,
        "may_manage": can(request.user, project, to="manage"),
        "snippets": snippets(),
        "publication": Publication.objects.filter(id=1).first(),
    }
    return render(request, "accounts/general.html", context)
