"""The doors to datasets, their versions and their items."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404

from console.accounts.access import Purpose, project_for
from console.accounts.models import Project, User
from console.datasets.models import Dataset, Item, Upload


def dataset_for(user: User | AnonymousUser, slug: str, dataset_id: UUID, *, to: Purpose) -> Dataset:
    """Return a dataset of a project, if this person may do that with it."""
    return dataset_of(project_for(user, slug, to=to), dataset_id)


def dataset_of(project: Project, dataset_id: UUID) -> Dataset:
    """Return a dataset of a project that somebody was already let into."""
    dataset = Dataset.objects.filter(project=project, pk=dataset_id).select_related("project").first()
    if dataset is None:
        raise Http404(f"project {project.slug!r} has no dataset {dataset_id}")
    return dataset


def items_of(dataset: Dataset, version: int) -> QuerySet[Item]:
    """Return the items of a version, in the order in which they came."""
    return Item.objects.filter(Q(until=None) | Q(until__gt=version), dataset=dataset, since__lte=version)


def item_of(dataset: Dataset, version: int, key: str) -> Item:
    """Return an item of a version by its id."""
    item = items_of(dataset, version).filter(key=key).first()
    if item is None:
        raise Http404(f"version {version} of {dataset.name!r} has no item {key!r}")
    return item


def upload_for(user: User | AnonymousUser, slug: str, dataset_id: UUID, upload_id: UUID) -> Upload:
    """Return a file that waits to be put into a dataset, if this person may put it there."""
    dataset = dataset_for(user, slug, dataset_id, to="edit")
    upload = Upload.objects.filter(dataset=dataset, pk=upload_id).select_related("dataset__project").first()
    if upload is None:
        raise Http404(f"dataset {dataset.name!r} has no upload {upload_id}; it may have been put in already")
    return upload
