"""Datasets: cases to try prompts on, in versions that never change."""

import json
import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from console.accounts.models import Project, User
from console.datasets.fields import KeptJson


class Split(models.TextChoices):
    """What an item is for."""

    TRAIN = "train"
    """To learn from: examples in prompts, labels of judges."""
    DEV = "dev"
    """To try things out on."""
    TEST = "test"
    """To decide on; looked at as rarely as possible."""


class Source(models.TextChoices):
    """Where an item came from."""

    TRACE = "trace"
    FILE = "file"
    PERSON = "person"
    API = "api"


class Dataset(models.Model):
    """A named collection of items. Its items are reached through its versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=500, blank=True)
    schema = KeptJson(default=dict, blank=True)
    """JSON Schema that every new item must fit; empty for none."""
    latest = models.PositiveIntegerField(default=0)
    """The number of the newest version; 0 while nothing was ever put in."""
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_dataset_of_a_name_per_project")
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """A state of a dataset that stays as it is."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    """How many items it has."""
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=254)
    """An e-mail address, or the name of an API key; kept as text, so that it outlives both."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["dataset", "-number"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="one_version_of_a_number")]

    def __str__(self) -> str:
        return f"version {self.number}"


class Item(models.Model):
    """One item as it stood from one version up to, but not including, another. Its content is never changed."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=100)
    """The item's id, the same in every version."""
    since = models.PositiveIntegerField()
    until = models.PositiveIntegerField(null=True, blank=True)
    """The version that no longer has it so; null while the newest has."""
    body = models.TextField()
    """Inputs, request, expected answer, context and metadata as JSON, in the order in which they were given."""
    digest = models.CharField(max_length=32)
    """A hash of what makes two items the same: inputs, request, expected answer, context."""
    split = models.CharField(max_length=5, choices=Split.choices, default=Split.TEST)
    tag_line = models.TextField(blank=True)
    """The tags, each between two line feeds."""
    cluster = models.CharField(max_length=200, blank=True)
    """Items of one cluster (a document, a conversation) are not independent of one another."""
    text = models.TextField(blank=True)
    """What search looks through and lists show: the beginning of what is asked and expected."""
    source = models.CharField(max_length=6, choices=Source.choices)
    origin = models.JSONField(default=dict)
    """Trace and span, or file and row."""
    is_as_given = models.BooleanField(default=False)
    """Whether somebody who may had it stored without the project's policy looking at it."""
    author = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "key", "since"], name="one_item_of_an_id_per_version"),
            models.UniqueConstraint(
                fields=["dataset", "key"], condition=Q(until=None), name="one_newest_item_of_an_id"
            ),
        ]
        indexes = [
            models.Index(fields=["dataset", "digest"], name="item_digest"),
            models.Index(fields=["dataset", "until"], name="item_until"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def tags(self) -> list[str]:
        """The tags, in order."""
        return [tag for tag in self.tag_line.split("\n") if tag]

    @property
    def content(self) -> dict[str, Any]:
        """Inputs, request, expected answer, context and metadata."""
        content: dict[str, Any] = json.loads(self.body)
        return content


class UploadState(models.TextChoices):
    """How far a file on its way in is."""

    WAITING = "waiting"
    """For a worker to mask it, or to go on."""
    RUNNING = "running"
    FAILED = "failed"
    """A person may have it tried again."""
    READY = "ready"
    """Masked, or to be stored as given: its columns can be named."""


class Upload(models.Model):
    """A file on its way into a dataset: kept until somebody has said what its columns mean."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=200)
    content = models.BinaryField(default=b"")
    """Its rows as the policy lets them be stored, or as given; empty until it is ready."""
    is_as_given = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=7, choices=UploadState.choices, default=UploadState.READY)
    rows = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    """Rows that are masked."""
    lease_until = models.DateTimeField(null=True, blank=True)
    """Until when a worker has it, or no worker is to try."""
    attempts = models.PositiveIntegerField(default=0)
    """Raised with every worker that takes it, so that one who was given up writes nothing more."""
    troubles = models.PositiveIntegerField(default=0)
    """Tries in a row that came to nothing."""
    reason = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Tell whether a worker has it or will."""
        return self.state in (UploadState.WAITING, UploadState.RUNNING)


class UploadPart(models.Model):
    """Some rows of a file that is being masked; the first part is its columns."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    sealed = models.TextField(blank=True)
    """The rows as they came, under the installation's secret; empty once they are masked."""
    content = models.TextField(blank=True)
    """The rows as the policy lets them be stored; empty until they are masked."""

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="one_part_of_a_number_per_upload")
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}, part {self.number}"
