"""Upstreams: the list, one's form, and whether it answers."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import can, person, project_for
from console.gateway.access import upstream_for
from console.gateway.actions import GatewayError, add_upstream, change_upstream, remove_upstream
from console.gateway.addresses import AddressError
from console.gateway.forms import UpstreamForm
from console.gateway.models import Origin, Protocol
from console.gateway.probe import probe
from console.settings.providers import PROVIDERS, variables_of


@require_safe
def upstreams(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's upstreams."""
    project = project_for(request.user, slug, to="view")
    context = {
        "project": project,
        "section": "settings",
        "tab": "upstreams",
        "upstreams": project.upstreams.annotate(routes=Count("targets__route", distinct=True)),
        "may_manage": can(request.user, project, to="manage"),
    }
    return render(request, "gateway/upstreams.html", context)


@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add an upstream."""
    project = project_for(request.user, slug, to="manage")
    known = next((one for one in PROVIDERS if one.name == request.GET.get("provider")), None)
    form = UpstreamForm(request.POST) if request.method == "POST" else UpstreamForm.for_provider(known)
    if request.method == "POST" and form.is_valid():
        try:
            upstream = add_upstream(
                project=project, by=person(request), api_key=form.new_key() or "", **form.values()
            )
        except (GatewayError, AddressError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Upstream {upstream.name} is added. Give it a route next.")
            return redirect("gateway:routes", slug)
    context = {
        "project": project,
        "section": "settings",
        "tab": "upstreams",
        "form": form,
        "providers": PROVIDERS,
        "may_manage": True,
    }
    return render(request, "gateway/upstream.html", context)


@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str, upstream_id: UUID) -> HttpResponse:
    """Show and change an upstream."""
    upstream = upstream_for(request.user, slug, upstream_id, to="manage")
    is_demo = upstream.protocol == Protocol.DEMO
    form = UpstreamForm(request.POST) if request.method == "POST" else UpstreamForm.of(upstream)
    if request.method == "POST" and not is_demo and form.is_valid():
        had_key = upstream.has_key
        try:
            changed = change_upstream(
                upstream=upstream, by=person(request), api_key=form.new_key(), **form.values()
            )
        except (GatewayError, AddressError) as error:
            form.add_error(None, str(error))
        else:
            if had_key and not changed.has_key and form.new_key() is None:
                messages.warning(
                    request, "Saved. The address is new, so the stored key is void: enter it again."
                )
            else:
                messages.success(request, "Saved.")
            return redirect("gateway:upstream", slug, upstream.pk)
    variables = next((variables_of(one) for one in PROVIDERS if one.name == upstream.provider), ())
    context = {
        "project": upstream.project,
        "section": "settings",
        "tab": "upstreams",
        "form": form,
        "upstream": upstream,
        "is_demo": is_demo,
        "variables": variables if upstream.origin == Origin.ENVIRONMENT else (),
        "may_manage": True,
    }
    return render(request, "gateway/upstream.html", context)


@require_POST
def test(request: HttpRequest, slug: str, upstream_id: UUID) -> HttpResponse:
    """Ask an upstream for its models and show what came back."""
    upstream = upstream_for(request.user, slug, upstream_id, to="manage")
    return render(request, "gateway/probe.html", {"upstream": upstream, "answer": probe(upstream)})


@require_POST
def remove(request: HttpRequest, slug: str, upstream_id: UUID) -> HttpResponse:
    """Remove an upstream and the routes that lead nowhere without it."""
    upstream = upstream_for(request.user, slug, upstream_id, to="manage")
    remove_upstream(upstream=upstream, by=person(request))
    messages.success(request, f"Upstream {upstream.name} is removed.")
    return redirect("gateway:upstreams", slug)
