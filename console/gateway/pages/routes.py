"""Routes: which upstream answers for which model."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.accounts.access import can, person, project_for
from console.gateway.access import route_for
from console.gateway.actions import GatewayError, remove_route, save_route
from console.gateway.forms import RouteForm


@require_http_methods(["GET", "HEAD", "POST"])
def routes(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's routes; add one."""
    is_post = request.method == "POST"
    project = project_for(request.user, slug, to="manage" if is_post else "view")
    form = RouteForm(project, request.POST if is_post else None)
    if is_post and form.is_valid():
        try:
            route = save_route(project=project, by=person(request), targets=form.targets(), **_values(form))
        except GatewayError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Calls for {route.pattern} have a route.")
            return redirect("gateway:routes", slug)
    context = {
        "project": project,
        "section": "settings",
        "tab": "routes",
        "form": form,
        "routes": project.routes.prefetch_related("targets__upstream"),
        "has_upstreams": project.upstreams.exists(),
        "may_manage": can(request.user, project, to="manage"),
    }
    return render(request, "gateway/routes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str, route_id: UUID) -> HttpResponse:
    """Show and change a route."""
    route = route_for(request.user, slug, route_id, to="manage")
    project = route.project
    form = RouteForm(project, request.POST) if request.method == "POST" else RouteForm.of(route)
    if request.method == "POST" and form.is_valid():
        try:
            save_route(
                project=project, route=route, by=person(request), targets=form.targets(), **_values(form)
            )
        except GatewayError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("gateway:routes", slug)
    context = {
        "project": project,
        "section": "settings",
        "tab": "routes",
        "form": form,
        "route": route,
        "may_manage": True,
    }
    return render(request, "gateway/route.html", context)


@require_POST
def remove(request: HttpRequest, slug: str, route_id: UUID) -> HttpResponse:
    """Remove a route."""
    route = route_for(request.user, slug, route_id, to="manage")
    remove_route(route=route, by=person(request))
    messages.success(request, f"The route {route.pattern} is removed.")
    return redirect("gateway:routes", slug)


def _values(form: RouteForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("pattern", "max_retries")}
