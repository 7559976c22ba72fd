"""Policies over calls of the past: begun, followed, read, and made the one that is in force."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import can, person, project_for
from console.accounts.models import Project
from console.policies.access import policy_for
from console.policies.forms import Draft
from console.policies.guards import GuardError, config_from
from console.policies.models import Policy, PolicyVersion
from console.policies.pages.editor import open_draft
from console.quality import backtests, totals
from console.quality.access import backtest_for
from console.quality.forms import BacktestForm
from console.quality.marking import marked
from console.quality.models import Backtest
from console.quality.replaying import stored_texts
from console.store import store
from guardrails.verdict import ACTIONS
from ingest.queries.spans import span_detail

PAGE = 30


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """List backtests, newest first."""
    project = project_for(request.user, slug, to="view")
    found = Backtest.objects.filter(project=project).select_related("created_by")[:PAGE]
    rows = [(one, {share.change: share for share in totals.shares(_totals(one))}) for one in found]
    context = _page(request, project) | {"rows": rows, "any_open": any(one.is_open for one in found)}
    return render(request, "quality/backtests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask which guards and which calls; begin."""
    project = project_for(request.user, slug, to="edit")
    policy = policy_for(request.user, slug, to="edit")
    is_sent = request.method == "POST" and "sample" in request.POST
    form = BacktestForm(request.POST if is_sent else None, project=project, initial=_initial(request, policy))
    if is_sent and form.is_valid():
        given, now = form.cleaned_data, timezone.now()
        try:
            backtest = backtests.start_backtest(
                project=project,
                by=person(request),
                guards=given["guards"],
                source=given["source"] or "draft",
                since=now - form.window_length,
                until=now,
                sample=given["sample"],
                **{name: given[name] for name in ("environment", "route", "model", "feature", "api_key")},
            )
        except (backtests.BacktestError, GuardError) as error:
            form.add_error(None, f"{error}.")
        else:
            return redirect("quality:backtest", slug, backtest.pk)
    context = _page(request, project) | {
        "form": form,
        "policy": policy,
        "versions": policy.versions.values_list("number", flat=True)[:50],
    }
    return render(request, "quality/backtest_new.html", context, status=422 if form.errors else 200)


@require_safe
def detail(request: HttpRequest, slug: str, backtest_id: UUID) -> HttpResponse:
    """Show a backtest: how far it is, what would change, and calls that show it."""
    backtest = backtest_for(request.user, slug, backtest_id, to="view")
    template = (
        "quality/backtest_result.html" if request.GET.get("part") == "result" else "quality/backtest.html"
    )
    return render(request, template, _result(request, backtest))


@require_POST
def change(request: HttpRequest, slug: str, backtest_id: UUID) -> HttpResponse:
    """Stop a backtest, let it go on, or take it away."""
    backtest = backtest_for(request.user, slug, backtest_id, to="edit")
    by, what = person(request), request.POST.get("do", "")
    if what == "stop":
        backtests.stop_backtest(backtest=backtest, by=by)
    elif what == "resume":
        backtests.resume_backtest(backtest=backtest, by=by)
    elif what == "remove":
        backtests.remove_backtest(backtest=backtest, by=by)
        return redirect("quality:backtests", slug)
    else:
        messages.error(request, "Choose stop, resume or remove.")
    return redirect("quality:backtest", slug, backtest.pk)


@require_safe
def example(request: HttpRequest, slug: str, backtest_id: UUID, trace_id: str, span_id: str) -> HttpResponse:
    """Show one call side by side: as it is stored, and what the tried guards find in it."""
    backtest = backtest_for(request.user, slug, backtest_id, to="view")
    span = span_detail(store(), project_id=backtest.project_id, trace_id=trace_id, span_id=span_id)
    if span is None:
        raise Http404(f"no span {span_id} in trace {trace_id}")
    texts = stored_texts(span)
    then, now = _guards_then(backtest), _configs(backtest.guards)
    pairs = [
        (before, after)
        for before, after in zip(marked(texts, then), marked(texts, now), strict=True)
        if before.is_marked or after.is_marked
    ]
    context = _page(request, backtest.project) | {"backtest": backtest, "span": span, "pairs": pairs}
    return render(request, "quality/example.html", context)


