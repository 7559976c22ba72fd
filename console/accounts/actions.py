"""What can be done to projects, keys and members."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from console.accounts import audit
from console.accounts.keys import new_secret
from console.accounts.models import ApiKey, Membership, OrganisationRole, Project, Role, Scope, User
from console.gateway import actions as gateway
from console.gateway.publish import publish_on_commit
from console.policies import actions as policies
from inference_proxy.sealing import seal, unseal
from ingest.keys import hash_key, pepper_from

MAX_MODELS = 200
INTERNAL_KEY_NAME = "Parapet's own jobs"


class AccountError(ValueError):
    """A project, key or member cannot be changed as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the one moment when its secret is known."""

    key: ApiKey
    secret: str = field(repr=False)


@transaction.atomic
def create_project(
    *, name: str, by: User | None, owner: User, slug: str = "", time_zone: str = "UTC"
) -> Project:
    """Create a project with its owner, the starter policy and the demo model.

    Who owns the first project of an installation owns the organisation, too.
    """
    name = _checked_project_name(name)
    project = Project.objects.create(
        slug=_free_slug(slug or name), name=name, time_zone=_checked_time_zone(time_zone)
    )
    Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    details = {"owner": owner.email}
    if Project.objects.count() == 1 and not User.objects.exclude(organisation_role="").exists():
        owner.organisation_role = OrganisationRole.OWNER
        owner.save(update_fields=["organisation_role"])
        details["organisation"] = str(OrganisationRole.OWNER)
    audit.record(project=project, by=by, action="project.created", target=project.slug, **details)
    policies.create_policy(project=project, by=by)
    gateway.add_demo(project=project, by=by)
    publish_on_commit()
    return project


@transaction.atomic
def change_project(
    *, project: Project, by: User | None, name: str, time_zone: str, stores_messages: bool
) -> Project:
    """Change a project's name, its time zone, and whether it keeps prompts and answers."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    project.name = _checked_project_name(name)
    project.time_zone = _checked_time_zone(time_zone)
    project.stores_messages = stores_messages
    project.save()
    audit.record(
        project=project,
        by=by,
        action="project.changed",
        target=project.slug,
        name=project.name,
        time_zone=time_zone,
        stores_messages=stores_messages,
    )
    publish_on_commit()
    return project


