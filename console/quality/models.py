"""What people said of the guards' verdicts, and what another policy would have made of calls of the past."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from console.accounts.models import Project, User


class Stratum(models.TextChoices):
    """The part of the traffic that an item was drawn from, in the order in which people look at them."""

    UNCERTAIN = "uncertain", "Unsure"
    DISAGREEMENT = "disagreement", "Guards disagree"
    FOUND = "found", "Found"
    PASSED = "passed", "Let pass"


class Draw(models.Model):
    """Verdicts drawn by chance from a stretch of time, for people to look at."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="draws")
    since = models.DateTimeField()
    until = models.DateTimeField()
    guard = models.CharField(max_length=100, blank=True)
    """The one guard it is about; empty for all."""
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"


class Item(models.Model):
    """One thing a guard found, or one text it let pass, that a person is to look at. The text is not part of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="review_items")
    draw = models.ForeignKey(Draw, null=True, on_delete=models.CASCADE, related_name="items")
    """None for what a person picked; such items are in no rate."""
    position = models.PositiveIntegerField(default=0)
    stratum = models.CharField(max_length=16, choices=Stratum.choices, blank=True)
    population = models.PositiveBigIntegerField(default=0)
    """How many items the stratum had."""
    probability = models.FloatField(null=True)
    """The chance with which it was drawn from its stratum; None when it was picked."""
    event_id = models.UUIDField()
    event_at = models.DateTimeField()
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16)
    guard = models.CharField(max_length=100)
    guard_kind = models.CharField(max_length=64)
    policy_id = models.UUIDField(null=True)
    """Whose version that is; None for items of a time when only the project's own was known."""
    policy_version = models.PositiveIntegerField()
    place = models.CharField(max_length=32)
    action = models.CharField(max_length=16)
    is_shadow = models.BooleanField(default=False)
    entity = models.CharField(max_length=64, blank=True)
    """What was found; empty when nothing was."""
    score = models.FloatField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["draw", "event_id", "entity"],
                condition=Q(draw__isnull=False),
                name="an_item_is_drawn_once",
            ),
            models.UniqueConstraint(
                fields=["project", "event_id", "entity"],
                condition=Q(draw__isnull=True),
                name="an_item_is_picked_once",
            ),
        ]
        indexes = [models.Index(fields=["project", "guard", "event_at"], name="item_of_guard")]

    def __str__(self) -> str:
        return f"{self.guard}: {self.entity or 'nothing'}"

    @property
    def is_found(self) -> bool:
        """Whether the guard reported it."""
        return bool(self.entity)


class Said(models.TextChoices):
    """What a person can say of an item."""

    RIGHT = "right", "Right"
    WRONG = "wrong", "Wrong"
    MISSED = "missed", "Missed something"


class Label(models.Model):
    """What a person said of an item. Never changed: who says something else adds a version."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="labels")
    number = models.PositiveIntegerField()
    """The version, counted from 1 for each item."""
    said = models.CharField(max_length=8, choices=Said.choices, blank=True)
    """Empty when what was said before is taken back."""
    entity = models.CharField(max_length=64, blank=True)
    """What was missed."""
    note = models.CharField(max_length=500, blank=True)
    """As the project's policy masked it."""
    is_current = models.BooleanField(default=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="labels_of_an_item_are_numbered_once"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(is_current=True), name="one_current_label_per_item"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} v{self.number}: {self.said or 'taken back'}"


class BacktestState(models.TextChoices):
    """Where a backtest stands."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class Backtest(models.Model):
    """A policy over calls of the past. The row is the queue and the result; a Celery message is only a wake-up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="backtests")
    source = models.CharField(max_length=120)
    """Where the guards come from: a version, a draft, the API."""
    guards = models.JSONField(default=list)
    live_version = models.PositiveIntegerField(default=0)
    """The version in force when it was started."""
    since = models.DateTimeField()
    until = models.DateTimeField()
    sample = models.PositiveIntegerField()
    environment = models.CharField(max_length=64, blank=True)
    route = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    feature = models.CharField(max_length=200, blank=True)
    api_key = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=BacktestState.choices, default=BacktestState.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    """Why it stands where it stands, when that is not plain."""
    matching = models.PositiveBigIntegerField(null=True)
    """How many calls there are to draw from; None before anybody looked."""
    done = models.PositiveIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    """Calls up to here are in the totals."""
    totals = models.JSONField(default=dict)
    attempts = models.PositiveIntegerField(default=0)
    """How often a worker took it; also tells one worker's lease from the next one's."""
    troubles = models.PositiveSmallIntegerField(default=0)
    """How often in a row it could not go on."""
    lease_until = models.DateTimeField(null=True, blank=True)
    """While it runs: when the worker that holds it is taken for lost. While it waits: not before this."""
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes = [models.Index(fields=["state", "lease_until"], name="backtest_due")]

    def __str__(self) -> str:
        return f"{self.source} over {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Whether it will go on by itself."""
        return self.state in (BacktestState.WAITING, BacktestState.RUNNING)

    @property
    def expected(self) -> int:
        """How many calls it will have looked at in the end."""
        return self.sample if self.matching is None else min(self.sample, self.matching)

    @property
    def share_done(self) -> float:
        """How far it is, from 0 to 1."""
        if self.state == BacktestState.DONE:
            return 1.0
        return min(self.done / self.expected, 1.0) if self.expected else 0.0
