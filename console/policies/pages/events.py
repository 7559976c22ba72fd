"""What the guards did lately: how often, how fast, and each decision with its trace."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.accounts.access import can, project_for
from console.dashboards.charts import Figure, guard_actions
from console.pages import bad_filters, is_partial, zone_of
from console.policies.access import policy_for
from console.policies.scopes import titles_of
from console.ranges import CHOICES, HOUR_S, FilterError, TimeRange, parse_range
from console.store import store
from guardrails.verdict import ACTIONS
from ingest.queries.guard_events import (
    GuardCount,
    GuardEventFilters,
    GuardEventRow,
    guard_counts,
    guard_summaries,
    newest_events,
)
from ingest.queries.traffic import environments

PER_PAGE = 50
DRAWN: tuple[str, ...] = tuple(action for action in ACTIONS if action != "allow")


@require_safe
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what each guard did in a stretch of time, and the decisions newest first."""
    policy = policy_for(request.user, slug, to="view")
    project = project_for(request.user, slug, to="view")
    may_edit = can(request.user, project, to="edit")
    context: dict[str, Any] = {
        "project": project,
        "section": "guards",
        "title": "Guards",
        "may_edit": may_edit,
    }
    try:
        chosen = _whole_hours(
            parse_range(request.GET, zone=zone_of(project), now=timezone.now(), default="24h")
        )
        before = _cursor(request.GET.get("cursor", ""))
        action = _action(request.GET.get("action", ""))
        policy_id = _policy_id(request.GET.get("policy", ""))
    except FilterError as error:
        return bad_filters(request, error, context)
    client, environment = store(), request.GET.get("env", "")[:200]
    filters = GuardEventFilters(
        since=chosen.start,
        until=chosen.end,
        guard=request.GET.get("guard", "")[:100],
        action=action,
        policy_id=policy_id,
        environment=environment,
        only_findings=request.GET.get("all", "") != "1" and action != "allow",
    )
    found = newest_events(client, project_id=project.id, filters=filters, before=before, limit=PER_PAGE + 1)
    counts = guard_counts(
        client, project_id=project.id, since=chosen.start, until=chosen.end, environment=environment
    )
    titles = titles_of(project)
    context |= {
        "tab": "events",
        "policies": titles,
        "policy_title": titles.get(UUID(policy_id), "a policy that is gone") if policy_id else "",
        "policy": policy,
        "chosen": chosen,
        "range_choices": CHOICES,
        "environment": environment,
        "environments": environments(
            client, project_id=project.id, since=timezone.now() - timedelta(days=90)
        ),
        "filters": filters,
        "actions": ACTIONS,
        "figure": figure(chosen, counts),
        "summaries": guard_summaries(
            client, project_id=project.id, since=chosen.start, until=chosen.end, environment=environment
        ),
        "rows": [
            {"event": each, "policy": titles.get(each.policy_id, each.policy_name)}
            for each in found[:PER_PAGE]
        ],
        "older": _cursor_of(found[PER_PAGE - 1]) if len(found) > PER_PAGE else "",
        "is_first_page": before is None,
    }
    template = "policies/event_rows.html" if is_partial(request) else "policies/events.html"
    return render(request, template, context)


def figure(chosen: TimeRange, counts: Sequence[GuardCount]) -> Figure | None:
    """Return the decisions that did something, over time and by action; None when there were none."""
    starts = list(chosen.buckets())
    values = {action: [0] * len(starts) for action in DRAWN}
    for count in counts:
        at = bisect_right(starts, _aware(count.hour)) - 1
        if count.action in values and not count.is_shadow and 0 <= at < len(starts):
            values[count.action][at] += count.events
    drawn: dict[str, Sequence[int]] = {action: numbers for action, numbers in values.items() if any(numbers)}
    return guard_actions(chosen, drawn) if drawn else None


def _whole_hours(chosen: TimeRange) -> TimeRange:
    """Begin on the hour, with no bucket shorter than one: decisions are counted by the hour."""
    start = chosen.start - timedelta(seconds=chosen.start.timestamp() % HOUR_S)
    return replace(chosen, start=start, is_fine=False)


def _action(text: str) -> str:
    if text and text not in ACTIONS:
        raise FilterError({"action": f"{text[:20]!r} is not an action; choose one of {', '.join(ACTIONS)}."})
    return text


def _policy_id(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise FilterError({"policy": f"{text[:40]!r} is not the id of a policy."}) from None


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    at, _, event_id = text.partition("_")
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(at))
        return moment, UUID(event_id)
    except (ValueError, OverflowError, OSError):
        raise FilterError({"cursor": "This page's address is damaged. Begin with the newest."}) from None


def _cursor_of(event: GuardEventRow) -> str:
    at = _aware(event.at) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{at // timedelta(microseconds=1)}_{event.id}"


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
