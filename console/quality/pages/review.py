"""Verdicts for people to judge: drawn in a queue that the keyboard walks, or picked on a trace's page."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import person, project_for
from console.accounts.models import Project
from console.masking import UncheckedTextError
from console.policies.guards import GuardError, config_from
from console.policies.models import PolicyVersion
from console.quality.access import draw_for, item_for
from console.quality.actions import LabelError, draw_sample, is_judged, open_items, pick, say, take_back
from console.quality.forms import DrawForm
from console.quality.marking import MarkedText, marked
from console.quality.models import Draw, Item, Said, Stratum
from console.quality.replaying import stored_texts
from console.store import store
from guardrails.policy import GuardConfig
from guardrails.verdict import CHANGING
from ingest.queries.guard_events import events_of_trace, guard_summaries
from ingest.queries.spans import span_detail

MOST_TEXTS = 20
PAGE = 20
_QUARTER = timedelta(days=90)


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was drawn, with how much of it is judged; draw more."""
    project = project_for(request.user, slug, to="edit")
    now = timezone.now()
    summaries = guard_summaries(store(), project_id=project.id, since=now - _QUARTER, until=now)
    form = DrawForm(request.POST or None, guards=sorted(one.guard for one in summaries))
    if request.method == "POST" and form.is_valid():
        try:
            draw = draw_sample(
                project=project,
                by=person(request),
                since=now - form.window_length,
                until=now,
                each=form.cleaned_data["each"],
                guard=form.cleaned_data["guard"],
            )
        except LabelError as error:
            form.add_error(None, str(error))
        else:
            return redirect("quality:draw", slug, draw.pk)
    judged = Count("items", filter=Q(items__labels__is_current=True) & ~Q(items__labels__said=""))
    draws = Draw.objects.filter(project=project).select_related("created_by")
    context = _page(project) | {
        "form": form,
        "draws": draws.annotate(drawn=Count("items", distinct=True), judged=judged)[:PAGE],
        "has_verdicts": bool(summaries),
    }
    return render(request, "quality/queue.html", context, status=422 if form.errors else 200)


@require_safe
def draw(request: HttpRequest, slug: str, draw_id: UUID) -> HttpResponse:
    """Go to the first item of a draw that nobody has judged; say so when all are."""
    drawn = draw_for(request.user, slug, draw_id, to="edit")
    item = open_items(drawn).first()
    if item is not None:
        return redirect("quality:item", slug, item.pk)
    by_stratum = drawn.items.values("guard", "stratum").annotate(
        items=Count("pk"), right=Count("pk", filter=Q(labels__is_current=True, labels__said=Said.RIGHT))
    )
    context = _page(drawn.project) | {
        "draw": drawn,
        "by_stratum": by_stratum.order_by("guard", "stratum"),
        "last": drawn.items.last(),
        "strata": dict(Stratum.choices),
    }
    return render(request, "quality/drawn.html", context)


@require_safe
def item(request: HttpRequest, slug: str, item_id: UUID) -> HttpResponse:
    """Show what a guard decided, with the text as it is stored, and ask whether that is right."""
    one = item_for(request.user, slug, item_id, to="edit")
    return render(request, "quality/item.html", _item_page(one))


@require_POST
def judge(request: HttpRequest, slug: str, item_id: UUID) -> HttpResponse:
    """Note what a person says, and go on to the next item."""
    one = item_for(request.user, slug, item_id, to="edit")
    try:
        say(
            item=one,
            by=person(request),
            said=request.POST.get("said", ""),
            entity=request.POST.get("entity", ""),
            note=request.POST.get("note", "")[:500],
            now=timezone.now(),
        )
    except (LabelError, UncheckedTextError) as error:
        messages.error(request, f"{error}.")
        return redirect("quality:item", slug, one.pk)
    if one.draw is None:
        return redirect("quality:item", slug, one.pk)
    following = open_items(one.draw).filter(position__gt=one.position).first() or open_items(one.draw).first()
    return (
        redirect("quality:item", slug, following.pk)
        if following
        else redirect("quality:draw", slug, one.draw.pk)
    )


