import redis
from pytest_django import Settings

from console.accounts.actions import IssuedKey
from console.accounts.models import Project
from console.gateway.publish import publish
from inference_proxy.snapshot import parse
from ingest.keys import hash_key, pepper_from


def test_everything_made_in_the_console_is_in_the_snapshot(
    project: Project, issued_key: IssuedKey, redis_url: str, settings: Settings
) -> None:
    settings.REDIS_URL = redis_url

    publication = publish()

    with redis.Redis.from_url(redis_url) as client:
        snapshot = parse(client.get("parapet:snapshot"))
    assert publication.error == ""
    assert snapshot.version == str(publication.version)
    pepper = pepper_from(settings.PARAPET_SECRET_KEY)
    grant = snapshot.keys.grants[hash_key(issued_key.secret, pepper=pepper)]
    assert grant.id == issued_key.key.id
    assert [route.model for route in snapshot.projects[project.id].routes] == ["parapet/demo"]
    assert [guard.kind for guard in snapshot.projects[project.id].policy.guards] == ["pii"]
