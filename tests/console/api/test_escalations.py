"""An app asks what became of a call that was held back, and has a conversation forgotten."""

from datetime import timedelta
from typing import Any

from django.test import Client
from redis import Redis

from console.accounts.models import Project
from console.store import store
from inference_proxy.conversations import key_of
from ingest.keys import pepper_from
from ingest.writer import write
from tests.console.api.conftest import NOW, App
from tests.makers import make_event


def test_an_app_reads_what_became_of_its_call(app: App, project: Project) -> None:
    event = make_event(project.id, at=NOW - timedelta(minutes=1), action="escalate")
    write(store(), [event], token=event.trace_id)

    one = app.get(f"escalations/{event.span_id}").json()

    assert (one["reference"], one["state"], one["entities"]) == (event.span_id, "open", {"EMAIL_ADDRESS": 1})
    assert [row["id"] for row in app.get("escalations", state="open").json()["data"]] == [str(event.id)]
    assert app.get("escalations", state="denied").json()["data"] == []
    assert app.get("escalations", state="lost").status_code == 400
    assert app.get("escalations/ffff").status_code == 404


def test_a_conversation_is_forgotten(app: App, project: Project, settings: Any, redis_url: str) -> None:
    settings.REDIS_URL = redis_url
    key = key_of(project.id, "talk", pepper=pepper_from(settings.PARAPET_SECRET_KEY))
    with Redis.from_url(redis_url) as redis:
        redis.set(key, b"sealed")

        assert app._client.delete("/api/v1/conversations?session=talk").status_code == 204
        assert redis.get(key) is None
    assert app._client.delete("/api/v1/conversations").status_code == 400


def test_while_redis_is_away_nothing_is_said_to_be_forgotten(app: App, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    assert app._client.delete("/api/v1/conversations?session=talk").status_code == 503


def test_a_person_decides_and_a_key_does_not(
    app: App, owner_client: Client, teammate_client: Client, project: Project
) -> None:
    event = make_event(project.id, at=NOW - timedelta(minutes=1), action="escalate", fingerprints=["ab" * 16])
    write(store(), [event], token=event.trace_id)
    door = f"escalations/{event.span_id}/decision"
    allow = {"decision": "allow", "lasts_s": 600, "for_one_call": True}

    def say(client: Client, body: Any) -> Any:
        return client.post(f"/api/v1/{door}?project=lighthouse", body, content_type="application/json")

    refused = app.post(door, allow)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "would decide about its own" in refused.json()["error"]["message"]
    assert say(teammate_client, allow).status_code == 404
    assert say(owner_client, allow | {"lasts_s": 5}).status_code == 400
    assert say(owner_client, {"decision": "perhaps"}).status_code == 400
    assert say(owner_client, allow).json()["passing"] == "passes"
    assert say(owner_client, allow).status_code == 409

    one = app.get(f"escalations/{event.span_id}").json()
    assert (one["state"], one["is_for_one_call"], one["calls_passed"]) == ("allowed", True, 0)
    assert [row["reference"] for row in app.get("escalations", passing="true").json()["data"]] == [
        event.span_id
    ]
    assert app._client.delete(f"/api/v1/{door}").json()["passing"] == "revoked"
    assert app._client.delete(f"/api/v1/{door}").status_code == 409
    assert app.get("escalations", passing="true").json()["data"] == []
