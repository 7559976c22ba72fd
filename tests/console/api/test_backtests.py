"""A program tries a policy over the past: begins, follows, reads, and is told what is wrong with what it asks."""

from typing import Any

import pytest
from django.test import Client

from console.accounts.actions import IssuedKey
from console.accounts.models import Project
from console.quality.backtests import work_on
from console.quality.models import Backtest
from tests.console.quality.conftest import Week, words

pytestmark = pytest.mark.usefixtures("traced")
ADDRESS = "/api/v1/backtests"


@pytest.fixture
def app(issued_key: IssuedKey) -> Client:
    """A client with the project's key."""
    return Client(headers={"authorization": f"Bearer {issued_key.secret}"})


def begin(app: Client, **fields: Any) -> Any:
    return app.post(ADDRESS, fields, content_type="application/json")


@pytest.fixture
def launches(project: Project) -> None:
    week = Week(project)
    week.call("the launch is at noon")
    week.call("about something else")
    week.store()


@pytest.mark.usefixtures("launches")
def test_a_backtest_is_begun_followed_and_read(app: Client) -> None:
    begun = begin(app, guards=[words()], sample=100)
    work_on(Backtest.objects.get().pk)
    read = app.get(f"{ADDRESS}/{begun.json()['id']}").json()

    assert (begun.status_code, begun.json()["state"], begun.json()["done"]) == (202, "waiting", 0)
    assert (read["state"], read["done"], read["matching"]) == ("done", 2, 2)
    stopped = read["changes"][0]
    assert (stopped["change"], stopped["calls"], stopped["share"]) == ("newly_stopped", 1, 0.5)
    assert 0 < stopped["low"] < 0.5 < stopped["high"] < 1
    assert read["result"]["actions"] == {"allow>block": 1, "allow>allow": 1}
    assert read["result"]["saved"]["usd"] == "0.010000000"
    assert set(read["result"]["durations_us"]["all"]) == {"p50", "p95", "p99"}
    assert [one["id"] for one in app.get(ADDRESS).json()["data"]] == [read["id"]]


def test_a_version_of_the_policy_can_be_tried_again(app: Client) -> None:
    begun = begin(app, version=1)

    assert begun.status_code == 202
    assert [guard["name"] for guard in begun.json()["guards"]] == ["secrets", "personal-data"]


def test_a_backtest_can_be_stopped(app: Client) -> None:
    begun = begin(app, guards=[words()]).json()

    assert app.delete(f"{ADDRESS}/{begun['id']}").json()["state"] == "stopped"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "guards"),
        ({"guards": [], "version": 1}, "guards"),
        ({"version": 7}, "version"),
        ({"guards": [{"name": "x"}]}, "guards"),
        ({"guards": [words(kind="astrology")]}, "guards"),
        ({"guards": [words()], "sample": 0}, "sample"),
        ({"guards": [words()], "since": "2026-01-01T00:00:00Z", "until": "2025-01-01T00:00:00Z"}, "since"),
        ({"guards": [words()], "until": "yesterday"}, "until"),
        ({"guards": [words()], "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(app: Client, fields: dict[str, Any], name: str) -> None:
    refused = begin(app, **fields)

    assert refused.status_code == 400
    assert name in refused.json()["error"]["fields"]
    assert not Backtest.objects.exists()


def test_a_backtest_of_another_project_does_not_exist(app: Client, stranger_client: Client) -> None:
    begun = begin(app, guards=[words()]).json()

    assert stranger_client.get(f"{ADDRESS}/{begun['id']}?project=elsewhere").status_code == 404
    assert stranger_client.get(f"{ADDRESS}/{begun['id']}?project=lighthouse").status_code == 404


def test_who_may_only_look_begins_none(teammate_client: Client, app: Client) -> None:
    begun = begin(app, guards=[words()]).json()

    refused = teammate_client.post(
        f"{ADDRESS}?project=lighthouse", {"guards": [words()]}, content_type="application/json"
    )
    assert refused.status_code == 404
    assert teammate_client.get(f"{ADDRESS}/{begun['id']}?project=lighthouse").status_code == 200
