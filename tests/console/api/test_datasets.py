"""Datasets and experiments as CI meets them."""

from typing import Any

import pytest
from django.test import Client

from console.accounts.models import Project, User
from console.datasets.models import Dataset
from console.experiments.models import Experiment
from tests.console.api.conftest import App

pytestmark = pytest.mark.usefixtures("guarded")
"""What goes in passes the project's policy, whose guards ask the guard server."""

QUESTION = {"id": "a", "inputs": {"question": "Where?"}, "expected": "Here.", "tags": ["x"], "split": "dev"}


@pytest.fixture
def dataset(app: App, db: None) -> str:
    made = app.post("datasets", {"name": "ci", "schema": {"properties": {"expected": {"type": "string"}}}})
    assert made.status_code == 201
    return str(made.json()["id"])


def test_items_go_in_come_out_and_are_listed_page_by_page(app: App, dataset: str) -> None:
    more = [{"inputs": {"question": f"What is {n}?"}, "expected": "?"} for n in range(4)]
    saved = app.post(f"datasets/{dataset}/items", {"items": [QUESTION, *more], "note": "first"})
    again = app.post(f"datasets/{dataset}/items", {"items": [QUESTION]})
    removed = app.post(f"datasets/{dataset}/items", {"remove": ["a"]})

    assert (saved.status_code, saved.json()) == (201, {"version": 1, "added": 5, "changed": 0, "removed": 0})
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert removed.json() == {"version": 2, "added": 0, "changed": 0, "removed": 1}
    first = app.get(f"datasets/{dataset}/items", version=1, limit=3).json()
    rest = app.get(f"datasets/{dataset}/items", version=1, limit=3, cursor=first["next_cursor"]).json()
    assert first["data"][0] == QUESTION | {"context": [], "metadata": {}, "cluster": ""}
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (3, 2, None)
    assert [
        item["id"] for item in app.get(f"datasets/{dataset}/items", version=1, tag="x").json()["data"]
    ] == ["a"]
    versions = app.get(f"datasets/{dataset}/versions").json()["data"]
    assert [(one["number"], one["note"], one["author"]) for one in versions] == [
        (2, "", "app"),
        (1, "first", "app"),
    ]
    assert app.get(f"datasets/{dataset}").json()["latest"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": [QUESTION, {"id": "b"}]}, "items[1]"),
        ({"items": [QUESTION | {"expected": 4}]}, "items"),
        ({"items": [QUESTION, QUESTION]}, "items"),
        ({"items": [QUESTION], "based_on": 7}, "items"),
        ({"items": "a"}, "items"),
        ({"item": []}, "item"),
        ([], "request"),
    ],
)
def test_a_mistake_is_named_and_nothing_goes_in(app: App, dataset: str, body: Any, field: str) -> None:
    answer = app.post(f"datasets/{dataset}/items", body)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    assert Dataset.objects.get().latest == 0


@pytest.mark.parametrize(
    "body", [{"name": "ci"}, {"name": ""}, {"name": "b", "schema": {"type": "nonsense"}}]
)
def test_a_dataset_that_cannot_be_made_is_refused(app: App, dataset: str, body: dict[str, Any]) -> None:
    assert app.post("datasets", body).status_code == 400


def test_a_version_that_is_not_there_yet_is_named(app: App, dataset: str) -> None:
    assert app.get(f"datasets/{dataset}/items", version=9).json()["error"]["fields"]["version"]


def test_viewers_read_and_strangers_see_nothing(
    teammate_client: Client, stranger_client: Client, dataset: str
) -> None:
    address = f"/api/v1/datasets/{dataset}/items?project=lighthouse"

    assert teammate_client.get(address).status_code == 200
    assert teammate_client.post(address, {}, content_type="application/json").status_code == 404
    assert stranger_client.get(address).status_code == 404


def test_an_experiment_is_read_with_its_progress(app: App, project: Project, owner: User) -> None:
    made = Experiment.objects.create(
        project=project, name="shorter", dataset_name="ci", dataset_version=1, suite={}, cases=[]
    )

    (listed,) = app.get("experiments").json()["data"]
    whole = app.get(f"experiments/{made.pk}").json()

    assert (listed["name"], listed["state"]) == ("shorter", "draft")
    assert (whole["progress"]["total"], whole["verdicts"]) == (0, [])
