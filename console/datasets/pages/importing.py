"""From a file to items: upload, say what the columns mean, see what would happen, put it in."""

import json
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import can, person
from console.accounts.models import User
from console.datasets import actions, uploads
from console.datasets.access import dataset_for, upload_for
from console.datasets.content import ContentError
from console.datasets.forms import UploadForm
from console.datasets.importing.check import Checked, Outcome, check_rows
from console.datasets.importing.files import (
    LARGEST_BYTES,
    FileError,
    Table,
    kept_table,
    read_table,
)
from console.datasets.importing.mapping import PLACES, guess
from console.datasets.masking import masked_table
from console.datasets.models import Dataset, Source, Upload, UploadState
from console.datasets.pages.common import page_of
from console.masking import UncheckedTextError, as_stored

_SHOWN, _LISTED = 5, 200


@require_POST
def upload(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Take a file in, for its columns to be named."""
    dataset = dataset_for(request.user, slug, dataset_id, to="edit")
    may_keep = can(request.user, dataset.project, to="manage")
    form = UploadForm(request.POST, request.FILES, may_keep=may_keep)
    if not form.is_valid() and "file" not in request.FILES and _length(request) > LARGEST_BYTES:
        messages.error(
            request,
            f"A file has at most {LARGEST_BYTES // 2**20} MB; this one is larger: put it in in parts.",
        )
        return redirect("datasets:detail", slug, dataset.pk)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("datasets:detail", slug, dataset.pk)
    file = form.cleaned_data["file"]
    name, is_as_given = (file.name or "upload")[-200:], bool(form.cleaned_data.get("as_given"))
    try:
        table = read_table(file.read(), name=name)
        made = _taken_in(dataset, person(request), name, table, is_as_given=is_as_given)
    except (FileError, UncheckedTextError, actions.DatasetError) as error:
        messages.error(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return redirect("datasets:detail", slug, dataset.pk)
    return redirect("datasets:preview", slug, dataset.pk, made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, slug: str, dataset_id: UUID, upload_id: UUID) -> HttpResponse:
    """Show what every row would become; put the good ones in when asked to. While it is masked, show how far it is."""
    made = upload_for(request.user, slug, dataset_id, upload_id)
    if made.state != UploadState.READY:
        return _progress(request, made)
    if request.GET.get("part") == "progress" and request.headers.get("HX-Request") == "true":
        answer = HttpResponse()
        answer["HX-Redirect"] = reverse("datasets:preview", args=[slug, dataset_id, upload_id])
        return answer
    table = kept_table(bytes(made.content))
    meaning = _meaning(request, table)
    checked = check_rows(made.dataset, table, meaning)
    if request.method == "POST" and "put-in" in request.POST:
        return _put_in(request, slug, made, checked)
    context = page_of(
        request,
        made.dataset.project,
        dataset=made.dataset,
        upload=made,
        table=table,
        columns=[
            (number, column, meaning[column], _samples(table, column))
            for number, column in enumerate(table.columns)
        ],
        said=urlencode({f"column-{number}": meaning[column] for number, column in enumerate(table.columns)}),
        places=PLACES,
        checked=checked,
        shown=checked.good[:_SHOWN],
        wrong=checked.wrong[:_LISTED],
        repeated=checked.repeated[:_LISTED],
    )
    return render(request, "datasets/preview.html", context)


@require_POST
def change(request: HttpRequest, slug: str, dataset_id: UUID, upload_id: UUID) -> HttpResponse:
    """Take a file away, or have a worker try again to mask it."""
    made = upload_for(request.user, slug, dataset_id, upload_id)
    what = request.POST.get("do", "")
    if what == "remove":
        uploads.remove_upload(made)
        messages.success(request, f"{made.name} is taken away; nothing of it was put in.")
        return redirect("datasets:detail", slug, dataset_id)
    if what == "retry":
        uploads.retry_upload(made)
    else:
        messages.error(request, f"Choose retry or remove, not {what[:20]!r}.")
    return redirect("datasets:preview", slug, dataset_id, upload_id)


@require_safe
def left_out(request: HttpRequest, slug: str, dataset_id: UUID, upload_id: UUID) -> HttpResponse:
    """Give the rows that cannot be put in, as they came, each with what is wrong with it."""
    made = upload_for(request.user, slug, dataset_id, upload_id)
    if made.state != UploadState.READY:
        raise Http404(f"{made.name} is not masked yet; what is left out of it is known then")
    table = kept_table(bytes(made.content))
    checked = check_rows(made.dataset, table, _meaning(request, table))
    lines = [
        json.dumps(
            {
                "row": one.row.number,
                "problems": list(one.problems),
                "repeats": one.repeats,
                "raw": one.row.raw,
            }
        )
        for one in checked.outcomes
        if one.problems or one.repeats
    ]
    answer = HttpResponse("\n".join(lines) + "\n", content_type="application/jsonl")
    answer["Content-Disposition"] = 'attachment; filename="left-out.jsonl"'
    return answer


def _taken_in(dataset: Dataset, by: User, name: str, table: Table, *, is_as_given: bool) -> Upload:
    """Keep a file as given or, when that takes a moment, masked; have a worker mask a larger one."""
    if is_as_given:
        return uploads.keep_upload(dataset=dataset, by=by, name=name, table=table, is_as_given=True)
    (name,) = as_stored(dataset.project, [name])
    if not uploads.is_small(table):
        return uploads.queue_upload(dataset=dataset, by=by, name=name, table=table)
    masked = masked_table(dataset.project, table)
    return uploads.keep_upload(dataset=dataset, by=by, name=name, table=masked, is_as_given=False)


def _progress(request: HttpRequest, made: Upload) -> HttpResponse:
    is_part = request.GET.get("part") == "progress"
    context = page_of(request, made.dataset.project, dataset=made.dataset, upload=made)
    return render(request, "datasets/_masking.html" if is_part else "datasets/masking.html", context)


def _put_in(request: HttpRequest, slug: str, made: Upload, checked: Checked) -> HttpResponse:
    if checked.wrong and "without-wrong" not in request.POST:
        messages.error(
            request,
            f"{len(checked.wrong)} rows cannot be put in. Mend them, or tick that the others go in without them.",
        )
        return redirect(request.get_full_path())
    chosen = [*checked.good, *(checked.kept_repeats if "keep-repeated" in request.POST else [])]
    put = [_new(made, one) for one in chosen]
    try:
        version = actions.save_version(
            dataset=made.dataset,
            author=person(request).email,
            by=person(request),
            now=timezone.now(),
            put=put,
            note=f"from {made.name}",
        )
    except (actions.DatasetError, ContentError) as error:
        messages.error(request, f"Nothing was put in: {error}.")
        return redirect(request.get_full_path())
    made.delete()
    left = len(checked.outcomes) - len(put)
    messages.success(
        request,
        f"Version {version.number}: {version.added} items added, {version.changed} replaced, {left} rows left out.",
    )
    return redirect("datasets:detail", slug, made.dataset_id)


def _new(made: Upload, one: Outcome) -> actions.NewItem:
    assert one.content is not None
    return actions.NewItem(
        content=one.content,
        source=Source.FILE,
        origin={"file": made.name, "row": one.row.number},
        is_as_given=made.is_as_given,
    )


def _length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _meaning(request: HttpRequest, table: Table) -> dict[str, str]:
    """Return what the person says the columns are; what was not said is guessed."""
    said = request.POST if request.method == "POST" else request.GET
    guessed = guess(table.columns)
    meaning = {}
    for number, column in enumerate(table.columns):
        place = said.get(f"column-{number}", guessed[column])
        meaning[column] = place if place in PLACES else guessed[column]
    return meaning


def _samples(table: Table, column: str) -> list[str]:
    values = [row.values[column] for row in table.rows[:50] if row.values.get(column) not in (None, "")]
    return [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values[:2]
    ]
