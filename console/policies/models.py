"""Guard policies and every version they ever had."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from console.accounts.models import Project, User


class Policy(models.Model):
    """What is guarded in a project. One is active; its newest version is in force."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=100, default="Default")
    version = models.PositiveIntegerField(default=0)
    """The number of the version in force."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(is_active=True), name="one_active_policy_per_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class PolicyVersion(models.Model):
    """The guards of a policy as they were saved once. Never changed afterwards."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    guards = models.JSONField(default=list)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "number"], name="versions_of_a_policy_are_numbered_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy.name} v{self.number}"
