"""The Overview and the Costs of a project."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from console.accounts.access import project_for, projects_of
from console.accounts.models import Project
from console.dashboards import costs, overview
from console.dashboards.charts import OTHERS
from console.gateway.snippets import snippets
from console.pages import bad_filters, is_partial, zone_of
from console.ranges import CHOICES, FilterError, TimeRange, parse_range
from console.store import store
from ingest.queries.bills import charges, cost_course, unpriced_models
from ingest.queries.traffic import environments, has_any_traffic, traffic, traffic_course

MOST_SERIES = 5
SHORT = timedelta(days=7)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send a person to their first project, or say that there is none."""
    projects = projects_of(request.user)
    if not projects:
        return render(request, "dashboards/no_project.html")
    return redirect("dashboards:overview", slug=projects[0].slug)


@never_cache
@require_GET
def show_overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how the project's traffic goes."""
    project = project_for(request.user, slug, to="view")
    context = {"project": project, "section": "overview", "title": "Overview"}
    try:
        chosen = _range(request, project)
    except FilterError as error:
        return bad_filters(request, error, context)
    client, environment = store(), request.GET.get("env", "")[:200]
    if not has_any_traffic(client, project_id=project.id):
        if is_partial(request):
            return HttpResponse(status=204)
        return render(request, "dashboards/overview_empty.html", context | {"snippets": snippets()})
    grain, before = overview.grain_of(chosen), chosen.previous()
    now_traffic = traffic(
        client,
        project_id=project.id,
        start=chosen.start,
        end=chosen.end,
        grain=grain,
        environment=environment,
    )
    before_traffic = traffic(
        client,
        project_id=project.id,
        start=before.start,
        end=before.end,
        grain=grain,
        environment=environment,
    )
    course = traffic_course(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, environment=environment,
        bucket_s=chosen.bucket_s, zone=chosen.zone.key,
    )  # fmt: skip
    models = charges(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, by="model", environment=environment
    )  # fmt: skip
    features = charges(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, by="feature",
        environment=environment, limit=8,
    )  # fmt: skip
    users = charges(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, by="user_id",
        environment=environment, is_long=chosen.length > SHORT, limit=8,
    )  # fmt: skip
    names = [one.name for one in models[:MOST_SERIES]]
    by_model = cost_course(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, bucket_s=chosen.bucket_s,
        zone=chosen.zone.key, by="model", names=names, others=OTHERS, environment=environment,
    )  # fmt: skip
    context |= _pickers(request, project, chosen) | {
        "stats": overview.stats(now_traffic, before_traffic),
        "figures": overview.figures(chosen, course)
        | {"cost": overview.cost_figure(chosen, by_model, names, parameter="model")},
        "models": models[:8],
        "features": features,
        "users": users,
        "total_cost": now_traffic.cost_usd,
        "unpriced_calls": now_traffic.unpriced,
        "unpriced": unpriced_models(
            client, project_id=project.id, start=chosen.start, end=chosen.end, environment=environment
        ) if now_traffic.unpriced else [],
        "is_quiet": not now_traffic.calls,
    }  # fmt: skip
    if not is_partial(request):
        return render(request, "dashboards/overview.html", context)
    if request.headers.get("HX-Target") != "overview":  # the page that waits for a first trace
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "dashboards/_overview.html", context)


@never_cache
@require_GET
def show_costs(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who is charged for what; as a table, a chart, or a CSV file."""
    project = project_for(request.user, slug, to="view")
    context = {"project": project, "section": "costs", "title": "Costs"}
    try:
        chosen, by = _range(request, project, default="30d"), costs.parse_dimension(request.GET.get("by", ""))
    except FilterError as error:
        return bad_filters(request, error, context)
    client, environment = store(), request.GET.get("env", "")[:200]
    grain, is_long = overview.grain_of(chosen), chosen.length > SHORT
    found = charges(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, by=by.column, is_long=is_long,
        environment=environment, limit=costs.MOST_ROWS + 1,
    )  # fmt: skip
    lines = costs.lines(found[: costs.MOST_ROWS], labels=costs.labels(project, by))
    if request.GET.get("format") == "csv":
        return costs.as_csv(lines, by=by, filename=f"costs-{project.slug}-by-{by.parameter}.csv")
    # Users and keys are not in the rollups over time: their chart shows the models behind the same sum.
    drawn = by if by.is_over_time else costs.DIMENSIONS["model"]
    leaders = found if by.is_over_time else charges(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, by=drawn.column,
        environment=environment, limit=MOST_SERIES,
    )  # fmt: skip
    names = [one.name for one in leaders[:MOST_SERIES]]
    course = cost_course(
        client, project_id=project.id, start=chosen.start, end=chosen.end, grain=grain, bucket_s=chosen.bucket_s,
        zone=chosen.zone.key, by=drawn.column, names=names, others=OTHERS, environment=environment,
    )  # fmt: skip
    total = traffic(
        client,
        project_id=project.id,
        start=chosen.start,
        end=chosen.end,
        grain=grain,
        environment=environment,
    )
    context |= _pickers(request, project, chosen) | {
        "by": by,
        "drawn": drawn,
        "dimensions": costs.DIMENSIONS.values(),
        "lines": lines,
        "is_cut": len(found) > costs.MOST_ROWS,
        "is_by_day": is_long and not by.is_over_time,
        "figure": overview.cost_figure(chosen, course, names, parameter=drawn.filter),
        "total": total,
        "unpriced": unpriced_models(
            client, project_id=project.id, start=chosen.start, end=chosen.end, environment=environment
        ) if total.unpriced else [],
    }  # fmt: skip
    return render(request, "dashboards/costs.html", context)


def _range(request: HttpRequest, project: Project, default: str = "24h") -> TimeRange:
    return parse_range(request.GET, zone=zone_of(project), now=timezone.now(), default=default)


def _pickers(request: HttpRequest, project: Project, chosen: TimeRange) -> dict[str, object]:
    return {
        "chosen": chosen,
        "range_choices": CHOICES,
        "environment": request.GET.get("env", ""),
        "environments": environments(
            store(), project_id=project.id, since=timezone.now() - timedelta(days=90)
        ),
        "traces_url": f"/p/{project.slug}/traces/",
    }