@require_POST
def adopt(request: HttpRequest, slug: str, backtest_id: UUID) -> HttpResponse:
    """Open the guards that were tried as a draft in the policy editor; saving it there puts them in force."""
    backtest = backtest_for(request.user, slug, backtest_id, to="edit")
    policy = policy_for(request.user, slug, to="edit")
    return open_draft(
        request,
        policy,
        Draft.of(backtest.guards),
        note=f"Tried over {backtest.done:,} calls: {backtest.source}",
    )


def _result(request: HttpRequest, backtest: Backtest) -> dict[str, Any]:
    found = _totals(backtest)
    keys = {str(key.pk): key.name for key in backtest.project.keys.all()}
    tried = {guard["name"]: guard for guard in backtest.guards}
    guards = [
        entry
        | {key: tried[name][key] for key in ("kind", "is_shadow") if name in tried}
        | {"name": name, "quantiles": totals.quantiles(entry["durations"])}
        for name, entry in sorted(found["guards"].items(), key=lambda one: -sum(one[1]["now"].values()))
    ]
    return _page(request, backtest.project) | {
        "backtest": backtest,
        "totals": found,
        "shares": totals.shares(found),
        "actions": ACTIONS,
        "matrix": totals.matrix(found),
        "guards": guards,
        "entities": sorted(found["entities"].items(), key=lambda one: -one[1]["now"]),
        "places": sorted(found["places"].items()),
        "routes": _groups(found["routes"], {}),
        "keys": _groups(found["keys"], keys),
        "latency": totals.quantiles(found["durations"]),
        "saved_usd": Decimal(found["saved"]["usd"]),
        "examples": [
            (change, title, found["examples"].get(change, [])) for change, title in totals.CHANGES.items()
        ],
        "json": json.dumps(backtest.guards, indent=2, ensure_ascii=False),
    }


def _groups(table: dict[str, Any], names: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    ordered: list[tuple[str, dict[str, Any]]] = sorted(table.items(), key=lambda one: -one[1]["calls"])[:50]
    return [(names.get(key, key), entry) for key, entry in ordered]


def _totals(backtest: Backtest) -> totals.Totals:
    found: totals.Totals = totals.empty() | backtest.totals
    return found


def _initial(request: HttpRequest, policy: Policy) -> dict[str, Any]:
    """Begin with the version that is asked for, with a draft from the editor, or with what is in force."""
    if request.method == "POST":
        draft = Draft.posted(request.POST)
        if draft.is_valid():
            return {"guards": _json(draft.guards()), "source": f"draft on version {policy.version}"}
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else policy.version
    version = policy.versions.filter(number=number).first()
    guards = list(version.guards) if version else []
    source = f"version {number}" if number != policy.version else f"based on version {number}"
    return {"guards": _json(guards), "source": source}


def _json(guards: list[dict[str, Any]]) -> str:
    return json.dumps(guards, indent=2, ensure_ascii=False)


def _guards_then(backtest: Backtest) -> list[Any]:
    version = PolicyVersion.objects.filter(
        policy__project=backtest.project,
        policy__is_active=True,
        policy__route=None,
        policy__key=None,
        number=backtest.live_version,
    ).first()
    return _configs(version.guards if version else [])


def _configs(guards: list[dict[str, Any]]) -> list[Any]:
    return [config_from(guard) for guard in guards if guard.get("is_enabled", True)]


def _page(request: HttpRequest, project: Project) -> dict[str, Any]:
    return {
        "project": project,
        "section": "guards",
        "tab": "backtests",
        "may_edit": can(request.user, project, to="edit"),
    }
