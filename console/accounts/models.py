"""People, projects, keys, and the record of who changed what."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q


class People(UserManager["User"]):
    """Creates users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":  # type: ignore[override]
        """Create a person who signs in with an e-mail address."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class OrganisationRole(models.TextChoices):
    """What a person may do for all projects of the installation: an owner also says who else may."""

    ADMIN = "admin"
    OWNER = "owner"


class User(AbstractUser):
    """A person, known by an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    organisation_role = models.CharField(max_length=10, choices=OrganisationRole.choices, blank=True)
    """Empty for nearly everybody: what a person may do in a project is a membership."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()


class Project(models.Model):
    """What traces, keys, policies and people belong to. Nothing is shared between projects."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=64, default="UTC")
    stores_messages = models.BooleanField(default=True)
    """Whether prompts and answers are kept beside the numbers; always as the policy masked them."""
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="projects")

    def __str__(self) -> str:
        return self.slug


class Role(models.TextChoices):
    """What a member may do: each role includes those before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Membership(models.Model):
    """A person's role in a project."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="one_role_per_member")]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.project_id}"


class Scope(models.TextChoices):
    """A front door that a key opens."""

    PROXY = "proxy", "Call models"
    INGEST = "ingest", "Send traces"
    API = "api", "Use the REST API"


def every_scope() -> list[str]:
    """Return the scopes of a key for which nothing else was said."""
    return list(Scope.values)


class ApiKey(models.Model):
    """What an app presents at the proxy, the receiver and the API. Only a keyed hash of it is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    last4 = models.CharField(max_length=4)
    environment = models.CharField(max_length=64, blank=True)
    """Written on every span sent with this key, unless the sender names another."""
    scopes = models.JSONField(default=every_scope)
    allowed_models = models.JSONField(null=True, blank=True)
    """Model names this key may call; null for all of the project's."""
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    budget_usd_per_day = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    is_internal = models.BooleanField(default=False)
    """Made by the console for its own jobs; its secret is kept, sealed."""
    sealed_secret = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_internal=True) | Q(sealed_secret=""),
                name="only_internal_keys_keep_their_secret",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

    @property
    def hint(self) -> str:
        """Return enough of the key to recognise it, too little to use it."""
        return f"{self.prefix}…{self.last4}"

    def is_in_force(self, now: datetime) -> bool:
        """Tell whether the doors still open for this key."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class AuditEntry(models.Model):
    """Who changed what, and when. Rows are only ever added, each sealed by the hash of the one before."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="audit_entries")
    number = models.PositiveIntegerField()
    """Counts 1, 2, 3, ... within the project."""
    at = models.DateTimeField()
    actor = models.CharField(max_length=254)
    """The e-mail address of the person, or `installation`; kept as text, so that it outlives the account."""
    action = models.CharField(max_length=64)
    """The noun and what befell it: `key.created`."""
    target = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_audit_chain_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.action} {self.target}"
