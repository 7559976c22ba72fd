"""Telling the proxy and the receiver what is in force: one snapshot, built from the tables, replaced whole."""

import hashlib
import logging
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.accounts.models import ApiKey, Project
from console.gateway.models import ModelRoute, Publication, RouteTarget, Upstream
from console.policies.in_force import InForce
from console.policies.permits import permits
from inference_proxy.snapshot import (
    REDIS_CHANNEL,
    REDIS_KEY,
    ProjectConfig,
    Route,
    Snapshot,
    SnapshotError,
    Target,
    UpstreamConfig,
    dump,
    parse,
)
from ingest.keys import KeyGrant, KeyHash, KeyRing

log = logging.getLogger(__name__)
_begun = threading.local()


def publish_on_commit() -> None:
    """Publish once the running transaction is safely stored.

    Trouble on the way is noted on the publication and logged, never raised: the change itself
    is made, and the periodic `publish` repeats the attempt.
    """
    transaction.on_commit(_PublishUnlessDone(asked_at=time.monotonic()), robust=True)


@transaction.atomic
def publish() -> Publication:
    """Publish what the tables say, wherever it is not known yet, and return how that went.

    The lock on the one publication keeps an older state from overtaking a newer one. A version
    is the time in milliseconds, and always greater than the last; unchanged content keeps its own.
    """
    _begun.at = time.monotonic()
    Publication.objects.get_or_create(id=1)
    publication = Publication.objects.select_for_update().get(id=1)
    digest = hashlib.sha256(dump(build(version=""))).hexdigest()
    if digest != publication.digest:
        now_ms = int(timezone.now().timestamp() * 1000)
        publication.version = max(publication.version + 1, now_ms)
        publication.digest = digest
    payload = dump(build(version=str(publication.version)))
    publication.error = "; ".join(_deliver(payload, version=str(publication.version)))[:500]
    if publication.error:
        log.warning("the snapshot was not published and will be tried again: %s", publication.error)
    else:
        publication.published_at = timezone.now()
    publication.save()
    return publication


@dataclass(frozen=True, slots=True)
class _PublishUnlessDone:
    """Publishes, unless this thread has begun to since: of several changes in one transaction the first hook does."""

    asked_at: float

    def __call__(self) -> None:
        if getattr(_begun, "at", 0.0) < self.asked_at:
            publish()


def build(*, version: str) -> Snapshot:
    """Return the snapshot that the tables add up to."""
    now = timezone.now()
    keys = ApiKey.objects.filter(revoked_at=None).select_related("project").order_by("created_at", "id")
    upstreams = Upstream.objects.filter(is_enabled=True).order_by("created_at", "id")
    return Snapshot(
        version=version,
        keys=KeyRing({KeyHash(key.hash): _grant(key) for key in keys if key.is_in_force(now)}),
        projects=_projects({upstream.id for upstream in upstreams}, now),
        upstreams={upstream.id: _upstream(upstream) for upstream in upstreams},
        console_url=settings.CONSOLE_URL,
    )


def _projects(enabled: set[UUID], now: datetime) -> dict[UUID, ProjectConfig]:
    in_force, let_pass = InForce.load(), permits(now)
    targets = Prefetch("targets", RouteTarget.objects.order_by("position"))
    routes = Prefetch("routes", ModelRoute.objects.order_by("pattern").prefetch_related(targets))
    return {
        project.id: ProjectConfig(
            id=project.id,
            slug=project.slug,
            routes=tuple(
                route for row in project.routes.all() if (route := _route(row, enabled)) is not None
            ),
            policy=in_force.of_project(project.id),
            scoped=in_force.scoped(project.id),
            stores_messages=project.stores_messages,
            permits=let_pass.get(project.id, ()),
        )
        for project in Project.objects.order_by("created_at", "id").prefetch_related(routes)
    }


def _route(row: ModelRoute, enabled: set[UUID]) -> Route | None:
    targets = tuple(
        Target(upstream_id=target.upstream_id, model=target.model)
        for target in row.targets.all()
        if target.upstream_id in enabled
    )
    return Route(model=row.pattern, targets=targets, max_retries=row.max_retries) if targets else None


def _upstream(row: Upstream) -> UpstreamConfig:
    return UpstreamConfig(
        id=row.id,
        name=row.name,
        provider=row.provider,
        protocol=row.protocol,  # type: ignore[arg-type]
        base_url=row.base_url,
        sealed_api_key=row.sealed_api_key,
        headers=row.headers,
        connect_timeout_s=row.connect_timeout_s,
        idle_timeout_s=row.idle_timeout_s,
        total_timeout_s=row.total_timeout_s,
    )


def _grant(row: ApiKey) -> KeyGrant:
    budget = row.budget_usd_per_day
    return KeyGrant(
        id=row.id,
        project_id=row.project_id,
        project=row.project.slug,
        name=row.name,
        environment=row.environment,
        scopes=frozenset(row.scopes),
        models=frozenset(row.allowed_models) if row.allowed_models is not None else None,
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        budget_usd_per_day=f"{budget.normalize():f}" if budget is not None else None,
        expires_at=row.expires_at,
    )


def _deliver(payload: bytes, *, version: str) -> list[str]:
    """Hand the snapshot to Redis and to the file, and return what went wrong."""
    try:
        # What the readers would refuse must not replace what they have.
        parse(payload)
    except SnapshotError as error:
        return [str(error)]
    trouble = []
    try:
        _to_redis(payload, version=version)
    except (redis.RedisError, OSError) as error:
        trouble.append(f"Redis: {error}")
    try:
        if settings.SNAPSHOT_FILE:
            _to_file(payload, Path(settings.SNAPSHOT_FILE))
    except OSError as error:
        trouble.append(f"PARAPET_SNAPSHOT_FILE: {error}")
    return trouble


def _to_redis(payload: bytes, *, version: str) -> None:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
    ) as client:
        if client.get(REDIS_KEY) != payload:
            client.set(REDIS_KEY, payload)
            client.publish(REDIS_CHANNEL, version)


def _to_file(payload: bytes, path: Path) -> None:
    if path.exists() and path.read_bytes() == payload:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
