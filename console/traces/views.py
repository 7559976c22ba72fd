"""The list of traces, kept live on demand, and one trace."""

import hashlib
import re
from dataclasses import fields
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from console.accounts.access import can, project_for
from console.accounts.models import Project, User
from console.pages import bad_filters, is_partial, zone_of
from console.ranges import CHOICES, FilterError
from console.store import store
from console.traces.detail import find_trace, opened, summary
from console.traces.filters import TraceFilters, chips, has_filters, parse_filters
from console.traces.tree import branches, extent, scale
from ingest.queries.listing import CursorError, Page, Wanted, facets, page
from ingest.queries.spans import span_detail
from ingest.queries.traffic import environments, has_any_traffic

PAGE_SIZE = 50
FACETS = {
    "status": ("status", "Status"),
    "model": ("model", "Model"),
    "environment": ("env", "Environment"),
    "feature": ("feature", "Feature"),
    "guard_action": ("guard", "Guard"),
    "kind": ("kind", "Kind"),
    "prompt_name": ("prompt", "Prompt"),
    "user_id": ("user", "User"),
}
"""Columns that can be narrowed by a click: the parameter each one sets, and its heading."""
_ID = re.compile(r"[0-9a-f]{1,64}")


@never_cache
@require_GET
def list_traces(request: HttpRequest, slug: str) -> HttpResponse:
    """List traces, or single calls, newest first; htmx gets the rows alone, and nothing when nothing is new."""
    project = _project(request.user, slug)
    context: dict[str, Any] = {"project": project, "section": "traces", "title": "Traces"}
    try:
        filters = parse_filters(request.GET, zone=zone_of(project), now=timezone.now())
        wanted = _wanted(filters)
        found = page(
            store(),
            project_id=project.id,
            wanted=wanted,
            cursor=request.GET.get("cursor", ""),
            limit=PAGE_SIZE,
        )
    except FilterError as error:
        return bad_filters(request, error, context)
    except CursorError as error:
        return bad_filters(request, FilterError({"cursor": str(error)}), context)
    is_live = request.GET.get("live") == "1" and not request.GET.get("cursor")
    context |= {
        "filters": filters,
        "chosen": filters.range,
        "page": found,
        "is_live": is_live,
        "signature": _signature(found),
        "older_url": _address(request, cursor=found.next_cursor) if found.next_cursor else "",
        "newest_url": _address(request, cursor="") if request.GET.get("cursor") else "",
        "rows_url": _address(request, seen=_signature(found)),
    }
    if is_partial(request):
        if request.GET.get("seen") == context["signature"]:
            return HttpResponse(status=204)
        return render(request, "traces/_rows.html", context)
    is_empty = (
        not found.rows and not has_filters(filters) and not has_any_traffic(store(), project_id=project.id)
    )
    context |= {
        "chips": chips(request.GET),
        "facets": [
            (*FACETS[facet.column], facet.counts)
            for facet in facets(store(), project_id=project.id, wanted=wanted)
        ],
        "range_choices": CHOICES,
        "environment": filters.environment,
        "environments": environments(
            store(), project_id=project.id, since=timezone.now() - timedelta(days=90)
        ),
        "live_url": _address(request, live="" if is_live else "1", cursor=""),
        "is_empty": is_empty,
        "project_url": f"/p/{project.slug}/",
        "has_filters": has_filters(filters),
        "may_edit": can(request.user, project, to="edit"),
    }
    return render(request, "traces/list.html", context)


@never_cache
@require_GET
def show_trace(request: HttpRequest, slug: str, trace_id: str) -> HttpResponse:
    """Show a trace with one of its spans laid open; htmx gets that span alone."""
    project = _project(request.user, slug)
    wants_span = request.GET.get("span", "")
    if not _ID.fullmatch(trace_id) or (wants_span and not _ID.fullmatch(wants_span)):
        raise Http404("trace and span ids are lower-case hex digits")
    trace = find_trace(store(), project_id=project.id, trace_id=trace_id)
    if trace is None:
        missing = {"project": project, "section": "traces", "trace_id": trace_id}
        return render(request, "traces/missing.html", missing, status=404)
    heading = summary(trace)
    span = span_detail(
        store(), project_id=project.id, trace_id=trace_id, span_id=wants_span or heading.node.span_id
    )
    if span is None:
        raise Http404(f"no span {wants_span} in trace {trace_id}")
    context = {
        "project": project,
        "section": "traces",
        "trace": trace,
        "summary": heading,
        "span": opened(span, trace, key_names=_key_names(project)),
        "selected": span.span_id,
        "traces_url": f"/p/{project.slug}/traces/",
        "may_edit": can(request.user, project, to="edit"),
    }
    if is_partial(request):
        return render(request, "traces/_span.html", context)
    context |= {"branches": branches(trace.nodes), "scale": scale(extent(trace.nodes)[1])}
    return render(request, "traces/trace.html", context)


def _project(user: User | AnonymousUser, slug: str) -> Project:
    return project_for(user, slug, to="view")


def _wanted(filters: TraceFilters) -> Wanted:
    same = {one.name for one in fields(TraceFilters)} & {one.name for one in fields(Wanted)}
    return Wanted(
        start=filters.range.start,
        end=filters.range.end,
        calls_only=filters.scope == "calls",
        min_duration_us=None if filters.min_duration_ms is None else filters.min_duration_ms * 1000,
        **{name: getattr(filters, name) for name in same},
    )


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.pop("seen", None)
    for name, value in changes.items():
        query[name] = value
        if not value:
            del query[name]
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _signature(found: Page) -> str:
    """Return what changes when anything that the list shows has changed."""
    return hashlib.blake2b(repr(found).encode(), digest_size=8).hexdigest()


def _key_names(project: Project) -> dict[str, str]:
    return {str(key.pk): f"key “{key.name}” …{key.last4}" for key in project.keys.all()}
