"""Files that workers mask before they wait to be put in: a few rows at a time, none of them ever stored as it came.

What waits to be masked is sealed with the installation's secret, so that a copy of the database tells nothing of it, and each part
is emptied in the statement that stores its masked rows. A worker that is killed loses at most the part it was at.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from console.accounts.models import User
from console.datasets.actions import DatasetError
from console.datasets.importing.files import Row, Table, kept_bytes, kept_rows, rows_kept
from console.datasets.masking import masked_names, masked_rows
from console.datasets.models import Dataset, Upload, UploadPart, UploadState
from console.masking import UncheckedTextError
from inference_proxy.sealing import UnsealError, seal, unseal

MOST_ROWS_AT_ONCE, MOST_CHARACTERS_AT_ONCE = 200, 100_000
"""What is masked while the page waits; more is a worker's."""
LEASE = timedelta(minutes=3)
"""Longer than a part may take, so that only a lost worker lets it run out."""
ONE_TURN_S = 20.0
"""How long a worker stays with one file before others get their turn."""
RETRY_AFTER = timedelta(seconds=20)
MOST_TROUBLES = 15
MOST_OPEN = 5
KEPT = timedelta(days=1)
"""How long a file waits for somebody to say what its columns are, or to have it tried again."""
_PART_ROWS, _PART_CHARACTERS = 50, 50_000
_OPEN = (UploadState.WAITING, UploadState.RUNNING)


def is_small(table: Table) -> bool:
    """Tell whether a file is masked within a moment."""
    return (
        len(table.rows) <= MOST_ROWS_AT_ONCE
        and sum(len(row.raw) for row in table.rows) <= MOST_CHARACTERS_AT_ONCE
    )


@transaction.atomic
def keep_upload(*, dataset: Dataset, by: User, name: str, table: Table, is_as_given: bool) -> Upload:
    """Keep a file that is masked, or to be stored as given, until its columns are named."""
    remove_forgotten(now=timezone.now())
    return Upload.objects.create(
        dataset=dataset,
        name=name[-200:],
        content=kept_bytes(table),
        is_as_given=is_as_given,
        created_by=by,
        rows=len(table.rows),
        done=len(table.rows),
    )


@transaction.atomic
def queue_upload(*, dataset: Dataset, by: User, name: str, table: Table) -> Upload:
    """Have a file masked by a worker. Raises DatasetError when too many wait for one already."""
    remove_forgotten(now=timezone.now())
    if Upload.objects.filter(dataset__project=dataset.project_id, state__in=_OPEN).count() >= MOST_OPEN:
        raise DatasetError(
            f"{MOST_OPEN} files of this project are being masked already; wait for one of them"
        )
    upload = Upload.objects.create(
        dataset=dataset,
        name=name[-200:],
        created_by=by,
        state=UploadState.WAITING,
        rows=len(table.rows),
    )
    head = {"columns": table.columns, "encoding": table.encoding, "form": table.form}
    parts: list[tuple[int, Any]] = [(0, head), *((len(some), kept_rows(some)) for some in _parts(table.rows))]
    UploadPart.objects.bulk_create(
        (
            UploadPart(upload=upload, number=number, rows=rows, sealed=_sealed(upload, number, plain))
            for number, (rows, plain) in enumerate(parts)
        ),
        batch_size=100,
    )
    _wake(upload)
    return upload


@transaction.atomic
def retry_upload(upload: Upload) -> None:
    """Have a file that could not be masked tried again, from where it stands."""
    if Upload.objects.filter(pk=upload.pk, state=UploadState.FAILED).update(
        state=UploadState.WAITING, lease_until=None, troubles=0, reason=""
    ):
        _wake(upload)


def remove_upload(upload: Upload) -> None:
    """Take a file away, with all that is kept of it. A worker that is at it stores nothing more."""
    Upload.objects.filter(pk=upload.pk).delete()


def remove_forgotten(*, now: datetime) -> None:
    """Take away the files that nobody came back to."""
    Upload.objects.filter(created_at__lt=now - KEPT).delete()


def due_uploads(*, now: datetime) -> list[UUID]:
    """Return files whose wake-up was lost or whose worker is."""
    waiting = Q(state=UploadState.WAITING, lease_until__lte=now)
    forgotten = Q(state=UploadState.WAITING, lease_until=None, created_at__lte=now - timedelta(seconds=20))
    lost = Q(state=UploadState.RUNNING, lease_until__lte=now)
    due = Upload.objects.filter(waiting | forgotten | lost).order_by("created_at")
    return list(due.values_list("pk", flat=True))


def take(upload_id: UUID, *, now: datetime) -> Upload | None:
    """Lease a file to this worker, or return None when another has it or it is not to go on."""
    free = Q(state=UploadState.WAITING) & (Q(lease_until=None) | Q(lease_until__lte=now))
    lost = Q(state=UploadState.RUNNING, lease_until__lte=now)
    mine = {"state": UploadState.RUNNING, "lease_until": now + LEASE, "attempts": F("attempts") + 1}
    here = Upload.objects.filter(pk=upload_id)
    if not (here.filter(free).update(**mine) or here.filter(lost).update(**mine, troubles=F("troubles") + 1)):
        return None
    return Upload.objects.select_related("dataset__project").filter(pk=upload_id).first()


