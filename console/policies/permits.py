"""What people let pass of what guards held, as the proxy is told."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from console.policies.models import Escalation
from guardrails.permits import Permit

MOST_PERMITS = 1_000
"""Of one project at a time: the proxy holds them in memory."""


def in_force(now: datetime) -> QuerySet[Escalation]:
    """Return the escalations whose calls are let pass now, in every project."""
    allowed = Escalation.objects.filter(
        state=Escalation.State.ALLOWED, allowed_until__gt=now, revoked_at=None
    )
    return allowed.exclude(is_for_one_call=True, calls_passed__gt=0)


def permits(now: datetime) -> Mapping[UUID, tuple[Permit, ...]]:
    """Return the permits in force, by project."""
    found: dict[UUID, list[Permit]] = {}
    for row in in_force(now).select_related("decided_by").order_by("decided_at", "id"):
        assert row.allowed_until is not None
        permit = Permit(
            escalation_id=row.pk,
            by=row.decided_by.email if row.decided_by else "somebody who has left",
            expires_at_s=int(row.allowed_until.timestamp()),
            is_once=row.is_for_one_call,
            fingerprints=tuple(row.fingerprints),
        )
        found.setdefault(row.project_id, []).append(permit)
    return {project_id: tuple(of_project) for project_id, of_project in found.items()}
