"""Versions that never change: what goes in, what comes out, what lies between."""

import json
from typing import Any

import pytest

from console.accounts.models import AuditEntry, Project, User
from console.datasets import actions
from console.datasets.access import items_of
from console.datasets.changes import changes_between
from console.datasets.content import ContentError, content_of, stored_content
from console.datasets.download import as_cases, as_jsonl
from console.datasets.models import Dataset
from console.datasets.splits import SharesError, split_of
from evaluators.suites.model import InlineCase
from tests.console.datasets.conftest import NOW, put, question


def keys(dataset: Dataset, version: int) -> list[str]:
    return list(items_of(dataset, version).values_list("key", flat=True))


def test_every_change_makes_a_version_and_older_ones_stay_as_they_were(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"), question("b"))
    put(dataset, owner, question("b", "changed"), question("c"))
    actions.save_version(dataset=dataset, author="x", by=owner, now=NOW, take_out=["a"])

    assert [keys(dataset, number) for number in (0, 1, 2, 3)] == [[], ["a", "b"], ["a", "b", "c"], ["b", "c"]]
    assert stored_content(items_of(dataset, 1).get(key="b")).inputs == {"question": "What is b?"}
    assert stored_content(items_of(dataset, 3).get(key="b")).inputs == {"question": "changed"}
    assert [
        (v.number, v.size, v.added, v.changed, v.removed) for v in dataset.versions.order_by("number")
    ] == [
        (1, 2, 2, 0, 0),
        (2, 3, 1, 1, 0),
        (3, 2, 0, 0, 1),
    ]
    assert AuditEntry.objects.filter(action="dataset.changed").count() == 3


def test_the_difference_of_two_versions_names_every_field_that_changed(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"), question("b"), question("same"))
    put(dataset, owner, question("b", expected="B"), question("c"))
    actions.save_version(dataset=dataset, author="x", by=owner, now=NOW, take_out=["a"])

    found = {change.key: change for change in changes_between(dataset, 1, 3)}

    assert {key: change.kind for key, change in found.items()} == {
        "a": "removed",
        "b": "changed",
        "c": "added",
    }
    assert found["b"].fields == [("expected", None, "B")]


def test_an_item_changed_back_is_no_difference(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"))
    put(dataset, owner, question("a", "otherwise"))
    put(dataset, owner, question("a"))

    assert changes_between(dataset, 1, 3) == []


def test_saving_what_is_there_already_makes_no_version(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"))

    with pytest.raises(actions.NothingChangedError):
        put(dataset, owner, question("a"))

    assert dataset.versions.count() == 1


def test_who_looked_at_an_older_version_does_not_overwrite_a_newer_one(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"))

    with pytest.raises(actions.DatasetError, match="version 1 was saved after you began with 0"):
        put(dataset, owner, question("a", "mine"), based_on=0)


def test_two_items_of_one_id_are_refused(dataset: Dataset, owner: User) -> None:
    with pytest.raises(actions.DatasetError, match="given twice"):
        put(dataset, owner, question("a"), question("a", "other"))


def test_the_order_of_an_exact_request_survives(dataset: Dataset, owner: User) -> None:
    request = {"z": 1, "model": "gpt-4o", "messages": [{"role": "user", "content": "hi", "a": 2}], "b": 3}
    put(dataset, owner, {"id": "a", "request": request})

    assert list(stored_content(items_of(dataset, 1).get()).request) == ["z", "model", "messages", "b"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "needs inputs or a request"),
        ({"inputs": []}, "inputs must be an object, not a list"),
        ({"inputs": {"a": 1}, "context": "x"}, "context must be a list of texts"),
        ({"inputs": {"a": 1}, "tags": [1]}, "tags must be a list of texts"),
        ({"inputs": {"a": 1}, "split": "valid"}, "split is one of train, dev, test"),
        ({"inputs": {"a": "\0"}}, "NUL"),
        ({"inputs": {"a": "\ud83d"}}, "surrogate"),
        ({"inputs": {"a": float("nan")}}, "not a number"),
        ({"inputs": {"a": 1}, "colour": 1}, "no field 'colour'"),
        ({"inputs": {"a": 1}, "id": "a/b"}, "slash"),
        ({"inputs": {"a": 1}, "id": "x" * 101}, "at most 100"),
        ({"inputs": {"a": "x" * 1_100_000}}, "bytes"),
        ({"request": {"model": "m"}}, "messages"),
    ],
)
def test_an_item_that_cannot_be_kept_is_refused_with_the_reason(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ContentError, match=sentence):
        content_of(given)


def test_nesting_without_a_bottom_is_refused() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]

    with pytest.raises(ContentError, match="nested"):
        content_of({"inputs": {"a": deep}})


def test_a_schema_is_asked_of_every_new_item(project: Project, owner: User) -> None:
    schema = {"properties": {"inputs": {"required": ["question"]}, "expected": {"type": "string"}}}
    dataset = actions.create_dataset(project=project, by=owner, name="strict", schema=schema)

    put(dataset, owner, question("a", expected="yes"))
    with pytest.raises(ContentError, match="item 'b' does not fit the schema: type at /expected"):
        put(dataset, owner, question("b", expected=4))


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"properties": {"a": {"pattern": "("}}}])
def test_a_schema_that_is_none_is_refused(project: Project, owner: User, schema: dict[str, Any]) -> None:
    with pytest.raises(actions.DatasetError):
        actions.create_dataset(project=project, by=owner, name="wrong", schema=schema)


def test_splits_are_stable_and_keep_clusters_together(dataset: Dataset, owner: User) -> None:
    put(dataset, owner, *(question(f"q{n}", cluster=f"talk {n // 4}") for n in range(400)))
    shares = {"train": 50, "dev": 20, "test": 30}

    actions.assign_splits(dataset=dataset, author="x", by=owner, now=NOW, shares=shares)
    items = list(items_of(dataset, 2))
    counts = {name: sum(item.split == name for item in items) for name in shares}
    of_cluster = {item.cluster: {one.split for one in items if one.cluster == item.cluster} for item in items}

    assert all(len(splits) == 1 for splits in of_cluster.values())
    assert (140 < counts["train"] < 260, 40 < counts["dev"] < 130, 60 < counts["test"] < 180) == (True,) * 3
    with pytest.raises(actions.NothingChangedError):
        actions.assign_splits(dataset=dataset, author="x", by=owner, now=NOW, shares=shares)


def test_shares_that_make_no_whole_are_refused() -> None:
    with pytest.raises(SharesError, match="not to 90 %"):
        split_of("a", "", {"train": 50, "test": 40})


def test_a_download_can_be_put_in_again_and_changes_nothing(dataset: Dataset, owner: User) -> None:
    put(
        dataset,
        owner,
        question("a", expected={"n": 1}, metadata={"lang": "de"}, tags=["x"], split="dev", cluster="c"),
    )

    (line,) = as_jsonl(items_of(dataset, 1))
    values = json.loads(line)
    origin = values.pop("origin")

    assert (origin["kind"], origin["by"]) == ("person", owner.email)
    with pytest.raises(actions.NothingChangedError):
        put(dataset, owner, values)


def test_cases_are_what_a_suite_reads(dataset: Dataset, owner: User) -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    put(
        dataset,
        owner,
        question("a", request=request, metadata={"lang": "de", "long": "x" * 99}, tags=["vip"]),
    )

    (line,) = as_cases(stored_content(item) for item in items_of(dataset, 1))
    case = InlineCase.model_validate(json.loads(line))

    assert case.inputs == {"question": "What is a?", "request": request}
    assert case.tags == ["vip", "split:test", "lang:de"]
