"""The pages of drift: how every series stands, and one finding with the calls behind it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.accounts.access import can, project_for
from console.accounts.models import Project
from console.drift import charts, checks
from console.drift.access import comparison_for
from console.drift.models import Comparison, State
from console.drift.series import Watched, summary_lines, watched
from console.pages import zone_of
from console.ranges import TimeRange
from console.store import StoreUnavailableError, store
from ingest.queries.exemplars import Exemplar, exemplars

RECENT = timedelta(days=30)
MOST_PAST = 50


@require_safe
@login_required
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the newest comparison of every series, and the findings of the last month."""
    project = project_for(request.user, slug, to="view")
    mine = Comparison.objects.filter(project=project)
    newest = mine.aggregate(at=Max("current_to"))["at"]
    found = mine.filter(state=State.DRIFT, current_to__gte=timezone.now() - RECENT)
    context = _page(request, project) | {
        "newest": newest,
        "rows": _rows(mine.filter(current_to=newest)) if newest else [],
        "past": _rows(found.exclude(current_to=newest)[:MOST_PAST]),
    }
    return render(request, "drift/index.html", context)


@require_safe
@login_required
def detail(request: HttpRequest, slug: str, comparison_id: UUID) -> HttpResponse:
    """Show one comparison: both distributions, the course of the mean, and calls that show the shift."""
    comparison = comparison_for(request.user, slug, comparison_id, to="view")
    one, details = watched(comparison.series), comparison.details
    chosen = TimeRange(
        start=comparison.reference_from, end=comparison.current_to, zone=zone_of(comparison.project), key="custom", is_fine=False
    )  # fmt: skip
    hours = checks.course(
        comparison.project,
        series=one.key,
        model=comparison.model,
        since=comparison.reference_from,
        until=comparison.current_to,
    )
    stretch = _grown(comparison)
    context = _page(request, comparison.project) | {
        "comparison": comparison,
        "watched": one,
        "effect": one.effect(comparison.effect),
        "windows": [
            ("The week before", summary_lines(one, details.get("reference"))),
            ("Last 24 hours", summary_lines(one, details.get("current"))),
        ],
        "course": charts.course(chosen, hours, one) if hours else None,
        "distributions": charts.distributions(details.get("distribution", {}), one)
        if one.kind == "numeric"
        else None,
        "stretch": _stretch_text(one, stretch),
        "calls": [(call, one.write(call.value)) for call in _calls(comparison, one, stretch)],
    }
    return render(request, "drift/detail.html", context)


@require_POST
@login_required
def check_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Check at once, up to the last whole hour."""
    project = project_for(request.user, slug, to="edit")
    try:
        found = checks.check(project, now=timezone.now())
    except StoreUnavailableError:
        messages.error(
            request, "The trace store does not answer; nothing was checked. Try again in a minute."
        )
    else:
        drifted = sum(comparison.state == State.DRIFT for comparison in found)
        messages.success(
            request, f"Checked {len(found)} series up to the last whole hour; {drifted} drifted."
        )
    return redirect("drift:index", slug=slug)


@require_POST
@login_required
def acknowledge(request: HttpRequest, slug: str, comparison_id: UUID) -> HttpResponse:
    """Note that a person has seen a finding."""
    comparison = comparison_for(request.user, slug, comparison_id, to="edit")
    checks.acknowledge(comparison=comparison, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return redirect("drift:detail", slug=slug, comparison_id=comparison.pk)


def _page(request: HttpRequest, project: Project) -> dict[str, Any]:
    return {"project": project, "section": "drift", "may_edit": can(request.user, project, to="edit")}


def _rows(comparisons: Any) -> list[dict[str, Any]]:
    order = {State.DRIFT: 0, State.STEADY: 1, State.INSUFFICIENT: 2}
    rows = [
        {
            "comparison": comparison,
            "title": watched(comparison.series).title,
            "effect": watched(comparison.series).effect(comparison.effect),
            "before": _mean(comparison, "reference"),
            "now": _mean(comparison, "current"),
        }
        for comparison in comparisons
    ]
    return sorted(
        rows, key=lambda row: (-row["comparison"].current_to.timestamp(), order[row["comparison"].state])
    )


def _mean(comparison: Comparison, window: str) -> str:
    summary = comparison.details.get(window)
    return watched(comparison.series).write(summary["mean"]) if summary else "–"


def _grown(comparison: Comparison) -> tuple[float, float]:
    """Return the stretch of values that holds a larger share of calls than before: above, and at most."""
    if comparison.series == "refusal_rate":
        return 0.0, 1.0
    grown = [
        shift for shift in comparison.details.get("top_bins", []) if shift["current"] > shift["reference"]
    ]
    if not grown:
        return -1.0, 1e18
    most = max(grown, key=lambda shift: shift["current"] - shift["reference"])
    return most["low"], most["high"]


def _stretch_text(one: Watched, stretch: tuple[float, float]) -> str:
    above, at_most = stretch
    if one.kind == "rate":
        return "Calls that were refused"
    if above < 0:
        return "Newest calls"
    return f"Newest calls between {one.write(above)} and {one.write(at_most)}, where the share grew most"


def _calls(comparison: Comparison, one: Watched, stretch: tuple[float, float]) -> list[Exemplar]:
    above, at_most = stretch
    return exemplars(
        store(),
        project_id=comparison.project_id,
        series=one.key,
        since=comparison.current_from,
        until=comparison.current_to,
        model=comparison.model,
        above=above,
        at_most=at_most,
    )
