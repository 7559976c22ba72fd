"""Where calls go: upstreams, the routes that lead to them, and what the proxy was last told."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from console.accounts.models import Project


class Protocol(models.TextChoices):
    """The wire an upstream speaks."""

    OPENAI = "openai", "OpenAI"
    ANTHROPIC = "anthropic", "Anthropic"
    DEMO = "demo", "Demo"


class Origin(models.TextChoices):
    """Who keeps a row true: people in the console, or the environment at each start."""

    CONSOLE = "console", "Console"
    ENVIRONMENT = "environment", "Environment"


class Upstream(models.Model):
    """A provider's address, and the sealed key that may be sent there and nowhere else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="upstreams")
    name = models.CharField(max_length=64)
    provider = models.CharField(max_length=64, blank=True)
    """The name prices are looked up by; empty when unknown."""
    protocol = models.CharField(max_length=16, choices=Protocol.choices, default=Protocol.OPENAI)
    base_url = models.CharField(max_length=500, blank=True)
    sealed_api_key = models.TextField(blank=True)
    key_last4 = models.CharField(max_length=4, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    connect_timeout_s = models.FloatField(default=5.0)
    idle_timeout_s = models.FloatField(default=60.0)
    total_timeout_s = models.FloatField(default=900.0)
    is_enabled = models.BooleanField(default=True)
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.CONSOLE)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_upstream_of_a_name_per_project"),
            models.CheckConstraint(
                condition=Q(protocol="demo") | ~Q(base_url=""), name="upstreams_have_an_address"
            ),
            models.CheckConstraint(
                condition=Q(connect_timeout_s__gt=0, idle_timeout_s__gt=0, total_timeout_s__gt=0),
                name="upstream_timeouts_are_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_key(self) -> bool:
        """Tell whether a provider key is stored for the present address."""
        return self.sealed_api_key != ""


class ModelRoute(models.Model):
    """A model name, or a prefix ending in `*`, that apps may ask for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="routes")
    pattern = models.CharField(max_length=200)
    max_retries = models.PositiveSmallIntegerField(default=2)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pattern"]
        constraints = [
            models.UniqueConstraint(fields=["project", "pattern"], name="one_route_of_a_pattern_per_project")
        ]

    def __str__(self) -> str:
        return self.pattern


class RouteTarget(models.Model):
    """One upstream a route may use; the lowest position is tried first."""

    route = models.ForeignKey(ModelRoute, on_delete=models.CASCADE, related_name="targets")
    upstream = models.ForeignKey(Upstream, on_delete=models.CASCADE, related_name="targets")
    model = models.CharField(max_length=200, blank=True)
    """The model's name at the upstream; empty to pass on the name the app used."""
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["route", "position"], name="one_target_per_position_of_a_route")
        ]

    def __str__(self) -> str:
        return f"{self.upstream} / {self.model or '(same name)'}"


class Publication(models.Model):
    """What the proxy was last told: one row, whose lock also keeps publications in order."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    """Of the content without its version: the same content keeps its version."""
    published_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    """Why the last attempt did not reach the proxy; empty when it did."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_publication")]

    def __str__(self) -> str:
        return f"version {self.version}"
