"""The versions of a dataset, and what lies between two of them."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.accounts.access import person
from console.datasets import actions
from console.datasets.access import dataset_for
from console.datasets.changes import changes_between
from console.datasets.forms import SharesForm
from console.datasets.pages.common import PAGE, offset_of, page_of, version_asked
from console.datasets.splits import SharesError


@require_safe
def history(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """List the versions, newest first."""
    dataset = dataset_for(request.user, slug, dataset_id, to="view")
    context = page_of(request, dataset.project, dataset=dataset, versions=dataset.versions.all()[:500])
    return render(request, "datasets/history.html", context)


@require_safe
def changes(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Show what was added, changed and removed between two versions."""
    dataset = dataset_for(request.user, slug, dataset_id, to="view")
    newer = version_asked(request, dataset, "to")
    older = version_asked(request, dataset, "from") if "from" in request.GET else max(newer - 1, 0)
    older, newer = min(older, newer), max(older, newer)
    found, offset = changes_between(dataset, older, newer), offset_of(request)
    shown = [
        (change, [(name, _written(before), _written(after)) for name, before, after in change.fields])
        for change in found[offset : offset + PAGE]
    ]
    context = page_of(
        request,
        dataset.project,
        dataset=dataset,
        older_version=older,
        newer_version=newer,
        changes=shown,
        counts=[
            (kind, sum(change.kind == kind for change in found)) for kind in ("added", "changed", "removed")
        ],
        numbers=range(dataset.latest, -1, -1)[:200],
        older=offset + PAGE if offset + PAGE < len(found) else None,
        newer=max(offset - PAGE, 0) if offset else None,
    )
    return render(request, "datasets/changes.html", context)


@require_POST
def split(request: HttpRequest, slug: str, dataset_id: UUID) -> HttpResponse:
    """Spread the items over train, dev and test by a stable hash."""
    dataset = dataset_for(request.user, slug, dataset_id, to="edit")
    form = SharesForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed: shares are whole per cents from 0 to 100.")
        return redirect("datasets:detail", slug, dataset.pk)
    try:
        version = actions.assign_splits(
            dataset=dataset,
            author=person(request).email,
            by=person(request),
            now=timezone.now(),
            shares=form.cleaned_data,
        )
    except (actions.DatasetError, SharesError) as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, f"Version {version.number}: {version.changed} items moved.")
    return redirect("datasets:detail", slug, dataset.pk)


def _written(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
