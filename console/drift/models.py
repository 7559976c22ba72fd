"""What the drift checks found, check by check."""

import uuid
from typing import ClassVar

from django.db import models

from console.accounts.models import Project, User


class State(models.TextChoices):
    """What a comparison came to."""

    DRIFT = "drift"
    STEADY = "steady"
    INSUFFICIENT = "insufficient"


class Comparison(models.Model):
    """One series of one project, a day against the week before it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="drift_comparisons")
    series = models.CharField(max_length=32)
    model = models.CharField(max_length=200, blank=True)
    """Only calls this model served; empty for all."""
    current_from = models.DateTimeField()
    current_to = models.DateTimeField()
    reference_from = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices)
    effect = models.FloatField(null=True, blank=True)
    """In the measure of the series: standard deviations moved, or points of a rate."""
    p_value = models.FloatField(null=True, blank=True)
    q_value = models.FloatField(null=True, blank=True)
    """The p-value after Benjamini and Hochberg's correction over all series of this check."""
    details = models.JSONField(default=dict)
    checked_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-current_to", "series", "model"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "series", "model", "current_to"], name="one_comparison_per_series_and_hour"
            )
        ]

    def __str__(self) -> str:
        return f"{self.series} of {self.model or 'all models'}: {self.state}"
