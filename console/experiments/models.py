"""Experiments: prompts and models tried on a dataset, and every answer and score that came of it."""

import uuid
from typing import ClassVar

from django.db import models

from console.accounts.models import Project, User
from console.datasets.fields import KeptJson
from console.datasets.models import Dataset


class State(models.TextChoices):
    """Where an experiment stands."""

    DRAFT = "draft"
    """Planned; nothing was spent."""
    RUNNING = "running"
    STOPPED = "stopped"
    """By a person, the cost cap, or because nothing could be answered; it can go on."""
    DONE = "done"


class Experiment(models.Model):
    """Variants of a prompt or a model on one version of a dataset, scored by evaluators, decided by a gate.

    What it asks is a suite (`evaluators.suites`), kept as plain values; it is fixed once the experiment begins.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="experiments")
    name = models.CharField(max_length=64)
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.SET_NULL, related_name="experiments")
    """Null once the dataset was removed; the cases stay."""
    dataset_name = models.CharField(max_length=64)
    dataset_version = models.PositiveIntegerField()
    suite = KeptJson()
    """The target with its arms, trials, evaluators, judges, gate and budget, as a suite file would have them."""
    cases = KeptJson(default=list)
    """The cases, as a suite would have them inline: a copy, so that removing the dataset loses no result."""
    is_as_given = models.BooleanField(default=False)
    """Whether some of the cases are items that were stored without the project's policy looking at them."""
    state = models.CharField(max_length=7, choices=State.choices, default=State.DRAFT)
    because = models.CharField(max_length=300, blank=True)
    """Why it stopped by itself; empty when a person stopped it."""
    look = models.PositiveSmallIntegerField(default=0)
    """Trials per case asked for so far."""
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ran_since = models.DateTimeField(null=True, blank=True)
    """When it last began or went on; from here its speed is measured."""
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class TrialState(models.TextChoices):
    """Where a trial stands."""

    WAITING = "waiting"
    RUNNING = "running"
    OWED = "owed"
    """Answered; it waits for a model on a machine of ours to judge it."""
    JUDGING = "judging"
    DONE = "done"
    DEAD = "dead"
    """Given up after several workers were lost over it; it counts as unscored, never as a zero."""


class Trial(models.Model):
    """One answer of one arm to one case, and its scores. The row is the queue and the result: it is finished once."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="trials")
    case = models.CharField(max_length=100)
    arm = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField()
    """From 1 on."""
    position = models.PositiveIntegerField()
    """Trials are taken in this order: arms side by side, cases shuffled."""
    fingerprint = models.CharField(max_length=16)
    """A hash of everything that decides the answer beside chance."""
    state = models.CharField(max_length=7, choices=TrialState.choices, default=TrialState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    """How many workers were lost while they held it."""
    lease_until = models.DateTimeField(null=True, blank=True)
    """While somebody holds it: when that worker is taken for lost. While it waits: not before this."""
    answer = models.JSONField(null=True, blank=True)
    outcomes = models.JSONField(default=dict, blank=True)
    """What every evaluator said, by name."""
    error = models.CharField(max_length=300, blank=True)
    cost_usd = models.FloatField(default=0.0)
    """Of the answer and its judgements, as far as prices are known."""
    has_unknown_cost = models.BooleanField(default=False)
    trace_id = models.CharField(max_length=32, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "case", "arm", "number"], name="one_trial_of_a_number_per_case_and_arm"
            )
        ]
        indexes = [models.Index(fields=["experiment", "state", "position"], name="trial_due")]

    def __str__(self) -> str:
        return f"{self.arm} on {self.case}, trial {self.number}"
