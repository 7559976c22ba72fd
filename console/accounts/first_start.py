"""What an installation begins with, and the file that says how to get in."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.accounts.actions import create_key, create_project
from console.accounts.models import ApiKey, Project, User
from console.gateway.actions import add_upstream, change_upstream, save_route
from console.gateway.models import Origin, Upstream
from console.settings.providers import ProviderAccess
from console.supervisor.home import write_private
from inference_proxy.sealing import UnsealError, unseal, upstream_binding
from ingest.keys import hash_key, pepper_from

PROJECT_NAME, PROJECT_SLUG = "Default", "default"
KEY_NAME = "first start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to reach and enter this installation. What is not known is empty."""

    console_url: str
    proxy_url: str
    otlp_url: str
    email: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    project: str


@transaction.atomic
def bootstrap(*, noted: Credentials | None, renews: bool = False) -> Credentials:
    """Create the first owner, project and key where there are none, and return how to get in.

    `noted` is what an earlier start returned; what of it no longer works comes back empty. With
    `renews` the owner gets a new password and the project a new key in place of those.
    """
    owner = User.objects.filter(email=settings.OWNER_EMAIL.lower()).first()
    project = Project.objects.filter(slug=PROJECT_SLUG).first()
    password = noted.password if noted and owner and owner.check_password(noted.password) else ""
    api_key = noted.api_key if noted and _opens(noted.api_key, project) else ""
    if owner is None and not User.objects.exists():
        owner = User.objects.create_user(email=settings.OWNER_EMAIL)
        renews = True
    if owner is not None and renews and not password:
        password = secrets.token_urlsafe(15)
        owner.set_password(password)
        owner.save(update_fields=["password"])
    if project is None and owner is not None and not Project.objects.exists():
        project = create_project(name=PROJECT_NAME, slug=PROJECT_SLUG, by=None, owner=owner)
        renews = True
    if project is not None and renews and not api_key:
        api_key = create_key(project=project, name=KEY_NAME, by=None).secret
    if project is not None:
        for access in settings.PROVIDERS_IN_ENVIRONMENT:
            follow_environment(project=project, access=access)
    return Credentials(
        console_url=settings.CONSOLE_URL,
        proxy_url=settings.PROXY_URL,
        otlp_url=settings.OTLP_URL,
        email=owner.email if owner else "",
        password=password,
        api_key=api_key,
        project=project.slug if project else "",
    )


@transaction.atomic
def follow_environment(*, project: Project, access: ProviderAccess) -> Upstream:
    """Make a provider's upstream what the environment says, with routes when it is new.

    The first upstream with OpenAI's protocol also answers for every model no other route names.
    """
    provider = access.provider
    upstream = Upstream.objects.filter(project=project, name=provider.name, origin=Origin.ENVIRONMENT).first()
    if upstream is not None:
        is_new_key = _key_of(upstream) != access.api_key or upstream.base_url != access.base_url.rstrip("/")
        return change_upstream(
            upstream=upstream,
            by=None,
            base_url=access.base_url,
            api_key=access.api_key if is_new_key else None,
        )
    taken = Upstream.objects.filter(project=project, name=provider.name).exists()
    upstream = add_upstream(
        project=project,
        name=f"{provider.name} (environment)" if taken else provider.name,
        base_url=access.base_url,
        api_key=access.api_key,
        provider=provider.name,
        protocol=provider.protocol,
        origin=Origin.ENVIRONMENT,
        by=None,
    )
    patterns = [*provider.patterns]
    if provider.protocol == "openai":
        patterns.append("*")
    for pattern in patterns:
        if not project.routes.filter(pattern=pattern).exists():
            save_route(project=project, pattern=pattern, targets=[(upstream, "")], by=None)
    return upstream


def read_credentials(file: Path) -> Credentials | None:
    """Return what an earlier start wrote; None when there is nothing that can be understood."""
    try:
        noted = json.loads(file.read_text())
        return Credentials(**{name: str(noted[name]) for name in Credentials.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_credentials(file: Path, credentials: Credentials) -> None:
    """Write how to get in, for the owner of the file alone, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, json.dumps(asdict(credentials), indent=2) + "\n")


def _opens(secret: str, project: Project | None) -> bool:
    hashed = hash_key(secret, pepper=pepper_from(settings.PARAPET_SECRET_KEY))
    key = ApiKey.objects.filter(hash=hashed, project=project).first() if project else None
    return key is not None and key.is_in_force(timezone.now())


def _key_of(upstream: Upstream) -> str:
    if not upstream.sealed_api_key:
        return ""
    try:
        return unseal(
            upstream.sealed_api_key,
            secret_key=settings.PARAPET_SECRET_KEY,
            bound_to=upstream_binding(upstream.id, upstream.base_url),
        )
    except UnsealError:
        return ""
