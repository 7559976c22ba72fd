"""Which evaluators a project has switched on, and the state of every judgement they owe."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from console.accounts.models import Project, User


class Rule(models.Model):
    """An evaluator, the traffic it scores, and how large a share of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=64)
    """What the scores are called."""
    kind = models.CharField(max_length=64)
    """The evaluator, by its name in `evaluators.registry`."""
    parameters = models.JSONField(default=dict, blank=True)
    judge_model = models.CharField(max_length=200, blank=True)
    """The model a judge asks, through the proxy; empty for evaluators that ask none."""
    share = models.FloatField(default=1.0)
    """Of the matching calls: 0.1 scores one in ten, chosen by a hash of the trace id."""
    environment = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=200, blank=True)
    feature = models.CharField(max_length=200, blank=True)
    prompt_name = models.CharField(max_length=200, blank=True)
    most_per_day = models.PositiveIntegerField(default=5_000)
    """Judgements a day at most; what is beyond is counted as skipped."""
    is_enabled = models.BooleanField(default=True)
    paused_because = models.CharField(max_length=300, blank=True)
    """Why the rule stopped by itself; empty when a person stopped it."""
    seen_until = models.DateTimeField()
    """Spans that reached the store before this have been considered."""
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_rule_of_a_name_per_project"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="a_rule_scores_a_share"),
        ]

    def __str__(self) -> str:
        return self.name


class JobState(models.TextChoices):
    """Where a judgement stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    UNSCORED = "unscored"
    """Finished, and the evaluator could not judge; the score row says why."""
    DEAD = "dead"
    """Given up after several workers were lost or failed over it."""


class Job(models.Model):
    """One judgement that is owed. The row is the queue; a Celery message is only a wake-up."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="jobs")
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16)
    trace_start = models.DateTimeField()
    probability = models.FloatField()
    """The chance with which sampling chose this span."""
    version = models.CharField(max_length=16)
    """The evaluator's version when the judgement fell due."""
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    """How many workers were lost while they held it."""
    lease_until = models.DateTimeField(null=True, blank=True)
    """While it runs: when the worker that holds it is taken for lost. While it waits: not before this."""
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "version", "span_id"], name="one_judgement_per_span_and_version"
            )
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="job_due"),
            models.Index(fields=["rule", "created_at"], name="job_of_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.span_id}"
