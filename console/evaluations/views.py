"""The pages of evaluations: which are on, how they turn out, and how one is added."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import can, project_for
from console.accounts.models import Project
from console.dashboards.charts import Series, lines
from console.evaluations import actions, local_judges, provisions, tasks
from console.evaluations.access import rule_for
from console.evaluations.forms import RuleForm
from console.evaluations.models import Job, JobState, Rule
from console.evaluations.proxy_model import ENVIRONMENT
from console.gateway.models import ModelRoute
from console.pages import bad_filters, zone_of
from console.ranges import FilterError, TimeRange, parse_range
from console.store import StoreUnavailableError, store
from evaluators import registry
from evaluators.errors import UnknownEvaluatorError
from ingest.queries.sampling import calls_between
from ingest.queries.score_summaries import newest_scores, score_series, score_summaries

PAGE = 25
PAST = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


@require_safe
@login_required
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """List the project's evaluations and how the last days of each turned out."""
    project = project_for(request.user, slug, to="view")
    page = _page(request, project)
    try:
        chosen = _range(request, project)
    except FilterError as error:
        return bad_filters(request, error, page | {"title": "Evaluations"})
    rules = list(Rule.objects.filter(project=project).annotate(**_counts()))
    summaries = score_summaries(store(), project_id=project.id, since=chosen.start, until=chosen.end)
    by_name = {summary.name: summary for summary in summaries}
    known = {rule.name for rule in rules}
    context = page | {
        "rows": [(rule, by_name.get(rule.name)) for rule in rules],
        "others": [summary for summary in summaries if summary.name not in known],
        "range": chosen,
    }
    return render(request, "evaluations/index.html", context)


