"""Nothing that the project's policy masks is stored of what people and programs put in, unless somebody who may says so."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from console.accounts.actions import add_member, create_key
from console.accounts.models import AuditEntry, Project, Role, User
from console.datasets.content import content_of
from console.datasets.importing.files import LARGEST_BYTES, read_table
from console.datasets.masking import masked_contents, masked_table
from console.datasets.models import Dataset, Item, Upload
from tests.console.datasets.conftest import question
from tests.console.datasets.test_pages import uploaded, url

ADA, KEY, CARD = "ada@example.org", "AKIAIOSFODNN7EXAMPLE", "4111111111111111"
CSV = f"question,expected,card\nWho is {ADA}?,Ask {ADA} or bob@example.org,{CARD}\n{KEY},x,\n"


def stored() -> str:
    items = [[item.body, item.text, item.key, item.tag_line, item.origin] for item in Item.objects.all()]
    return json.dumps(items) + "".join(bytes(one.content).decode() + one.name for one in Upload.objects.all())


def test_a_file_is_masked_before_it_waits(owner_client: Client, dataset: Dataset) -> None:
    preview = uploaded(owner_client, dataset, CSV.encode(), f"of {ADA}.csv")
    waiting, page = stored(), owner_client.get(preview).content.decode()
    owner_client.post(preview, {"put-in": "1"})

    assert [value in waiting + page + stored() for value in (ADA, KEY, CARD)] == [False] * 3
    first = Item.objects.order_by("pk")[0]
    assert first.content["inputs"]["question"] == "Who is <EMAIL_ADDRESS_1>?"
    assert first.content["expected"] == "Ask <EMAIL_ADDRESS_1> or <EMAIL_ADDRESS_2>"
    assert not first.is_as_given


def test_the_same_file_again_is_masked_alike_and_so_repeats_itself(
    owner_client: Client, dataset: Dataset
) -> None:
    owner_client.post(uploaded(owner_client, dataset, CSV.encode()), {"put-in": "1"})
    again = owner_client.get(uploaded(owner_client, dataset, CSV.encode())).content.decode()

    assert "2 rows say what another row or an item says" in again


def test_who_manages_the_project_may_have_it_stored_as_given(
    owner_client: Client, dataset: Dataset, owner: User
) -> None:
    sent = {"file": SimpleUploadedFile("q.csv", CSV.encode()), "as_given": "on"}
    preview = owner_client.post(url(dataset, "upload/"), sent)["Location"]
    owner_client.post(preview, {"put-in": "1"})
    page = owner_client.get(url(dataset)).content.decode()

    assert ADA in stored()
    assert set(Item.objects.values_list("is_as_given", flat=True)) == {True}
    assert "2 items of this version are stored as given" in page
    entry = AuditEntry.objects.get(action="dataset.stored_as_given")
    assert (entry.target, entry.details["items"]) == (dataset.name, 2)


def test_an_editor_is_not_offered_that_and_cannot_ask_for_it(
    client: Client, dataset: Dataset, project: Project, owner: User
) -> None:
    email, password = "editor@example.com", "editor's long password"
    member = add_member(project=project, email=email, role=Role.EDITOR, by=owner, password=password)
    client.force_login(member.user)
    sent = {"file": SimpleUploadedFile("q.csv", CSV.encode()), "as_given": "on"}
    client.post(client.post(url(dataset, "upload/"), sent)["Location"], {"put-in": "1"})

    assert "Store it as given" not in client.get(url(dataset)).content.decode()
    assert ADA not in stored()


@pytest.mark.parametrize("as_given", [False, True])
def test_an_item_by_hand_passes_the_policy_too(
    owner_client: Client, dataset: Dataset, *, as_given: bool
) -> None:
    typed = {"id": "a", "split": "test", "inputs": json.dumps({"to": ADA, "card": int(CARD)}), "note": ADA}
    owner_client.post(url(dataset, "new-item/"), typed | ({"as_given": "on"} if as_given else {}))
    item = Item.objects.get()
    note = dataset.versions.get().note

    assert (ADA in item.body, CARD in item.body, ADA in note) == (as_given, as_given, as_given)
    assert ("stored as given" in owner_client.get(url(dataset, "items/a/")).content.decode()) == as_given


def test_a_program_cannot_have_it_stored_as_given(
    client: Client, project: Project, dataset: Dataset, owner: User
) -> None:
    secret = create_key(project=project, by=owner, name="ci").secret
    address, head = f"/api/v1/datasets/{dataset.pk}/items", {"authorization": f"Bearer {secret}"}
    body = {"items": [question("a", f"Who is {ADA}?")], "note": f"by {ADA}"}
    sent = client.post(address, body, content_type="application/json", headers=head)
    refused = client.post(address, body | {"as_given": True}, content_type="application/json", headers=head)

    assert (sent.status_code, refused.status_code) == (201, 400)
    assert ADA not in stored() + dataset.versions.get().note
    assert "sign in" in refused.content.decode()


def test_what_no_guard_can_look_at_is_not_stored(
    owner_client: Client, dataset: Dataset, settings: Settings
) -> None:
    settings.GUARD_URL = "http://127.0.0.1:9"
    page = owner_client.post(url(dataset, "new-item/"), {"split": "test", "inputs": json.dumps({"to": ADA})})

    assert page.status_code == 422
    assert "could not look" in page.content.decode()
    assert Item.objects.count() == 0


def test_values_of_every_kind_are_looked_at_and_names_stay_apart(project: Project) -> None:
    given = {
        "inputs": {ADA: 1, "bob@example.org": {"deep": [f"card {CARD}", int(CARD), True, None, 1.5]}},
        "expected": {"mail": ADA},
        "context": [ADA],
        "metadata": {"by": ADA},
        "tags": [ADA],
        "cluster": ADA,
    }
    (kept,) = masked_contents(project, [content_of(given)])

    assert ADA not in json.dumps(kept.values())
    assert CARD not in json.dumps(kept.values())
    assert len(kept.inputs) == 2
    assert list(kept.inputs.values())[1]["deep"][2:] == [True, None, 1.5]


def test_rows_that_cannot_be_read_are_masked_as_they_came(project: Project) -> None:
    lines = f'{{"question": "{ADA}", "{ADA}": "x"}}\nnot JSON, by {ADA}\n'
    table = masked_table(project, read_table(lines.encode(), name="q.jsonl"))

    assert table.columns == ("question", "<EMAIL_ADDRESS_1>")
    assert [row.problem for row in table.rows] == ["", "this is not JSON"]
    assert all(ADA not in row.raw + json.dumps(dict(row.values)) for row in table.rows)


def test_a_file_that_arrives_stays_in_memory_and_one_that_is_too_large_is_told_so(
    owner_client: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda *given, **_: made.append(given))
    kept = uploaded(owner_client, dataset, b"question\n" + (b"x" * 100_000 + b"\n") * 30)
    page = owner_client.post(
        url(dataset, "upload/"),
        {"file": SimpleUploadedFile("large.csv", b"x" * (LARGEST_BYTES + 1024 * 1024))},
        follow=True,
    )

    assert "upload/" in kept
    assert made == []
    assert "at most 20 MB; this one is larger" in page.content.decode()
