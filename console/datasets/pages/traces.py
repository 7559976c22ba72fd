"""From calls to items: whatever the Traces page shows, or one call."""

import re
from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from console.accounts.access import person, project_for
from console.accounts.models import Project
from console.datasets import actions
from console.datasets.access import dataset_of
from console.datasets.content import ContentError
from console.datasets.forms import FromTracesForm
from console.datasets.importing.traces import How, Slice, items_of_calls, slice_of
from console.datasets.models import Dataset
from console.datasets.pages.common import page_of
from console.masking import UncheckedTextError, as_stored
from console.pages import bad_filters, zone_of
from console.ranges import FilterError
from console.store import store
from console.traces.filters import chips, parse_filters
from ingest.queries.calls import CallId
from ingest.queries.spans import trace_extent

_ID = re.compile(r"[0-9a-f]{1,64}")
_SHOWN = 8


@require_http_methods(["GET", "HEAD", "POST"])
def from_traces(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which calls the filters of an address let through, and put them into a dataset."""
    project = project_for(request.user, slug, to="edit")
    datasets = [(str(one.pk), one.name) for one in Dataset.objects.filter(project=project)]
    context = page_of(request, project, title="Add to a dataset")
    form = FromTracesForm(request.POST or None, datasets=datasets)
    limit = 200
    how: How = "newest"
    if request.method == "POST" and form.is_valid():
        limit, how = form.cleaned_data["limit"], form.cleaned_data["how"]
    try:
        found = _found(request, project, limit=limit, how=how)
    except FilterError as error:
        return bad_filters(request, error, context)
    if request.method == "POST" and form.is_valid():
        dataset = _put_in(request, project, form, found)
        if dataset is not None:
            return redirect("datasets:detail", slug, dataset.pk)
    sample = items_of_calls(store(), project_id=project.id, ids=found.ids[:_SHOWN], with_answer=True)
    context |= {
        "form": form,
        "found": found,
        "sample": sample,
        "chips": chips(request.GET),
        "one": request.GET.get("trace", ""),
        "traces_url": f"/p/{project.slug}/traces/?{_filters_of(request.GET).urlencode()}",
    }
    return render(request, "datasets/from_traces.html", context, status=422 if form.errors else 200)


def _found(request: HttpRequest, project: Project, *, limit: int, how: How) -> Slice:
    trace_id, span_id = request.GET.get("trace", ""), request.GET.get("span", "")
    if trace_id or span_id:
        if not (_ID.fullmatch(trace_id) and _ID.fullmatch(span_id)):
            raise FilterError({"trace": "A trace and a span are named by lower-case hex digits."})
        extent = trace_extent(store(), project_id=project.id, trace_id=trace_id)
        ids = (
            ()
            if extent is None
            else (CallId(trace_id, span_id, extent[0]), CallId(trace_id, span_id, extent[1]))
        )
        return Slice(ids=ids, matching=1 if ids else 0, is_more=False)
    filters = parse_filters(request.GET, zone=zone_of(project), now=timezone.now())
    return slice_of(store(), project_id=project.id, filters=filters, limit=limit, how=how)


def _put_in(request: HttpRequest, project: Project, form: FromTracesForm, found: Slice) -> Dataset | None:
    """Put the items in, or tell the form why not. What was said in calls is stored masked; what is typed here is not yet."""
    tags = [tag.strip() for tag in form.cleaned_data["tags"].split(",") if tag.strip()]
    try:
        (typed_name, *tags) = as_stored(project, [form.cleaned_data["name"], *tags])
        taken = items_of_calls(
            store(),
            project_id=project.id,
            ids=found.ids,
            with_answer=form.cleaned_data["with_answer"],
            tags=tags,
        )
        if not taken.items:
            raise actions.DatasetError("what was said in these calls is not stored")
        if form.cleaned_data["dataset"]:
            dataset = dataset_of(project, form.cleaned_data["dataset"])
        else:
            dataset = actions.create_dataset(project=project, by=person(request), name=typed_name)
        known = actions.known_digests(dataset, {item.content.digest for item in taken.items})
        version = actions.save_version(
            dataset=dataset,
            author=person(request).email,
            by=person(request),
            now=datetime.now(UTC),
            put=[item for item in taken.items if item.content.digest not in known],
            note="from traces",
        )
    except actions.NothingChangedError:
        messages.info(request, "All of these calls are in the dataset already.")
        return dataset
    except ContentError as error:
        form.add_error(None, f"Nothing was put in: {error.problems[0]}.")
        return None
    except (actions.DatasetError, UncheckedTextError) as error:
        form.add_error(None, f"Nothing was put in: {error}.")
        return None
    left = len(taken.problems) + len(known)
    others = f" {left} calls were left out: repeated, in it already, or no longer stored." if left else ""
    messages.success(request, f"Version {version.number}: {version.added} items added.{others}")
    return dataset


def _filters_of(query: QueryDict) -> QueryDict:
    kept = query.copy()
    for name in ("cursor", "seen", "live"):
        kept.pop(name, None)
    return kept
