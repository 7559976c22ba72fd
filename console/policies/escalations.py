"""Calls that guards held back for a person: collected from what the guards decided, claimed, and decided."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console.accounts import audit
from console.accounts.models import Project, User
from console.gateway.publish import publish_on_commit
from console.policies.models import Escalation
from console.policies.permits import MOST_PERMITS, in_force
from console.store import store
from ingest.queries.guard_events import GuardEventFilters, GuardEventRow, newest_events, permitted_calls

log = logging.getLogger(__name__)
OVERLAP = timedelta(hours=1)
"""So far back what was collected is looked at again: events of slow hosts arrive late."""
LONGEST_BACK = timedelta(days=30)
AT_ONCE = 500
LONGEST_NOTE = 500
LONGEST_PERMIT = timedelta(days=30)
USUAL_PERMIT = timedelta(hours=1)


class EscalationError(ValueError):
    """What was asked cannot be done to an escalation as it stands; the message says why."""


def collect(project: Project) -> int:
    """Make a row of every call that was held back and has none yet; return how many there are more now.

    Of what people let pass, note how many calls have passed since.
    """
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
            break
        before = page[-1].at, page[-1].id
    note_passed(project)
    return made


def note_passed(project: Project) -> None:
    """Note how many calls passed because a person had allowed one like them."""
    now = timezone.now()
    allowed = Escalation.objects.filter(
        project=project, state=Escalation.State.ALLOWED, allowed_until__gt=now - OVERLAP
    )
    rows = {row.pk: row for row in allowed}
    if not rows:
        return
    since = min(row.decided_at or row.at for row in rows.values())
    passed = permitted_calls(store(), project_id=project.pk, since=since, escalation_ids=list(rows))
    for pk, (calls, last_at) in passed.items():
        if rows[pk].calls_passed != calls:
            at = last_at if last_at.tzinfo else last_at.replace(tzinfo=UTC)
            Escalation.objects.filter(pk=pk).update(calls_passed=calls, last_passed_at=at)


@transaction.atomic
def claim(*, escalation: Escalation, by: User) -> Escalation:
    """Take a held call on, so that no two people work on it. Raises EscalationError for one that is taken."""

    def take(row: Escalation) -> None:
        if row.state == Escalation.State.CLAIMED and row.claimed_by == by:
            return
        if row.state != Escalation.State.OPEN:
            raise EscalationError(f"somebody was faster: it is {row.get_state_display()}")
        row.state, row.claimed_by = Escalation.State.CLAIMED, by
        row.save(update_fields=["state", "claimed_by"])
        _note(row, by, "escalation.claimed")

    return _each(escalation, take)


@transaction.atomic
def release(*, escalation: Escalation, by: User) -> Escalation:
    """Put a claimed call back for others. Raises EscalationError for one that is not claimed."""

    def put_back(row: Escalation) -> None:
        if row.state != Escalation.State.CLAIMED:
            raise EscalationError(f"only what is claimed can be put back: it is {row.get_state_display()}")
        row.state, row.claimed_by = Escalation.State.OPEN, None
        row.save(update_fields=["state", "claimed_by"])
        _note(row, by, "escalation.released")

    return _each(escalation, put_back)


@transaction.atomic
def decide(
    *,
    escalation: Escalation,
    allow: bool,
    by: User,
    note: str = "",
    lasts: timedelta = USUAL_PERMIT,
    for_one_call: bool = False,
) -> Escalation:
    """Say what becomes of a held call, for every guard that held it.

    What is allowed passes when it is sent again: for so long, or once. Raises EscalationError when somebody else has it.
    """
    if allow and not timedelta(minutes=1) <= lasts <= LONGEST_PERMIT:
        raise EscalationError(
            f"a call is allowed for at least a minute and at most 30 days, not for {lasts.total_seconds():.0f} s"
        )
    now = timezone.now()

    def settle(row: Escalation) -> None:
        if row.is_decided:
            raise EscalationError(f"it was decided before: it is {row.get_state_display()}")
        if row.claimed_by not in (None, by):
            raise EscalationError(f"{row.claimed_by} has claimed it; ask them, or put it back first")
        row.state = Escalation.State.ALLOWED if allow else Escalation.State.DENIED
        row.claimed_by, row.decided_by, row.decided_at = row.claimed_by or by, by, now
        row.note = note[:LONGEST_NOTE]
        if allow and row.fingerprints:
            row.allowed_until, row.is_for_one_call = now + lasts, for_one_call
        row.save()
        details = {"until": row.allowed_until.isoformat(), "once": for_one_call} if row.allowed_until else {}
        _note(row, by, f"escalation.{row.state}", **details)

    decided = _each(escalation, settle)
    if allow and decided.allowed_until:
        if in_force(now).filter(project=decided.project).count() > MOST_PERMITS:
            raise EscalationError(
                f"{MOST_PERMITS:,} calls are let pass in this project already; revoke some of them first"
            )
        publish_on_commit()
    return decided


@transaction.atomic
def revoke(*, escalation: Escalation, by: User | None) -> Escalation:
    """Hold again what was let pass, from the moment the proxy hears of it. Raises EscalationError when nothing passes."""
    now = timezone.now()

    def stop(row: Escalation) -> None:
        if row.passes(now):
            row.revoked_at, row.revoked_by = now, by
            row.save(update_fields=["revoked_at", "revoked_by"])
            _note(row, by, "escalation.revoked")

    if not any(row.passes(now) for row in _call(escalation)):
        raise EscalationError("nothing is let pass by it any more")
    revoked = _each(escalation, stop)
    publish_on_commit()
    return revoked


def of_the_same_call(escalation: Escalation) -> list[Escalation]:
    """Return what other guards held of the same call: one word decides about all of it."""
    rows = Escalation.objects.filter(project=escalation.project, span_id=escalation.span_id)
    return list(rows.exclude(Q(pk=escalation.pk) | Q(span_id="")).order_by("guard", "place"))


def _each(escalation: Escalation, change: Callable[[Escalation], None]) -> Escalation:
    """Change all that is known of a held call, and return this row of it."""
    rows = _call(escalation)
    for row in rows:
        change(row)
    return next(row for row in rows if row.pk == escalation.pk)


def _call(escalation: Escalation) -> Sequence[Escalation]:
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("project", "claimed_by")
    same_call = Q(project=escalation.project_id, span_id=escalation.span_id) & ~Q(span_id="")
    return list(rows.filter(Q(pk=escalation.pk) | same_call))


def _note(row: Escalation, by: User | None, action: str, **details: object) -> None:
    # A note may quote the call; the log of changes is read by more people than the queue.
    audit.record(
        project=row.project,
        by=by,
        action=action,
        target=f"{row.guard} {row.span_id}",
        escalation=str(row.pk),
        **details,
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
        fingerprints=list(event.fingerprints),
    )
