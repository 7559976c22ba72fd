"""The list of datasets, and one dataset: its items at a version, found by words, split and tag."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.accounts.access import can, person, project_for
from console.accounts.models import Project
from console.datasets import actions
from console.datasets.access import dataset_for, items_of
from console.datasets.content import stored_content
from console.datasets.download import as_cases, as_jsonl
from console.datasets.forms import DatasetForm, SharesForm, UploadForm
from console.datasets.masking import masked_values
from console.datasets.models import Dataset, Item, Split, Upload, Version
from console.datasets.pages.common import PAGE, offset_of, page_of, version_asked
from console.masking import UncheckedTextError


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """List the project's datasets."""
    project = project_for(request.user, slug, to="view")
    datasets = list(Dataset.objects.filter(project=project))
    newest = {
        version.dataset_id: version
        for version in Version.objects.filter(dataset__in=datasets).order_by("number")
    }
    rows = [(dataset, newest.get(dataset.pk)) for dataset in datasets]
    return render(request, "datasets/index.html", page_of(request, project, rows=rows))


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a dataset."""
    project = project_for(request.user, slug, to="edit")
    form = DatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = _as_stored(project, form)
            dataset = actions.create_dataset(project=project, by=person(request), **given)
        except (actions.DatasetError, UncheckedTextError) as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            return redirect("datasets:detail", slug, dataset.pk)
    context = page_of(request, project, form=form, title="New dataset", submit="Create it")
    return render(request, "datasets/form.html", context, status=422 if form.errors else 200)


@require_safe
def detail(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Show the items of a version."""
    dataset = dataset_for(request.user, slug, dataset_id, to="view")
    number, offset = version_asked(request, dataset), offset_of(request)
    everything = items_of(dataset, number)
    wanted = _wanted(request, everything)
    found = list(wanted[offset : offset + PAGE + 1])
    context = page_of(
        request,
        dataset.project,
        dataset=dataset,
        number=number,
        is_newest=number == dataset.latest,
        items=found[:PAGE],
        matching=wanted.count(),
        offset=offset,
        older=offset + PAGE if len(found) > PAGE else None,
        newer=max(offset - PAGE, 0) if offset else None,
        size=everything.count(),
        splits=_splits(everything),
        tags=_tags(everything),
        versions=dataset.versions.all()[:100],
        version=dataset.versions.filter(number=number).first(),
        q=request.GET.get("q", ""),
        split=request.GET.get("split", ""),
        tag=request.GET.get("tag", ""),
        upload_form=UploadForm(may_keep=can(request.user, dataset.project, to="manage")),
        given=everything.filter(is_as_given=True).count(),
        shares_form=SharesForm(),
        uploads=_uploads(dataset) if can(request.user, dataset.project, to="edit") else [],
    )
    return render(request, "datasets/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Change what a dataset is called and what its items must look like."""
    dataset = dataset_for(request.user, slug, dataset_id, to="edit")
    initial = {"name": dataset.name, "description": dataset.description, "schema": dataset.schema}
    form = DatasetForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            given = _as_stored(dataset.project, form)
            actions.describe_dataset(dataset=dataset, by=person(request), **given)
        except (actions.DatasetError, UncheckedTextError) as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            messages.success(
                request, "Saved. Items that are in stay as they are; new ones must fit the schema."
            )
            return redirect("datasets:detail", slug, dataset.pk)
    context = page_of(
        request,
        dataset.project,
        form=form,
        dataset=dataset,
        title=f"Settings of {dataset.name}",
        submit="Save",
    )
    return render(request, "datasets/form.html", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Take a dataset away."""
    dataset = dataset_for(request.user, slug, dataset_id, to="edit")
    actions.remove_dataset(dataset=dataset, by=person(request))
    messages.success(request, f"{dataset.name} is removed.")
    return redirect("datasets:index", slug)


@require_safe
def download(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponseBase:
    """Give the items of a version, filtered as the page is, as JSON Lines: whole, or as the cases of a suite."""
    dataset = dataset_for(request.user, slug, dataset_id, to="view")
    number = version_asked(request, dataset)
    items = _wanted(request, items_of(dataset, number)).iterator(chunk_size=500)
    is_cases = request.GET.get("form") == "cases"
    lines = as_cases(stored_content(item) for item in items) if is_cases else as_jsonl(items)
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in dataset.name)
    answer = StreamingHttpResponse((line.encode() for line in lines), content_type="application/jsonl")
    suffix = "-cases" if is_cases else ""
    answer["Content-Disposition"] = f'attachment; filename="{name}-v{number}{suffix}.jsonl"'
    return answer


def _as_stored(project: Project, form: DatasetForm) -> dict[str, Any]:
    """Return what was typed about a dataset as the policy lets it be stored."""
    (given,) = masked_values(project, [form.cleaned_data])
    return {name: given[name] for name in form.fields}


def _wanted(request: HttpRequest, items: QuerySet[Item]) -> QuerySet[Item]:
    words = request.GET.get("q", "").replace("\0", "")[:200].split()
    for word in words:
        items = items.filter(text__icontains=word) | items.filter(key=word)
    if request.GET.get("split") in Split.values:
        items = items.filter(split=request.GET["split"])
    if tag := request.GET.get("tag", "").replace("\0", "")[:100]:
        items = items.filter(tag_line__contains=f"\n{tag}\n")
    return items.order_by("pk")


def _uploads(dataset: Dataset) -> list[Upload]:
    """Return the files on their way in, without what they hold."""
    return list(dataset.uploads.defer("content").select_related("created_by").order_by("-created_at")[:20])


def _splits(items: QuerySet[Item]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter(items.order_by().values_list("split", flat=True))
    return [(name, counts[name]) for name in Split.values]


def _tags(items: QuerySet[Item]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for line in items.exclude(tag_line="").order_by().values_list("tag_line", flat=True):
        counts.update(tag for tag in line.split("\n") if tag)
    return counts.most_common(40)