@transaction.atomic
def create_key(
    *,
    project: Project,
    name: str,
    by: User | None,
    environment: str = "",
    scopes: Sequence[str] = tuple(Scope.values),
    allowed_models: Sequence[str] | None = None,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    budget_usd_per_day: Decimal | None = None,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Issue an API key. Its secret is in the answer and nowhere else."""
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise AccountError(f"a key's name has 1 to 100 characters, not {len(name)}")
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise AccountError(f"a key's scopes are some of {', '.join(Scope.values)}, not {sorted(scopes)}")
    if allowed_models is not None and not 1 <= len(allowed_models) <= MAX_MODELS:
        raise AccountError(f"a key is for all models or for 1 to {MAX_MODELS}, not {len(allowed_models)}")
    if expires_at is not None and expires_at <= timezone.now():
        raise AccountError(f"a key expires in the future, not at {expires_at.isoformat()}")
    return _issue(
        ApiKey(
            project=project,
            name=name,
            environment=environment.strip()[:64],
            scopes=[scope for scope in Scope.values if scope in scopes],
            allowed_models=list(allowed_models) if allowed_models is not None else None,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            budget_usd_per_day=budget_usd_per_day,
            expires_at=expires_at,
            created_by=by,
        ),
        by=by,
        action="key.created",
    )


@transaction.atomic
def rotate_key(*, key: ApiKey, by: User | None, grace: timedelta = timedelta(0)) -> IssuedKey:
    """Replace a key by a new one of the same rights. The old one works for `grace` more."""
    key = _own_key_in_force(key)
    issued = _issue(
        ApiKey(
            project=key.project,
            name=key.name,
            environment=key.environment,
            scopes=key.scopes,
            allowed_models=key.allowed_models,
            requests_per_minute=key.requests_per_minute,
            tokens_per_minute=key.tokens_per_minute,
            budget_usd_per_day=key.budget_usd_per_day,
            expires_at=key.expires_at,
            created_by=by,
        ),
        by=by,
        action="key.rotated",
        replaces=key.hint,
        grace_s=int(grace.total_seconds()),
    )
    now = timezone.now()
    if grace:
        key.expires_at = min(filter(None, [key.expires_at, now + grace]))
    else:
        key.revoked_at = now
    key.save(update_fields=["expires_at", "revoked_at"])
    return issued


@transaction.atomic
def revoke_key(*, key: ApiKey, by: User | None) -> None:
    """Close the doors to a key, for good."""
    key = _own_key_in_force(key)
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    audit.record(project=key.project, by=by, action="key.revoked", target=key.name, key=key.hint)
    publish_on_commit()


@transaction.atomic
def internal_key(*, project: Project) -> str:
    """Return the secret of the key with which our own jobs call the proxy for a project, made when first needed."""
    Project.objects.select_for_update().get(pk=project.pk)
    key = ApiKey.objects.filter(project=project, is_internal=True, revoked_at=None).first()
    if key is not None:
        return unseal(key.sealed_secret, secret_key=settings.PARAPET_SECRET_KEY, bound_to=f"api_key:{key.id}")
    key = ApiKey(project=project, name=INTERNAL_KEY_NAME, scopes=[Scope.PROXY], is_internal=True)
    return _issue(key, by=None, action="key.created").secret


@transaction.atomic
def add_member(
    *, project: Project, email: str, role: str, by: User | None, password: str | None = None
) -> Membership:
    """Let a person into a project, with an account of their own if they have none yet.

    Without a password a new account cannot sign in until it is given one.
    """
    email = User.objects.normalize_email(email.strip()).lower()
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email=email, password=password
    )
    if Membership.objects.filter(project=project, user=user).exists():
        raise AccountError(f"{email} is a member already; change the role instead")
    membership = Membership.objects.create(project=project, user=user, role=_checked_role(role))
    audit.record(project=project, by=by, action="member.added", target=email, role=str(membership.role))
    return membership


@transaction.atomic
def set_role(*, membership: Membership, role: str, by: User | None) -> Membership:
    """Give a member another role. A project keeps at least one owner."""
    membership = _locked(membership)
    before, membership.role = membership.role, _checked_role(role)
    if before == Role.OWNER and membership.role != Role.OWNER:
        _keep_an_owner(membership)
    membership.save()
    audit.record(
        project=membership.project,
        by=by,
        action="member.changed",
        target=membership.user.email,
        role=[str(before), str(membership.role)],
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: User | None) -> None:
    """Show a member out of a project. A project keeps at least one owner."""
    membership = _locked(membership)
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    project, email = membership.project, membership.user.email
    membership.delete()
    audit.record(project=project, by=by, action="member.removed", target=email)


def _issue(key: ApiKey, *, by: User | None, action: str, **details: Any) -> IssuedKey:
    secret = new_secret()
    key.hash = hash_key(secret, pepper=pepper_from(settings.PARAPET_SECRET_KEY))
    key.prefix, key.last4 = secret[:7], secret[-4:]
    if key.is_internal:
        key.sealed_secret = seal(secret, secret_key=settings.PARAPET_SECRET_KEY, bound_to=f"api_key:{key.id}")
    key.save(force_insert=True)
    budget = key.budget_usd_per_day
    audit.record(
        project=key.project,
        by=by,
        action=action,
        target=key.name,
        key=key.hint,
        scopes=[str(scope) for scope in key.scopes],
        environment=key.environment,
        models=key.allowed_models,
        requests_per_minute=key.requests_per_minute,
        tokens_per_minute=key.tokens_per_minute,
        budget_usd_per_day=str(budget) if budget is not None else None,
        expires_at=key.expires_at.isoformat() if key.expires_at else None,
        **details,
    )
    publish_on_commit()
    return IssuedKey(key, secret)


def _own_key_in_force(key: ApiKey) -> ApiKey:
    key = ApiKey.objects.select_for_update().select_related("project").get(pk=key.pk)
    if not key.is_in_force(timezone.now()):
        raise AccountError(f"key {key.hint} is no longer in force")
    if key.is_internal:
        raise AccountError(f"key {key.hint} belongs to Parapet's own jobs")
    return key


def _locked(membership: Membership) -> Membership:
    Project.objects.select_for_update().get(pk=membership.project_id)
    return Membership.objects.select_related("project", "user").get(pk=membership.pk)


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(project=membership.project, role=Role.OWNER).exclude(pk=membership.pk)
    if not others.exists():
        raise AccountError(f"{membership.user.email} is the only owner; make someone else an owner first")


def _checked_role(role: str) -> Role:
    if role not in Role.values:
        raise AccountError(f"a role is one of {', '.join(Role.values)}, not {role!r}")
    return Role(role)


def _checked_project_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise AccountError(f"a project's name has 1 to 100 characters, not {len(name)}")
    return name


def _checked_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise AccountError(f"{name!r} is not a time zone; write one like Europe/Berlin or UTC")
    return name


def _free_slug(wanted: str) -> str:
    base = slugify(wanted)[:40] or "project"
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(slug for slug in candidates if slug not in taken)
