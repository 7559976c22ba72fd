"""One item: shown, changed, put in and taken out. Every change makes a version."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from console.accounts.access import can, person
from console.datasets import actions
from console.datasets.access import dataset_for, item_of
from console.datasets.content import ContentError, stored_content
from console.datasets.forms import ItemForm, values_of
from console.datasets.masking import masked_contents
from console.datasets.models import Dataset, Item, Source
from console.datasets.pages.common import page_of, version_asked
from console.masking import UncheckedTextError, as_stored
from console.traces.messages import readable


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Put in an item by hand."""
    dataset = dataset_for(request.user, slug, dataset_id, to="edit")
    form = ItemForm(request.POST or None, may_keep=can(request.user, dataset.project, to="manage"))
    if request.method == "POST" and form.is_valid() and _saved(request, dataset, form):
        return redirect("datasets:detail", slug, dataset.pk)
    context = page_of(request, dataset.project, dataset=dataset, form=form)
    return render(request, "datasets/item_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str, dataset_id: UUID, key: str) -> HttpResponse:
    """Show an item as a version has it; the newest version's can be changed."""
    is_post = request.method == "POST"
    dataset = dataset_for(request.user, slug, dataset_id, to="edit" if is_post else "view")
    number = version_asked(request, dataset)
    item = item_of(dataset, number, key)
    is_newest = number == dataset.latest
    form = ItemForm(
        request.POST or None,
        may_keep=can(request.user, dataset.project, to="manage"),
        initial=values_of(stored_content(item)) | {"as_given": item.is_as_given},
    )
    form.fields["id"].disabled = True
    if is_post and not is_newest:
        raise Http404("older versions stay as they are")
    if is_post and form.is_valid() and _saved(request, dataset, form, item):
        return redirect("datasets:item", slug, dataset.pk, key)
    content = item.content
    context = page_of(
        request,
        dataset.project,
        dataset=dataset,
        item=item,
        content=content,
        expected=_written(content["expected"]),
        request_messages=readable(
            [one for one in content["request"].get("messages", []) if isinstance(one, dict)]
        ),
        parameters=_written({k: v for k, v in content["request"].items() if k != "messages"}),
        inputs=[(name, _written(value)) for name, value in content["inputs"].items()],
        metadata=[(name, _written(value)) for name, value in content["metadata"].items()],
        number=number,
        is_newest=is_newest,
        form=form if is_newest and can(request.user, dataset.project, to="edit") else None,
        history=Item.objects.filter(dataset=dataset, key=key).order_by("-since"),
    )
    return render(request, "datasets/item.html", context, status=422 if form.errors else 200)


@require_POST
def take_out(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Take the chosen items out of the newest version; older versions keep them."""
    dataset = dataset_for(request.user, slug, dataset_id, to="edit")
    keys = request.POST.getlist("key")[:1_000]
    try:
        version = actions.save_version(
            dataset=dataset,
            author=person(request).email,
            by=person(request),
            now=timezone.now(),
            take_out=keys,
        )
    except actions.DatasetError as error:
        messages.error(request, f"Nothing was taken out: {error}.")
    else:
        messages.success(request, f"Version {version.number} has {version.removed} items less.")
    return redirect("datasets:detail", slug, dataset.pk)


def _saved(request: HttpRequest, dataset: Dataset, form: ItemForm, item: Item | None = None) -> bool:
    """Save the form as the next version, or tell the form why not."""
    try:
        content = form.content()
        if item is None and content.key and actions.known_items(dataset, [content.key]):
            raise actions.DatasetError(
                f"the id {content.key!r} is taken; choose another, or change that item"
            )
        note, is_as_given = form.cleaned_data["note"], bool(form.cleaned_data.get("as_given"))
        if not is_as_given:
            (content,) = masked_contents(dataset.project, [content])
            (note,) = as_stored(dataset.project, [note])
        put = actions.NewItem(
            content=content,
            source=Source(item.source) if item else Source.PERSON,
            origin=dict(item.origin) if item is not None else {},
            is_as_given=is_as_given,
        )
        version = actions.save_version(
            dataset=dataset,
            author=person(request).email,
            by=person(request),
            now=timezone.now(),
            put=[put],
            note=note,
        )
    except ContentError as error:
        for problem in error.problems:
            form.add_error(None, f"This item cannot be saved: {problem}.")
        return False
    except (actions.DatasetError, UncheckedTextError) as error:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return False
    messages.success(request, f"Version {version.number} is saved.")
    return True


def _written(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