def work_on(upload_id: UUID) -> str:
    """Do a turn of work on a file if it is there to be taken, and return its state. Doing it twice changes nothing."""
    upload = take(upload_id, now=timezone.now())
    if upload is None:
        return "not due"
    if upload.troubles >= MOST_TROUBLES:
        _end(upload, f"given up after {MOST_TROUBLES} tries: no worker came to the end of it")
        return UploadState.FAILED
    try:
        return _turn(upload)
    except UncheckedTextError as error:
        return _put_back(upload, str(error))
    except UnsealError:
        _end(upload, "the installation's secret is another than when it came; upload it again")
        return UploadState.FAILED


def _turn(upload: Upload) -> str:
    began, head = time.monotonic(), _head(upload)
    if head is None:
        return "lost"
    said = json.loads(head.content)
    names = dict(zip(_unsealed(upload, head)["columns"], said["columns"], strict=True))
    while True:
        part = upload.parts.filter(content="", number__gt=0).first()
        if part is None:
            return UploadState.READY if _finish(upload, said) else "lost"
        rows = masked_rows(
            upload.dataset.project, rows_kept(_unsealed(upload, part)), names, form=said["form"]
        )
        if not _note(upload, part, kept_rows(rows), sealed=""):
            return "lost"
        if time.monotonic() - began > ONE_TURN_S:
            break
    if not _is_ours(upload).update(state=UploadState.WAITING, lease_until=None):
        return "lost"
    _wake(upload)
    return UploadState.WAITING


def _head(upload: Upload) -> UploadPart | None:
    """Return the part that names the columns, masked now if it was not; None when the lease is no longer this worker's.

    Its seal stays until every row is masked: rows name their columns as they came.
    """
    head = upload.parts.filter(number=0).first()
    if head is not None and not head.content:
        plain = _unsealed(upload, head)
        names = masked_names(upload.dataset.project, plain["columns"])
        if not _note(upload, head, plain | {"columns": list(names.values())}):
            return None
        head.refresh_from_db(fields=["content"])
    return head


@transaction.atomic
def _note(upload: Upload, part: UploadPart, masked: Any, **emptied: str) -> bool:
    """Store what is masked of a part, in the place of what came; False when the lease is no longer this worker's."""
    ours = _is_ours(upload).update(
        done=F("done") + part.rows, troubles=0, reason="", lease_until=timezone.now() + LEASE
    )
    if ours:
        content = json.dumps(masked, ensure_ascii=False)
        UploadPart.objects.filter(pk=part.pk).update(content=content, **emptied)
    return bool(ours)


@transaction.atomic
def _finish(upload: Upload, said: Mapping[str, Any]) -> bool:
    """Put the masked parts together; False when the lease is no longer this worker's."""
    parts = upload.parts.filter(number__gt=0).order_by("number").values_list("content", flat=True)
    table = Table(
        rows=tuple(row for content in parts for row in rows_kept(json.loads(content))),
        columns=tuple(said["columns"]),
        encoding=said["encoding"],
        form=said["form"],
    )
    ours = _is_ours(upload).update(
        state=UploadState.READY, content=kept_bytes(table), lease_until=None, reason=""
    )
    if ours:
        upload.parts.all().delete()
    return bool(ours)


def _put_back(upload: Upload, reason: str) -> str:
    if upload.troubles + 1 >= MOST_TROUBLES:
        _end(upload, f"given up after {MOST_TROUBLES} tries: {reason}")
        return UploadState.FAILED
    _is_ours(upload).update(
        state=UploadState.WAITING,
        lease_until=timezone.now() + RETRY_AFTER,
        reason=reason[:300],
        troubles=F("troubles") + 1,
    )
    return UploadState.WAITING


def _end(upload: Upload, reason: str) -> None:
    _is_ours(upload).update(state=UploadState.FAILED, lease_until=None, reason=reason[:300])


def _is_ours(upload: Upload) -> Any:
    return Upload.objects.filter(pk=upload.pk, state=UploadState.RUNNING, attempts=upload.attempts)


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    characters = 0
    for row in rows:
        if some and (len(some) == _PART_ROWS or characters + len(row.raw) > _PART_CHARACTERS):
            yield some
            some, characters = [], 0
        some.append(row)
        characters += len(row.raw)
    if some:
        yield some


def _sealed(upload: Upload, number: int, plain: Any) -> str:
    return seal(json.dumps(plain), secret_key=settings.PARAPET_SECRET_KEY, bound_to=_binding(upload, number))


def _unsealed(upload: Upload, part: UploadPart) -> Any:
    bound_to = _binding(upload, part.number)
    return json.loads(unseal(part.sealed, secret_key=settings.PARAPET_SECRET_KEY, bound_to=bound_to))


def _binding(upload: Upload, number: int) -> str:
    return f"upload:{upload.pk}:{number}"


def _wake(upload: Upload) -> None:
    # The task works on uploads and is woken by them.
    from console.datasets.tasks import mask_upload  # noqa: PLC0415

    # Robust: a broker that is away is made up for by the sweep.
    key = str(upload.pk)
    transaction.on_commit(lambda: mask_upload.delay(key), robust=True)
