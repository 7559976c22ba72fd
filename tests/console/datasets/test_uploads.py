"""Larger files are masked by workers: nothing readable is stored before, nothing is lost or masked twice whoever is killed."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from console.accounts.models import Project, User
from console.datasets import uploads
from console.datasets.importing.files import Row, Table, kept_table, read_table
from console.datasets.masking import masked_rows, masked_table
from console.datasets.models import Dataset, Upload, UploadPart, UploadState
from console.datasets.tasks import sweep
from console.policies.actions import save_policy
from tests.console.datasets.test_pages import uploaded, url

SECRET = "launch code"
ROWS = uploads.MOST_ROWS_AT_ONCE + 1
LARGE = f"question,the {SECRET},number\n" + "".join(f"Is {SECRET} {n} known?,{n},{n}\n" for n in range(ROWS))


@pytest.fixture(autouse=True)
def policy_can_look(project: Project, owner: User) -> None:
    """A policy whose one guard needs no guard server."""
    guard = {
        "name": "words", "kind": "words", "action": "mask", "places": ["user"], "on_error": "block",
        "deadline_ms": 100, "is_shadow": False, "is_enabled": True, "parameters": {"words": [SECRET]},
    }  # fmt: skip
    save_policy(policy=project.policies.get(), guards=[guard], by=owner)


@pytest.fixture
def waiting(dataset: Dataset, owner: User) -> Upload:
    """A file that a worker is to mask."""
    table = read_table(LARGE.encode(), name="q.csv")
    return uploads.queue_upload(dataset=dataset, by=owner, name="q.csv", table=table)


def everything_stored() -> str:
    """Every value of every row about files on their way in, as the database has it."""
    with connection.cursor() as cursor:
        found = []
        for table in (Upload._meta.db_table, UploadPart._meta.db_table):
            cursor.execute(f"SELECT * FROM {table}")
            found += [
                bytes(value) if isinstance(value, memoryview) else value for row in cursor for value in row
            ]
    return str(found)


def masked(upload: Upload) -> Table:
    upload.refresh_from_db()
    assert (upload.state, upload.done, upload.reason) == (UploadState.READY, ROWS, "")
    return kept_table(bytes(upload.content))


def fails_at(monkeypatch: pytest.MonkeyPatch, calls: int) -> list[int]:
    """Have a worker die at one of the parts it masks; the list grows with the rows that were looked at."""
    looked: list[int] = []

    def rows(project: Project, some: Sequence[Row], names: Any, *, form: str) -> list[Row]:
        looked.extend(row.number for row in some)
        if len(looked) > calls:
            monkeypatch.setattr(uploads, "masked_rows", masked_rows)
            raise SystemExit
        return masked_rows(project, some, names, form=form)

    monkeypatch.setattr(uploads, "masked_rows", rows)
    return looked


def test_a_large_file_is_a_workers_and_its_page_tells_how_far_it_is(
    owner_client: Client, dataset: Dataset
) -> None:
    page = uploaded(owner_client, dataset, LARGE.encode())
    upload, before = Upload.objects.get(), everything_stored()
    shown = owner_client.get(page).content.decode()
    listed = owner_client.get(url(dataset)).content.decode()
    left_out = owner_client.get(f"{page}left-out/").status_code

    assert uploads.work_on(upload.pk) == UploadState.READY
    after = owner_client.get(page).content.decode()
    polled = owner_client.get(f"{page}?part=progress", headers={"HX-Request": "true"})
    put_in = owner_client.post(page, {"put-in": "1"}, follow=True).content.decode()

    assert f"<strong>0</strong> of {ROWS} rows masked" in shown
    assert 'hx-trigger="every 2s"' in shown
    assert "being masked" in listed
    assert left_out == 404
    assert SECRET not in before + shown + listed + after + everything_stored()
    assert "Is &lt;WORD_1&gt; 0 known?" in after
    assert polled["HX-Redirect"] == page
    assert f"Version 1: {ROWS} items added" in put_in


def test_a_file_becomes_what_it_would_have_become_at_once(waiting: Upload, project: Project) -> None:
    at_once = masked_table(project, read_table(LARGE.encode(), name="q.csv"))

    uploads.work_on(waiting.pk)

    assert masked(waiting) == at_once
    assert at_once.columns == ("question", "the <WORD_1>", "number")
    assert UploadPart.objects.count() == 0


def test_lines_that_cannot_be_read_and_lines_of_every_form_come_through(
    dataset: Dataset, owner: User
) -> None:
    lines = [
        json.dumps({"inputs": {SECRET: n}, **({"expected": SECRET} if n % 2 else {})}) for n in range(ROWS)
    ]
    content = "\n".join([*lines[1:], f"not JSON, {SECRET}"]).encode()
    table = read_table(content, name="q.jsonl")
    upload = uploads.queue_upload(dataset=dataset, by=owner, name="q.jsonl", table=table)

    uploads.work_on(upload.pk)

    kept = masked(upload)
    assert kept.rows[-1] == Row(number=ROWS, values={}, raw="not JSON, <WORD_1>", problem="this is not JSON")
    assert kept.rows[0].values == {"inputs": {"<WORD_1>": 1}, "expected": "<WORD_1>"}
    assert kept.columns == ("inputs", "expected")


def test_whoever_takes_over_from_a_killed_worker_masks_what_is_left_and_nothing_twice(
    waiting: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = fails_at(monkeypatch, 120)
    with pytest.raises(SystemExit):
        uploads.work_on(waiting.pk)
    waiting.refresh_from_db()
    half = (waiting.state, waiting.done, SECRET in everything_stored())

    assert half == (UploadState.RUNNING, 100, False)
    assert uploads.work_on(waiting.pk) == "not due"
    assert uploads.due_uploads(now=timezone.now() + uploads.LEASE) == [waiting.pk]
    Upload.objects.update(lease_until=timezone.now())
    assert uploads.work_on(waiting.pk) == UploadState.READY
    assert [row.number for row in masked(waiting).rows] == list(range(2, ROWS + 2))
    assert looked == list(range(2, 152))


def test_a_worker_that_was_given_up_stores_nothing_more(
    waiting: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(project: Project, some: Sequence[Row], names: Any, *, form: str) -> list[Row]:
        monkeypatch.setattr(uploads, "masked_rows", masked_rows)
        Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert uploads.work_on(waiting.pk) == UploadState.READY
        return list(some)

    monkeypatch.setattr(uploads, "masked_rows", slow)

    assert uploads.work_on(waiting.pk) == "lost"
    assert SECRET not in masked(waiting).rows[0].raw
    assert SECRET not in everything_stored()


def test_a_turn_ends_and_the_file_goes_on_in_the_next(
    waiting: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "ONE_TURN_S", 0.0)

    states = [uploads.work_on(waiting.pk) for _ in range(6)]

    assert states == [*["waiting"] * 5, "ready"]
    assert len(masked(waiting).rows) == ROWS


def test_what_is_cancelled_is_gone_even_while_a_worker_is_at_it(
    waiting: Upload, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(project: Project, some: Sequence[Row], names: Any, *, form: str) -> list[Row]:
        owner_client.post(url(waiting.dataset, f"upload/{waiting.pk}/change/"), {"do": "remove"})
        return masked_rows(project, some, names, form=form)

    monkeypatch.setattr(uploads, "masked_rows", cancelled)

    assert uploads.work_on(waiting.pk) == "lost"
    assert (Upload.objects.count(), UploadPart.objects.count()) == (0, 0)
    assert uploads.work_on(waiting.pk) == "not due"


def test_a_guard_that_cannot_look_is_asked_again_and_a_person_may_have_it_tried_once_more(
    waiting: Upload, project: Project, owner: User, owner_client: Client, settings: Settings
) -> None:
    settings.GUARD_URL = "http://127.0.0.1:9"
    away = {
        "name": "personal", "kind": "pii", "action": "mask", "places": ["user"], "on_error": "block",
        "deadline_ms": 100, "is_shadow": False, "is_enabled": True, "parameters": {},
    }  # fmt: skip
    words = project.policies.get().versions.latest("number").guards
    save_policy(policy=project.policies.get(), guards=[away], by=owner)
    page, change = (url(waiting.dataset, f"upload/{waiting.pk}/{part}") for part in ("", "change/"))

    first = uploads.work_on(waiting.pk)
    again = owner_client.get(page).content.decode()
    Upload.objects.update(lease_until=None, troubles=uploads.MOST_TROUBLES - 1)
    last = uploads.work_on(waiting.pk)
    failed = owner_client.get(page).content.decode()
    save_policy(policy=project.policies.get(), guards=words, by=owner)
    owner_client.post(change, {"do": "retry"})

    assert (first, last) == (UploadState.WAITING, UploadState.FAILED)
    assert "Last trouble: the guard" in again
    assert "given up after 15 tries: the guard" in failed
    assert "Try again" in failed
    assert f"Is {SECRET}" not in everything_stored()
    assert uploads.work_on(waiting.pk) == UploadState.READY


def test_a_file_that_ends_every_worker_is_given_up(waiting: Upload) -> None:
    Upload.objects.update(
        state=UploadState.RUNNING, lease_until=timezone.now(), troubles=uploads.MOST_TROUBLES - 1
    )

    assert uploads.work_on(waiting.pk) == UploadState.FAILED
    waiting.refresh_from_db()
    assert "no worker came to the end of it" in waiting.reason


def test_a_file_sealed_under_another_secret_says_so(waiting: Upload, settings: Settings) -> None:
    settings.PARAPET_SECRET_KEY = "another secret altogether"

    assert uploads.work_on(waiting.pk) == UploadState.FAILED
    waiting.refresh_from_db()
    assert "upload it again" in waiting.reason


def test_files_that_nobody_came_back_to_are_taken_away(waiting: Upload) -> None:
    Upload.objects.update(created_at=timezone.now() - uploads.KEPT - timedelta(minutes=1))

    assert sweep() == 0
    assert (Upload.objects.count(), UploadPart.objects.count()) == (0, 0)


def test_only_so_many_files_are_masked_at_once(
    owner_client: Client, dataset: Dataset, waiting: Upload
) -> None:
    some = [
        Upload(dataset=dataset, name="x", state=UploadState.WAITING) for _ in range(uploads.MOST_OPEN - 1)
    ]
    Upload.objects.bulk_create(some)

    assert uploaded(owner_client, dataset, LARGE.encode()) == url(dataset)
    assert (
        "5 files of this project are being masked already" in owner_client.get(url(dataset)).content.decode()
    )


def test_a_teammate_and_a_stranger_neither_see_a_file_nor_change_it(
    waiting: Upload, teammate_client: Client, stranger_client: Client
) -> None:
    page, change = (url(waiting.dataset, f"upload/{waiting.pk}/{part}") for part in ("", "change/"))

    assert {client.get(page).status_code for client in (teammate_client, stranger_client)} <= {403, 404}
    assert {
        client.post(change, {"do": "remove"}).status_code for client in (teammate_client, stranger_client)
    } <= {403, 404}
    assert "Files on their way in" not in teammate_client.get(url(waiting.dataset)).content.decode()
    assert Upload.objects.count() == 1