@require_POST
def undo(request: HttpRequest, slug: str, item_id: UUID) -> HttpResponse:
    """Take back what this person said last: of this item, or of the one they judged before it."""
    one = item_for(request.user, slug, item_id, to="edit")
    by, last = person(request), one
    if one.draw is not None and not Item.objects.filter(is_judged(), pk=one.pk).exists():
        mine = one.draw.items.filter(labels__is_current=True, labels__by=by).exclude(labels__said="")
        last = mine.order_by("-labels__at").first() or one
    if take_back(item=last, by=by, now=timezone.now()) is None:
        messages.info(request, "There is nothing of yours to take back here.")
    return redirect("quality:item", slug, last.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def pick_verdict(request: HttpRequest, slug: str, trace_id: str, event_id: UUID) -> HttpResponse:
    """Choose what to judge of a verdict on a trace's page."""
    project = project_for(request.user, slug, to="edit")
    events = events_of_trace(store(), project_id=project.id, trace_id=trace_id)
    event = next((one for one in events if one.id == event_id), None)
    if event is None:
        raise Http404(f"no verdict {event_id} in trace {trace_id}")
    if request.method == "POST" or len(event.entities) <= 1:
        chosen = request.POST.get("entity") or next(iter(event.entities), "")
        try:
            return redirect("quality:item", slug, pick(project=project, event=event, entity=chosen).pk)
        except LabelError as error:
            messages.error(request, f"{error}.")
    return render(request, "quality/pick.html", _page(project) | {"event": event, "trace_id": trace_id})


def _item_page(one: Item) -> dict[str, Any]:
    texts, is_gone = _texts(one)
    items = one.draw.items.all() if one.draw else Item.objects.none()
    done = items.filter(is_judged()).count()
    context = _page(one.project) | {
        "item": one,
        "stratum": Stratum(one.stratum).label if one.stratum else "Picked",
        "texts": texts,
        "is_gone": is_gone,
        "was_masked": one.is_found and one.action in CHANGING and not one.is_shadow,
        "label": one.labels.filter(is_current=True).exclude(said="").select_related("by").first(),
        "versions": one.labels.select_related("by"),
        "previous": items.filter(position__lt=one.position).last(),
        "next": items.filter(position__gt=one.position).first(),
        "number": one.position + 1,
        "done": done,
        "all": items.count(),
    }
    return context


def _texts(one: Item) -> tuple[list[MarkedText], bool]:
    """Return the stored texts at the item's place, marked by the guard as it was; and whether they are gone."""
    span = span_detail(
        store(), project_id=one.project_id, trace_id=one.trace_id, span_id=one.span_id, around=one.event_at
    )
    if span is None:
        return [], True
    there = [each for each in stored_texts(span) if each.place == one.place]
    return marked(there[-MOST_TEXTS:], _guard_of(one)), not there


def _guard_of(one: Item) -> list[GuardConfig]:
    """Return the guard as the version that decided had it; nothing when that cannot run any more."""
    versions = PolicyVersion.objects.filter(number=one.policy_version)
    if one.policy_id is None:
        versions = versions.filter(
            policy__project=one.project, policy__is_active=True, policy__route=None, policy__key=None
        )
    else:
        versions = versions.filter(
            Q(policy__project=one.project) | Q(policy__project=None), policy=one.policy_id
        )
    version = versions.first()
    guards = {guard["name"]: guard for guard in version.guards} if version else {}
    # Where guards of several scopes have one name, the narrower one is called `name (scope)`.
    found = guards.get(one.guard) or guards.get(one.guard.rpartition(" (")[0])
    try:
        return [replace(config_from(found), name=one.guard)] if found else []
    except GuardError:
        return []


def _page(project: Project) -> dict[str, Any]:
    return {"project": project, "section": "guards", "tab": "review", "may_edit": True}
