from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from guardrails.policy import GuardConfig, Policy
from inference_proxy.snapshot import (
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

PROJECT, UPSTREAM, KEY, POLICY = (UUID(int=number) for number in range(1, 5))

FULL = Snapshot(
    version="7",
    keys=KeyRing(
        {
            KeyHash("ab" * 32): KeyGrant(
                id=KEY,
                project_id=PROJECT,
                project="shop",
                name="ci",
                environment="staging",
                scopes=frozenset({"proxy"}),
                models=frozenset({"gpt-5", "parapet/demo"}),
                requests_per_minute=60,
                tokens_per_minute=0,
                budget_usd_per_day="12.50",
                expires_at=datetime(2030, 1, 2, tzinfo=UTC),
            )
        }
    ),
    projects={
        PROJECT: ProjectConfig(
            id=PROJECT,
            slug="shop",
            routes=(Route(model="gpt-*", targets=(Target(upstream_id=UPSTREAM, model=""),), max_retries=1),),
            policy=Policy(
                id=POLICY,
                name="default",
                version=3,
                guards=(
                    GuardConfig(
                        name="codes",
                        kind="words",
                        action="block",
                        places=frozenset({"user", "answer"}),
                        on_error="allow",
                        deadline_ms=50,
                        is_shadow=True,
                        parameters={"words": ["launch code"]},
                    ),
                ),
            ),
            stores_messages=False,
        )
    },
    upstreams={
        UPSTREAM: UpstreamConfig(
            id=UPSTREAM,
            name="OpenAI",
            provider="openai",
            protocol="openai",
            base_url="https://api.openai.com/v1",
            sealed_api_key="v1:xyz",
            headers={"openai-organization": "org"},
            connect_timeout_s=1.5,
        )
    },
)


def test_a_snapshot_comes_back_as_it_was_dumped() -> None:
    assert parse(dump(FULL)) == FULL


def test_the_same_snapshot_always_has_the_same_bytes() -> None:
    assert dump(FULL) == dump(parse(dump(FULL)))


def test_fields_of_a_newer_console_are_ignored() -> None:
    document = orjson.loads(dump(FULL)) | {"weather": "fine"}

    assert parse(orjson.dumps(document)) == FULL


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["version"], 7, "version must be a string, not a number"),
        (["keys"], [], "keys must be an object, not a list"),
        (["projects", 0, "id"], "x", "projects[0].id must be a UUID, not 'x'"),
        (["projects", 0, "routes", 0, "targets"], [], "projects[0].routes[0].targets must name at least one"),
        (["projects", 0, "routes", 0, "max_retries"], -1, "max_retries must be a whole number of at least 0"),
        (["projects", 0, "policy", "guards", 0, "action"], "maybe", "guards[0].action must be one of allow,"),
        (["projects", 0, "policy", "guards", 0, "places"], ["moon"], "names unknown places ['moon']"),
        (["upstreams", 0, "protocol"], "smtp", "upstreams[0].protocol must be one of openai,"),
        (["upstreams", 0, "headers"], {"a": 1}, "upstreams[0].headers.a must be a string"),
        (["upstreams", 0, "idle_timeout_s"], 0, "idle_timeout_s must be a positive number"),
        (["upstreams", 0, "id"], str(UUID(int=99)), "names unknown upstream"),
        (["keys", "ab" * 32, "budget_usd_per_day"], "much", "must be a decimal number of US dollars"),
        (["keys", "ab" * 32, "budget_usd_per_day"], "-1", "must be an amount of at least 0"),
        (["keys", "ab" * 32, "expires_at"], "2030-01-01", "must carry a time zone"),
        (["keys", "ab" * 32, "project_id"], str(UUID(int=99)), "key 'ci' names unknown project"),
    ],
)
def test_an_error_names_the_field_that_is_wrong(path: list[Any], value: object, message: str) -> None:
    document = orjson.loads(dump(FULL))
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value

    with pytest.raises(SnapshotError) as raised:
        parse(orjson.dumps(document))

    assert message in str(raised.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b"null", b"{}"])
def test_bytes_that_are_no_snapshot_are_refused(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        parse(data)
