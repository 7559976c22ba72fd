"""Calls that guards held back for a person: collected from what the guards decided, claimed, and decided."""

import logging
from datetime import UTC, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from console.accounts import audit
from console.accounts.models import Project, User
from console.policies.models import Escalation
from console.store import store
from ingest.queries.guard_events import GuardEventFilters, GuardEventRow, newest_events

log = logging.getLogger(__name__)
OVERLAP = timedelta(hours=1)
"""So far back what was collected is looked at again: events of slow hosts arrive late."""
LONGEST_BACK = timedelta(days=30)
AT_ONCE = 500
LONGEST_NOTE = 500


class EscalationError(ValueError):
    """What was asked cannot be done to an escalation as it stands; the message says why."""


def collect(project: Project) -> int:
    """Make a row of every call that was held back and has none yet; return how many there are more now."""
    newest = Escalation.objects.filter(project=project).order_by("-at").first()
    until = timezone.now() + timedelta(minutes=1)
    since = max(newest.at - OVERLAP, until - LONGEST_BACK) if newest else until - LONGEST_BACK
    filters = GuardEventFilters(since=since, until=until, action="escalate")
    made, before = 0, None
    while True:
        page = newest_events(store(), project_id=project.pk, filters=filters, before=before, limit=AT_ONCE)
        held = [event for event in page if not event.is_shadow]
        known = set(
            Escalation.objects.filter(pk__in=[event.id for event in held]).values_list("pk", flat=True)
        )
        rows = [_row(project, event) for event in held if event.id not in known]
        # Who else collects at this moment makes the same rows.
        Escalation.objects.bulk_create(rows, ignore_conflicts=True)
        made += len(rows)
        if len(page) < AT_ONCE:
            return made
        before = page[-1].at, page[-1].id


@transaction.atomic
def claim(*, escalation: Escalation, by: User) -> Escalation:
    """Take an open escalation on, so that no two people work on it. Raises EscalationError for one that is taken."""
    row = _locked(escalation)
    if row.state == Escalation.State.CLAIMED and row.claimed_by == by:
        return row
    if row.state != Escalation.State.OPEN:
        raise EscalationError(f"somebody was faster: it is {row.get_state_display()}")
    row.state, row.claimed_by = Escalation.State.CLAIMED, by
    row.save(update_fields=["state", "claimed_by"])
    _note(row, by, "escalation.claimed")
    return row


@transaction.atomic
def release(*, escalation: Escalation, by: User) -> Escalation:
    """Put a claimed escalation back for others. Raises EscalationError for one that is not claimed."""
    row = _locked(escalation)
    if row.state != Escalation.State.CLAIMED:
        raise EscalationError(f"only what is claimed can be put back: it is {row.get_state_display()}")
    row.state, row.claimed_by = Escalation.State.OPEN, None
    row.save(update_fields=["state", "claimed_by"])
    _note(row, by, "escalation.released")
    return row


@transaction.atomic
def decide(*, escalation: Escalation, allow: bool, by: User, note: str = "") -> Escalation:
    """Say whether what was held back would have been all right. Raises EscalationError when somebody else has it."""
    row = _locked(escalation)
    if row.is_decided:
        raise EscalationError(f"it was decided before: it is {row.get_state_display()}")
    if row.claimed_by not in (None, by):
        raise EscalationError(f"{row.claimed_by} has claimed it; ask them, or put it back first")
    row.state = Escalation.State.ALLOWED if allow else Escalation.State.DENIED
    row.claimed_by, row.decided_by, row.decided_at = row.claimed_by or by, by, timezone.now()
    row.note = note[:LONGEST_NOTE]
    row.save(update_fields=["state", "claimed_by", "decided_by", "decided_at", "note"])
    _note(row, by, f"escalation.{row.state}")
    return row


def _locked(escalation: Escalation) -> Escalation:
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("project", "claimed_by")
    return rows.get(pk=escalation.pk)


def _note(row: Escalation, by: User, action: str) -> None:
    # A note may quote the call; the log of changes is read by more people than the queue.
    audit.record(
        project=row.project, by=by, action=action, target=f"{row.guard} {row.span_id}", escalation=str(row.pk)
    )


def _row(project: Project, event: GuardEventRow) -> Escalation:
    return Escalation(
        id=UUID(str(event.id)),
        project=project,
        trace_id=event.trace_id,
        span_id=event.span_id,
        at=event.at if event.at.tzinfo else event.at.replace(tzinfo=UTC),
        policy_name=event.policy_name[:100],
        policy_version=event.policy_version,
        guard=event.guard[:120],
        guard_kind=event.guard_kind[:64],
        place=event.place[:32],
        entities=dict(event.entities),
        score=event.score,
        environment=event.environment[:64],
        model=event.model[:200],
    )
