"""How good the guards are: all of them in a table, and one with its rates, its curve, and what to do next."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.accounts.access import can, project_for
from console.accounts.models import Project
from console.pages import bad_filters, zone_of
from console.quality import charts, rates
from console.ranges import CHOICES, FilterError, TimeRange, parse_range
from console.store import store
from ingest.queries.guard_events import GuardSummary, found_by_hour, guard_summaries

WANTED = (0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One guard in the table."""

    summary: GuardSummary
    quality: rates.Quality

    @property
    def found_share(self) -> float | None:
        """In how many of the texts it looked at it found something."""
        return self.summary.found / self.summary.events if self.summary.events else None


@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every guard that ran, with what people say of it."""
    project = project_for(request.user, slug, to="view")
    context = _page(request, project)
    try:
        chosen = _range(request, project)
    except FilterError as error:
        return bad_filters(request, error, context)
    said = rates.opinions(project, since=chosen.start, until=chosen.end)
    context |= {
        "chosen": chosen,
        "range_choices": CHOICES,
        "rows": [
            Row(
                summary=summary,
                quality=rates.quality(summary.guard, [one for one in said if one.guard == summary.guard]),
            )
            for summary in guard_summaries(
                store(), project_id=project.id, since=chosen.start, until=chosen.end
            )
        ],
    }
    return render(request, "quality/overview.html", context)


@require_safe
def guard(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one guard: how often it finds something, precision and recall, and the threshold that would do."""
    project = project_for(request.user, slug, to="view")
    context = _page(request, project)
    name, entity = request.GET.get("guard", "")[:100], request.GET.get("entity", "")[:64]
    try:
        chosen = _range(request, project)
        version = _version(request.GET.get("version", ""))
        wanted = _wanted(request.GET.get("wanted", "0.95"))
    except FilterError as error:
        return bad_filters(request, error, context)
    said = rates.opinions(project, since=chosen.start, until=chosen.end, guard=name)
    points = rates.threshold_curve(said, entity=entity, version=version)
    summaries = guard_summaries(store(), project_id=project.id, since=chosen.start, until=chosen.end)
    hours = found_by_hour(store(), project_id=project.id, guard=name, since=chosen.start, until=chosen.end)
    context |= {
        "chosen": chosen,
        "range_choices": CHOICES,
        "guard": name,
        "entity": entity,
        "version": version,
        "wanted": wanted,
        "wanted_choices": WANTED,
        "summary": next((one for one in summaries if one.guard == name), None),
        "quality": rates.quality(name, said, entity=entity, version=version),
        "picked": rates.picked(project, guard=name),
        "by_entity": [
            rates.quality(one, said, entity=one, version=version)
            for one in sorted({one.found or one.real for one in said} - {""})
        ],
        "by_version": [
            (one, rates.quality(str(one), [each for each in said if each.version == one], entity=entity))
            for one in sorted({one.version for one in said}, reverse=True)
        ],
        "figure_found": charts.found_share(chosen, hours),
        "figure_curve": charts.threshold_curve(points),
        "suggestion": rates.suggestion(points, wanted=wanted),
        "has_points": bool(points),
    }
    return render(request, "quality/guard.html", context)


def _page(request: HttpRequest, project: Project) -> dict[str, Any]:
    return {
        "project": project,
        "section": "guards",
        "tab": "quality",
        "title": "Guards",
        "may_edit": can(request.user, project, to="edit"),
    }


def _range(request: HttpRequest, project: Project) -> TimeRange:
    return parse_range(request.GET, zone=zone_of(project), now=timezone.now(), default="30d")


def _version(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise FilterError({"version": f"{text[:20]!r} is no version; it is a number."})
    return int(text)


def _wanted(text: str) -> float:
    if text not in map(str, WANTED):
        raise FilterError(
            {"wanted": f"{text[:20]!r} cannot be asked for; choose one of {', '.join(map(str, WANTED))}."}
        )
    return float(text)