@require_safe
@login_required
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer every kind of evaluator."""
    project = project_for(request.user, slug, to="edit")
    kinds, lacking = provisions.offered()
    context = _page(request, project) | {
        "groups": provisions.groups_of(kinds),
        "lacking": lacking,
        "address": f"/p/{project.slug}/evaluations/new/",
    }
    return render(request, "evaluations/choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Ask for what the evaluator needs, and switch it on."""
    project = project_for(request.user, slug, to="edit")
    try:
        described = registry.describe(kind)
    except UnknownEvaluatorError as error:
        raise Http404(str(error)) from error
    form = RuleForm(request.POST or None, kind=described, models=_models(project))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            rule = actions.create_rule(
                project=project,
                by=request.user,  # type: ignore[arg-type]
                kind=kind,
                parameters=form.parameters(),
                judge_model=given.get("judge_model", ""),
                share=given["share_percent"] / 100,
                now=timezone.now(),
                **{name: given[name] for name in _TRAFFIC},
            )
        except actions.RuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{rule.name} scores calls that arrive from now on.")
            return redirect("evaluations:detail", slug=slug, rule_id=rule.pk)
    context = _page(request, project) | {"form": form, "kind": described}
    return render(request, "evaluations/create.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def detail(request: HttpRequest, slug: str, rule_id: UUID) -> HttpResponse:
    """Show one evaluation: its scores over time, the calls behind them, and what is still owed."""
    rule = rule_for(request.user, slug, rule_id, to="view")
    page = _page(request, rule.project)
    try:
        chosen = _range(request, rule.project)
    except FilterError as error:
        return bad_filters(request, error, page | {"title": rule.name})
    offset = _offset(request)
    state = request.GET.get("state", "")
    context = page | {
        "rule": rule,
        "evaluator": registry.describe(rule.kind),
        "jobs": _jobs(rule),
        "range": chosen,
        "state": state,
        "pasts": list(PAST),
    }
    scope: dict[str, Any] = {
        "project_id": rule.project_id,
        "name": rule.name,
        "since": chosen.start,
        "until": chosen.end,
    }
    given = newest_scores(store(), **scope, state=state, limit=PAGE + 1, offset=offset)
    points = score_series(store(), **scope, step_s=chosen.bucket_s)
    summaries = score_summaries(store(), project_id=rule.project_id, since=chosen.start, until=chosen.end)
    context |= {
        "scores": given[:PAGE],
        "older": offset + PAGE if len(given) > PAGE else None,
        "newer": max(offset - PAGE, 0) if offset else None,
        "summary": next((one for one in summaries if one.name == rule.name), None),
        "figure": _figure(chosen, points) if points else None,
    }
    return render(request, "evaluations/detail.html", context)


@require_safe
@login_required
def progress(request: HttpRequest, slug: str, rule_id: UUID) -> HttpResponse:
    """Tell how many judgements are done and owed; the page asks every few seconds."""
    rule = rule_for(request.user, slug, rule_id, to="view")
    return render(
        request, "evaluations/progress.html", {"rule": rule, "project": rule.project, "jobs": _jobs(rule)}
    )


@require_POST
@login_required
def switch(request: HttpRequest, slug: str, rule_id: UUID) -> HttpResponse:
    """Pause an evaluation or let it go on."""
    rule = rule_for(request.user, slug, rule_id, to="edit")
    actions.switch_rule(
        rule=rule, is_enabled=not rule.is_enabled, by=request.user, now=timezone.now()  # type: ignore[arg-type]
    )  # fmt: skip
    return redirect("evaluations:detail", slug=slug, rule_id=rule.pk)


@require_POST
@login_required
def score_past(request: HttpRequest, slug: str, rule_id: UUID) -> HttpResponse:
    """Score calls of the past by the same rule: its filters, its share, its limit per day."""
    rule = rule_for(request.user, slug, rule_id, to="edit")
    length = PAST.get(request.POST.get("past", ""))
    if length is None:
        messages.error(request, f"Choose one of {', '.join(PAST)}.")
        return redirect("evaluations:detail", slug=slug, rule_id=rule.pk)
    now = timezone.now()
    try:
        calls = calls_between(
            store(),
            project_id=rule.project_id,
            since=now - length,
            until=now,
            excluded_environment=ENVIRONMENT,
            environment=rule.environment,
            model=rule.model,
            feature=rule.feature,
            prompt_name=rule.prompt_name,
        )
    except StoreUnavailableError:
        messages.error(request, "The trace store does not answer; nothing was queued. Try again in a minute.")
        return redirect("evaluations:detail", slug=slug, rule_id=rule.pk)
    jobs = actions.queue(rule, calls, now=now)
    tasks.wake(jobs[: actions.AWAKE], is_for_gpu=provisions.is_for_gpu(rule.kind, rule.judge_model))
    messages.success(
        request, f"{len(jobs)} of {len(calls)} calls will be scored; the others are, or are not in the share."
    )
    return redirect("evaluations:detail", slug=slug, rule_id=rule.pk)


@require_POST
@login_required
def remove(request: HttpRequest, slug: str, rule_id: UUID) -> HttpResponse:
    """Take an evaluation away."""
    rule = rule_for(request.user, slug, rule_id, to="edit")
    actions.remove_rule(rule=rule, by=request.user)  # type: ignore[arg-type]
    messages.success(request, f"{rule.name} is removed; the scores it gave stay.")
    return redirect("evaluations:index", slug=slug)


_TRAFFIC = ("name", "environment", "model", "feature", "prompt_name", "most_per_day")


def _page(request: HttpRequest, project: Project) -> dict[str, Any]:
    return {
        "project": project,
        "section": "evaluations",
        "may_edit": can(request.user, project, to="edit"),
    }


def _range(request: HttpRequest, project: Project) -> TimeRange:
    return parse_range(request.GET, zone=zone_of(project), now=timezone.now(), default="7d")


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("offset", "0")
    return min(int(text), 10_000) if text.isdecimal() and len(text) < 6 else 0


def _models(project: Project) -> list[str]:
    patterns = ModelRoute.objects.filter(project=project).values_list("pattern", flat=True)
    return sorted(pattern for pattern in patterns if not pattern.endswith("*")) + local_judges.names()


def _counts() -> dict[str, Count]:
    open_states = [JobState.WAITING, JobState.RUNNING]
    return {
        "owed": Count("jobs", filter=Q(jobs__state__in=open_states)),
        "dead": Count("jobs", filter=Q(jobs__state=JobState.DEAD)),
    }


def _jobs(rule: Rule) -> dict[str, Any]:
    counts = {str(state): 0 for state in JobState} | dict(
        Job.objects.filter(rule=rule).values_list("state").annotate(Count("pk"))
    )
    open_now = counts["waiting"] + counts["running"]
    return counts | {
        "owed": open_now,
        "finished": sum(counts.values()) - open_now,
        "all": sum(counts.values()),
        "last_error": Job.objects.filter(rule=rule).exclude(last_error="").order_by("-pk").values_list("last_error", flat=True).first(),
    }  # fmt: skip


def _figure(chosen: TimeRange, points: list[Any]) -> dict[str, Any]:
    means = {int(point.at.timestamp()): point.mean for point in points}
    values = [means.get(int(at.timestamp())) for at in chosen.buckets()]
    series = [Series(name="mean score", values=values, colour="--series-1")]
    figure = lines(chosen, series, write=lambda value: "–" if value is None else f"{value:.3f}")
    figure["layout"]["showlegend"] = False
    return figure
