"""Guard policies and every version they ever had."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from console.accounts.models import ApiKey, Project, User
from console.gateway.models import ModelRoute


class Policy(models.Model):
    """What is guarded in the organisation, a project, a route or for a key. One is active; its newest version is in force."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, blank=True, related_name="policies"
    )
    """Null for the organisation's, which holds in every project."""
    route = models.ForeignKey(
        ModelRoute, on_delete=models.CASCADE, null=True, blank=True, related_name="policies"
    )
    """Set when it holds for calls of one route alone."""
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, blank=True, related_name="policies")
    """Set when it holds for calls and traces of one key alone."""
    name = models.CharField(max_length=100, default="Default")
    version = models.PositiveIntegerField(default=0)
    """The number of the version in force."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(is_active=True, route=None, key=None),
                name="one_active_policy_per_project",
            ),
            models.UniqueConstraint(
                fields=["is_active"],
                condition=Q(is_active=True, project=None),
                name="one_active_policy_of_the_organisation",
            ),
            models.UniqueConstraint(
                fields=["route"], condition=Q(is_active=True), name="one_active_policy_per_route"
            ),
            models.UniqueConstraint(
                fields=["key"], condition=Q(is_active=True), name="one_active_policy_per_key"
            ),
            models.CheckConstraint(
                condition=Q(route=None, key=None)
                | Q(route=None, project__isnull=False)
                | Q(key=None, project__isnull=False),
                name="policies_have_one_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class PolicyVersion(models.Model):
    """The guards of a policy as they were saved once. Never changed afterwards."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    guards = models.JSONField(default=list)
    rollout_percent = models.PositiveSmallIntegerField(default=100)
    """In force for so many conversations in a hundred; for the others the last version is that has 100."""
    remembers_s = models.PositiveIntegerField(default=0)
    """How long a conversation's masked values keep their stand-ins; 0 for one request."""
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "number"], name="versions_of_a_policy_are_numbered_once"
            ),
            models.CheckConstraint(
                condition=Q(rollout_percent__gte=0, rollout_percent__lte=100), name="shares_are_percentages"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.name} v{self.number}"


class Escalation(models.Model):
    """A call that a guard held back for a person to look at, and what the person made of it. The text is not here."""

    class State(models.TextChoices):
        """How far it has come."""

        OPEN = "open", "open"
        CLAIMED = "claimed", "claimed"
        ALLOWED = "allowed", "allowed"
        DENIED = "denied", "denied"

    id = models.UUIDField(primary_key=True, editable=False)
    """That of the guard's event."""
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="escalations")
    trace_id = models.CharField(max_length=64)
    span_id = models.CharField(max_length=32)
    """Also the reference that the caller was given."""
    at = models.DateTimeField()
    policy_name = models.CharField(max_length=100)
    policy_version = models.PositiveIntegerField()
    guard = models.CharField(max_length=120)
    guard_kind = models.CharField(max_length=64)
    place = models.CharField(max_length=32)
    entities = models.JSONField(default=dict)
    score = models.FloatField(null=True, blank=True)
    environment = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    claimed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    fingerprints = models.JSONField(default=list)
    """By what the same call is known again; none for what came as a trace."""
    allowed_until = models.DateTimeField(null=True, blank=True)
    """Until when the same call passes."""
    is_for_one_call = models.BooleanField(default=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    calls_passed = models.PositiveIntegerField(default=0)
    """How many calls have passed because of it, as far as the store knows."""
    last_passed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "state", "-at"], name="escalations_by_state"),
            models.Index(fields=["project", "span_id"], name="escalations_by_reference"),
            models.Index(fields=["allowed_until"], condition=Q(state="allowed"), name="escalations_let_pass"),
        ]

    def __str__(self) -> str:
        return f"{self.guard} {self.span_id}"

    @property
    def is_decided(self) -> bool:
        """Tell whether a person has said what becomes of it."""
        return self.state in (self.State.ALLOWED, self.State.DENIED)

    def passes(self, now: datetime) -> bool:
        """Tell whether the same call is let pass now."""
        return (
            self.state == self.State.ALLOWED
            and self.allowed_until is not None
            and self.allowed_until > now
            and self.revoked_at is None
            and not (self.is_for_one_call and self.calls_passed)
        )

    @property
    def passing(self) -> str:
        """Return in a word what becomes of the same call now; empty where nothing ever passed."""
        if self.allowed_until is None:
            return ""
        if self.revoked_at is not None:
            return "revoked"
        if self.passes(timezone.now()):
            return "passes"
        return "used" if self.is_for_one_call and self.calls_passed else "expired"
