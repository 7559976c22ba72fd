"""The pages of datasets: from nothing to versions, by file, by hand, and from calls."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.accounts.models import Project, User
from console.datasets.access import items_of
from console.datasets.content import stored_content
from console.datasets.models import Dataset, Upload
from ingest.clickhouse.client import Client as Store
from ingest.records import Span
from ingest.writer import write
from tests.console.datasets.conftest import put, question
from tests.makers import make_span


def url(dataset: Dataset, rest: str = "") -> str:
    return f"/p/lighthouse/datasets/{dataset.pk}/{rest}"


def uploaded(client: Client, dataset: Dataset, content: bytes, name: str = "questions.csv") -> str:
    """Upload a file and return the address of its preview."""
    file = SimpleUploadedFile(name, content)
    return str(client.post(url(dataset, "upload/"), {"file": file})["Location"])


def live_call(project: Project, **changes: Any) -> Span:
    return make_span(project.id, at=datetime.now(UTC) - timedelta(minutes=1), **changes)


def test_an_empty_project_says_what_to_do_next(owner_client: Client, project: Project) -> None:
    page = owner_client.get("/p/lighthouse/datasets/").content.decode()

    assert "No dataset yet" in page
    assert "/p/lighthouse/datasets/new/" in page


def test_a_dataset_is_made_and_filled_by_hand(owner_client: Client, project: Project) -> None:
    made = owner_client.post("/p/lighthouse/datasets/new/", {"name": "refunds", "schema": "{}"})
    dataset = Dataset.objects.get(name="refunds")
    item = {
        "id": "r1",
        "inputs": '{"question": "Where is my money?"}',
        "expected": "On its way.",
        "split": "dev",
    }
    saved = owner_client.post(url(dataset, "new-item/"), item)
    page = owner_client.get(url(dataset)).content.decode()

    assert (made.status_code, saved.status_code) == (302, 302)
    assert "Where is my money?" in page
    assert "r1" in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"inputs": "{"}, "this is not JSON"),
        ({"inputs": "{}"}, "needs inputs or a request"),
        ({"inputs": '{"a": 1}', "id": "taken"}, "is taken"),
        (
            {"inputs": '{"a": 1}', "expected": "{", "expected_is_json": "on"},
            "the expected answer is not JSON",
        ),
    ],
)
def test_an_item_that_cannot_be_saved_says_why(
    owner_client: Client, dataset: Dataset, owner: User, given: dict[str, str], sentence: str
) -> None:
    put(dataset, owner, question("taken"))

    answer = owner_client.post(url(dataset, "new-item/"), {"split": "test"} | given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert dataset.versions.count() == 1


def test_an_item_is_changed_and_its_older_self_can_still_be_seen(
    owner_client: Client, dataset: Dataset, owner: User
) -> None:
    put(dataset, owner, question("a"))

    owner_client.post(
        url(dataset, "items/a/"), {"inputs": '{"question": "new words"}', "split": "test", "note": "why"}
    )

    assert "new words" in owner_client.get(url(dataset, "items/a/")).content.decode()
    older = owner_client.get(url(dataset, "items/a/?version=1")).content.decode()
    assert ("What is a?" in older, "new words" in older) == (True, False)
    assert "new words" in owner_client.get(url(dataset, "changes/?from=1&to=2")).content.decode()
    assert "why" in owner_client.get(url(dataset, "versions/")).content.decode()


def test_items_are_found_by_words_split_and_tag(owner_client: Client, dataset: Dataset, owner: User) -> None:
    put(
        dataset,
        owner,
        question("a", "about apples", tags=["fruit"]),
        question("b", "about bread", split="dev", tags=["fruit salad"]),
    )

    found = {
        query: [
            key
            for key in ("a", "b")
            if f"items/{key}/" in owner_client.get(url(dataset, query)).content.decode()
        ]
        for query in (
            "?q=apples",
            "?q=ABOUT+bread",
            "?q=b",
            "?split=dev",
            "?tag=fruit",
            "?q=nothing",
            "?q=%00",
        )
    }

    assert found == {
        "?q=apples": ["a"],
        "?q=ABOUT+bread": ["b"],
        "?q=b": ["a", "b"],
        "?split=dev": ["b"],
        "?tag=fruit": ["a"],
        "?q=nothing": [],
        "?q=%00": ["a", "b"],
    }


def test_a_file_is_looked_at_before_anything_is_put_in(owner_client: Client, dataset: Dataset) -> None:
    preview = uploaded(
        owner_client, dataset, b"question,answer,lang\nWhere?,Here,en\nWhere?,Here,en\nWho?,Me\n"
    )
    page = owner_client.get(preview).content.decode()

    assert "Nothing is put in yet" in page
    assert "row 2" in page
    assert "it has 2 values and the header 3 columns" in page
    assert items_of(dataset, 9).count() == 0

    owner_client.post(preview, {"column-2": "metadata", "put-in": "1"})
    assert Dataset.objects.get(pk=dataset.pk).latest == 0
    owner_client.post(preview, {"column-2": "metadata", "put-in": "1", "without-wrong": "on"})

    (item,) = items_of(dataset, 1)
    content = stored_content(item)
    assert (content.inputs, content.expected, content.metadata) == (
        {"question": "Where?"},
        "Here",
        {"lang": "en"},
    )
    assert (item.source, item.origin) == ("file", {"file": "questions.csv", "row": 2})
    assert not Upload.objects.exists()


def test_what_is_left_out_can_be_taken_home(owner_client: Client, dataset: Dataset) -> None:
    preview = uploaded(owner_client, dataset, b'{"question": "a"}\nnot json\n{"question": "a"}\n', "a.jsonl")

    lines = [json.loads(line) for line in owner_client.get(f"{preview}left-out/").content.splitlines()]

    assert [(line["row"], line["raw"]) for line in lines] == [(2, "not json"), (3, '{"question": "a"}')]


@pytest.mark.parametrize("content", [b"\x00\x01", b"a,a\n1,2\n"])
def test_a_file_that_is_none_is_refused_in_words(
    owner_client: Client, dataset: Dataset, content: bytes
) -> None:
    answer = owner_client.post(
        url(dataset, "upload/"), {"file": SimpleUploadedFile("x.csv", content)}, follow=True
    )

    assert answer.status_code == 200
    assert not Upload.objects.exists()


@pytest.mark.usefixtures("traced")
def test_calls_become_items_with_the_request_they_made(
    owner_client: Client, project: Project, clickhouse: Store
) -> None:
    mine = live_call(
        project, feature="search", session_id="talk 1", request={"temperature": 0.5, "stream": True}
    )
    others = [live_call(project), live_call(project, feature="search", environment="evaluations")]
    write(clickhouse, [mine, *others], token=uuid.uuid4().hex)
    page = owner_client.get("/p/lighthouse/datasets/from-traces/?feature=search&range=1h").content.decode()

    answer = owner_client.post(
        "/p/lighthouse/datasets/from-traces/?feature=search&range=1h",
        {"limit": "50", "how": "spread", "name": "from search", "with_answer": "on", "tags": "live, search"},
    )
    dataset = Dataset.objects.get(name="from search")
    (item,) = items_of(dataset, 1)
    content = stored_content(item)

    assert "What is the capital of France?" in page
    assert answer["Location"] == url(dataset)
    assert content.request == {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "You are a concise assistant."},
            {"role": "user", "content": "What is the capital of France?"},
        ],
        "temperature": 0.5,
    }
    assert (content.inputs, content.expected) == ({"input": "What is the capital of France?"}, "Paris.")
    assert (content.cluster, content.tags) == ("talk 1", ("live", "search"))
    assert item.origin == {"trace_id": mine.trace_id, "span_id": mine.span_id}


@pytest.mark.usefixtures("traced")
def test_one_call_is_added_and_adding_it_twice_changes_nothing(
    owner_client: Client, project: Project, owner: User, dataset: Dataset, clickhouse: Store
) -> None:
    span = live_call(project)
    write(clickhouse, [span], token=uuid.uuid4().hex)
    address = f"/p/lighthouse/datasets/from-traces/?trace={span.trace_id}&span={span.span_id}"
    given = {"limit": "1", "how": "newest", "dataset": str(dataset.pk)}

    answers = [owner_client.post(address, given).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert Dataset.objects.get(pk=dataset.pk).latest == 1


@pytest.mark.usefixtures("traced")
def test_calls_whose_words_are_not_stored_make_no_items(
    owner_client: Client, project: Project, clickhouse: Store
) -> None:
    write(clickhouse, [live_call(project, input_messages=[], output_messages=[])], token=uuid.uuid4().hex)

    answer = owner_client.post(
        "/p/lighthouse/datasets/from-traces/?range=1h", {"limit": "5", "how": "newest", "name": "empty"}
    )

    assert answer.status_code == 422
    assert "is not stored" in answer.content.decode()
    assert not Dataset.objects.exists()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("query", ["trace=xyz&span=1", "range=forever", "min_ms=x"])
def test_an_address_that_makes_no_sense_is_refused(owner_client: Client, query: str) -> None:
    assert owner_client.get(f"/p/lighthouse/datasets/from-traces/?{query}").status_code == 400


def test_a_teammate_may_look_and_not_change(teammate_client: Client, dataset: Dataset, owner: User) -> None:
    put(dataset, owner, question("a"))
    looked = [
        teammate_client.get(url(dataset, rest)).status_code
        for rest in ("", "items/a/", "versions/", "changes/")
    ]
    changed = [
        teammate_client.post(url(dataset, rest), {"inputs": '{"a": 1}', "key": "a"}).status_code
        for rest in (
            "new-item/",
            "items/a/",
            "take-out/",
            "splits/",
            "upload/",
            "remove/",
            "settings/",
        )
    ]

    assert (set(looked), set(changed)) == ({200}, {404})


def test_a_dataset_of_another_project_does_not_exist(stranger_client: Client, dataset: Dataset) -> None:
    assert stranger_client.get(f"/p/elsewhere/datasets/{dataset.pk}/").status_code == 404


def test_splits_removal_and_download(owner_client: Client, dataset: Dataset, owner: User) -> None:
    put(dataset, owner, *(question(f"q{n}") for n in range(20)))
    owner_client.post(url(dataset, "splits/"), {"train": 50, "dev": 25, "test": 25})
    owner_client.post(url(dataset, "take-out/"), {"key": ["q1", "q2"]})
    answer = owner_client.get(url(dataset, "download/?form=cases"))
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]

    assert len(lines) == 18
    assert {tag for line in lines for tag in line["tags"]} == {"split:train", "split:dev", "split:test"}
    owner_client.post(url(dataset, "remove/"))
    assert not Dataset.objects.exists()
