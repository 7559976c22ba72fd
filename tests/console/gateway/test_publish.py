from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from console.accounts.actions import IssuedKey, change_project, create_key, revoke_key
from console.accounts.models import ApiKey, Project, User
from console.gateway.actions import add_upstream, change_upstream, save_route
from console.gateway.models import Publication
from console.gateway.publish import publish
from console.gateway.tasks import republish
from console.policies.actions import save_policy
from inference_proxy.snapshot import Snapshot, parse
from ingest.keys import KeyGrant, hash_key, pepper_from


@pytest.fixture
def store(redis_url: str, settings: Settings) -> redis.Redis:
    settings.REDIS_URL = redis_url
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    return client


def published(store: redis.Redis) -> Snapshot:
    payload = store.get("parapet:snapshot")
    assert isinstance(payload, bytes)
    return parse(payload)


def grant_of(snapshot: Snapshot, issued: IssuedKey, settings: Settings) -> KeyGrant | None:
    pepper = pepper_from(settings.PARAPET_SECRET_KEY)
    return snapshot.keys.grants.get(hash_key(issued.secret, pepper=pepper))


def test_everything_made_in_the_console_is_in_the_snapshot(
    project: Project, owner: User, store: redis.Redis, settings: Settings
) -> None:
    expires_at = timezone.now() + timedelta(days=1)
    issued = create_key(
        project=project, name="app", by=owner, environment="production", scopes=["proxy"],
        allowed_models=["gpt-4o"], requests_per_minute=60, tokens_per_minute=1_000,
        budget_usd_per_day=Decimal("12.50"), expires_at=expires_at,
    )  # fmt: skip
    upstream = add_upstream(
        project=project, name="openai", base_url="https://api.openai.com/v1", api_key="sk-0123456789abcdef",
        provider="openai", headers={"X-Team": "search"}, idle_timeout_s=30, by=owner,
    )  # fmt: skip
    save_route(project=project, pattern="gpt-*", targets=[(upstream, "gpt-4o-mini")], max_retries=1, by=owner)

    publication = publish()

    snapshot = published(store)
    assert (publication.error, snapshot.version) == ("", str(publication.version))
    grant = grant_of(snapshot, issued, settings)
    assert grant is not None
    assert (grant.project, grant.environment, grant.scopes) == (
        "lighthouse",
        "production",
        frozenset({"proxy"}),
    )
    assert (grant.models, grant.requests_per_minute, grant.tokens_per_minute) == (
        frozenset({"gpt-4o"}),
        60,
        1_000,
    )
    assert (grant.budget_usd_per_day, grant.expires_at) == ("12.5", expires_at)
    config = snapshot.projects[project.id]
    assert [route.model for route in config.routes] == ["gpt-*", "parapet/demo"]
    assert (config.routes[0].targets[0].upstream_id, config.routes[0].targets[0].model) == (
        upstream.id,
        "gpt-4o-mini",
    )
    told = snapshot.upstreams[upstream.id]
    assert (told.provider, told.headers, told.idle_timeout_s) == ("openai", {"x-team": "search"}, 30.0)
    assert told.sealed_api_key == upstream.sealed_api_key
    assert config.policy is not None
    assert [guard.kind for guard in config.policy.guards] == ["pattern", "pii"]
    assert (config.policy.version, config.stores_messages) == (1, True)


def test_a_committed_change_is_published_once_and_announced(
    project: Project,
    owner: User,
    store: redis.Redis,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard: Any = store.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    heard.subscribe("parapet:snapshot")
    heard.get_message(timeout=1)

    with django_capture_on_commit_callbacks(execute=True):
        create_key(project=project, name="one", by=owner)
        issued = create_key(project=project, name="two", by=owner)

    assert grant_of(published(store), issued, settings) is not None
    message = heard.get_message(timeout=2)
    assert message is not None
    assert message["data"].decode() == published(store).version
    assert heard.get_message(timeout=0.1) is None
    heard.close()


def test_revoked_and_expired_keys_are_not_in_the_snapshot(
    project: Project, owner: User, store: redis.Redis, settings: Settings
) -> None:
    revoked = create_key(project=project, name="revoked", by=owner)
    expired = create_key(project=project, name="expired", by=owner)
    revoke_key(key=revoked.key, by=owner)
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    publish()

    assert published(store).keys.grants == {}


def test_the_version_rises_with_every_change_and_only_then(
    project: Project, owner: User, store: redis.Redis
) -> None:
    versions = [publish().version, publish().version]
    change_project(project=project, by=owner, name="Other", time_zone="UTC", stores_messages=False)
    versions.append(publish().version)
    change_project(project=project, by=owner, name="Third", time_zone="UTC", stores_messages=False)
    versions.append(publish().version)

    assert versions[0] == versions[1] < versions[2]
    # A project's name is nothing the proxy knows.
    assert versions[2] == versions[3]


def test_a_redis_that_was_emptied_learns_it_again_by_the_clock(project: Project, store: redis.Redis) -> None:
    version = publish().version
    store.flushdb()

    republish()

    assert published(store).version == str(version)


def test_a_redis_that_is_away_stops_no_one(
    project: Project,
    owner: User,
    settings: Settings,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.SNAPSHOT_FILE = str(tmp_path / "snapshot.json")

    with django_capture_on_commit_callbacks(execute=True):
        create_key(project=project, name="app", by=owner)

    assert "Redis" in Publication.objects.get().error
    assert len(parse((tmp_path / "snapshot.json").read_bytes()).keys.grants) == 1
    with pytest.raises(CommandError, match="not published"):
        call_command("publish")


def test_the_file_is_private_and_replaced_whole(
    project: Project, store: redis.Redis, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "deep" / "snapshot.json"
    settings.SNAPSHOT_FILE = str(file)

    call_command("publish")

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == store.get("parapet:snapshot")
    assert list(file.parent.iterdir()) == [file]


def test_disabled_upstreams_and_guards_are_not_in_the_snapshot(
    project: Project, owner: User, store: redis.Redis
) -> None:
    policy = project.policies.get()
    guards = policy.versions.get().guards
    save_policy(policy=policy, guards=[{**guards[0], "is_enabled": False}, guards[1]], by=owner)
    upstream = add_upstream(project=project, name="off", base_url="https://off.example/v1", by=owner)
    save_route(project=project, pattern="off", targets=[(upstream, "")], by=owner)
    change_upstream(upstream=upstream, by=owner, is_enabled=False)

    publish()

    snapshot = published(store)
    config = snapshot.projects[project.id]
    assert upstream.id not in snapshot.upstreams
    assert [route.model for route in config.routes] == ["parapet/demo"]
    assert config.policy is not None
    assert (config.policy.version, [guard.kind for guard in config.policy.guards]) == (2, ["pii"])
