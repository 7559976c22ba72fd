"""What can be done to datasets. Whatever changes items makes a new version."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from referencing.exceptions import Unresolvable

from console.accounts import audit
from console.accounts.models import Project, User
from console.datasets.access import items_of
from console.datasets.content import Content, ContentError, stored_content
from console.datasets.models import Dataset, Item, Source, Version
from console.datasets.splits import split_of
from evaluators.errors import EvaluatorError
from evaluators.structured.json_schema import JsonSchema, misfits

MOST_ITEMS = 50_000
_BATCH = 500


class DatasetError(ValueError):
    """A dataset cannot be changed as asked; the message says why."""


class NothingChangedError(DatasetError):
    """A version like the one before would not be a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item on its way in, and where it comes from."""

    content: Content
    source: Source
    origin: Mapping[str, Any] = field(default_factory=dict)
    is_as_given: bool = False
    """Whether the project's policy did not look at it, because somebody who may decided so."""


@transaction.atomic
def create_dataset(
    *,
    project: Project,
    by: User | None,
    name: str,
    description: str = "",
    schema: Mapping[str, Any] | None = None,
) -> Dataset:
    """Begin a dataset. It has no version until something is put in."""
    name = name.strip()
    if not 1 <= len(name) <= 64:
        raise DatasetError(f"a name has 1 to 64 characters, not {len(name)}")
    if Dataset.objects.filter(project=project, name=name).exists():
        raise DatasetError(f"there is a dataset named {name!r} already; choose another name")
    dataset = Dataset.objects.create(
        project=project,
        name=name,
        description=description.strip()[:500],
        schema=checked_schema(schema or {}),
        created_by=by,
    )
    audit.record(project=project, by=by, action="dataset.created", target=name)
    return dataset


@transaction.atomic
def describe_dataset(
    *, dataset: Dataset, by: User, name: str, description: str, schema: Mapping[str, Any]
) -> Dataset:
    """Rename a dataset or change its schema; a schema is asked of items that come in from now on."""
    name = name.strip()
    if not 1 <= len(name) <= 64:
        raise DatasetError(f"a name has 1 to 64 characters, not {len(name)}")
    if Dataset.objects.filter(project=dataset.project, name=name).exclude(pk=dataset.pk).exists():
        raise DatasetError(f"there is a dataset named {name!r} already; choose another name")
    dataset.name, dataset.description = name, description.strip()[:500]
    dataset.schema = checked_schema(schema)
    dataset.save(update_fields=["name", "description", "schema"])
    audit.record(project=dataset.project, by=by, action="dataset.described", target=name)
    return dataset


@transaction.atomic
def remove_dataset(*, dataset: Dataset, by: User) -> None:
    """Take a dataset away with all of its versions. Experiments keep what they ran on."""
    audit.record(
        project=dataset.project, by=by, action="dataset.removed", target=dataset.name, versions=dataset.latest
    )
    dataset.delete()


def checked_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that items can be checked with. Raises DatasetError saying where it is wrong."""
    try:
        JsonSchema(schema=dict(schema))
    except (EvaluatorError, RecursionError) as error:
        raise DatasetError(
            str(error).removeprefix("json_schema: ") or "the schema is nested too deeply"
        ) from error
    return dict(schema)


def schema_problems(dataset: Dataset, content: Content) -> list[str]:
    """Return how an item misses its dataset's schema; the item is checked as it would be downloaded."""
    if not dataset.schema:
        return []
    try:
        return [
            f"does not fit the schema: {problem}" for problem in misfits(dataset.schema, content.values())
        ]
    except Unresolvable:
        return ["a $ref of the schema leads to nothing inside it"]


@transaction.atomic
def save_version(
    *,
    dataset: Dataset,
    author: str,
    by: User | None,
    now: datetime,
    put: Sequence[NewItem] = (),
    take_out: Collection[str] = (),
    note: str = "",
    based_on: int | None = None,
) -> Version:
    """Make the next version: items put in (or in the place of those with their ids), others taken out.

    `based_on` is the version somebody looked at; when another came in between, nothing is changed.
    """
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    dataset.refresh_from_db(fields=["latest", "schema"])
    if based_on is not None and based_on != dataset.latest:
        raise DatasetError(
            f"version {dataset.latest} was saved after you began with {based_on}; look at it, then try again"
        )
    number = dataset.latest + 1
    items = _with_keys(dataset, put)
    known = known_items(dataset, [item.content.key for item in items] + list(take_out))
    changed = [item for item in items if _differs(known.get(item.content.key), item.content)]
    replaced = [known[item.content.key] for item in changed if item.content.key in known]
    removed = [known[key] for key in dict.fromkeys(take_out) if key in known]
    if not changed and not removed:
        raise NothingChangedError("nothing would change: every item is in the dataset as it is")
    size = items_of(dataset, dataset.latest).count() + len(changed) - len(replaced) - len(removed)
    if size > MOST_ITEMS:
        raise DatasetError(f"a dataset has at most {MOST_ITEMS:,} items; this one would have {size:,}")
    for pks in _batches([item.pk for item in (*replaced, *removed)]):
        Item.objects.filter(pk__in=pks).update(until=number)
    Item.objects.bulk_create(
        (_row(dataset, item, number=number, author=author, now=now) for item in changed), batch_size=_BATCH
    )
    version = Version.objects.create(
        dataset=dataset,
        number=number,
        size=size,
        added=len(changed) - len(replaced),
        changed=len(replaced),
        removed=len(removed),
        note=note.strip()[:200],
        author=author,
    )
    dataset.latest = number
    dataset.save(update_fields=["latest"])
    audit.record(
        project=dataset.project,
        by=by,
        action="dataset.changed",
        target=dataset.name,
        version=number,
        author=author,
        added=version.added,
        changed=version.changed,
        removed=version.removed,
    )
    if given := sum(item.is_as_given for item in changed):
        audit.record(
            project=dataset.project,
            by=by,
            action="dataset.stored_as_given",
            target=dataset.name,
            version=number,
            items=given,
        )
    return version


def assign_splits(
    *, dataset: Dataset, author: str, by: User | None, now: datetime, shares: Mapping[str, int]
) -> Version:
    """Make a version whose items are spread over the splits by a hash of their ids, or of their clusters."""
    contents = [
        (item, replace(content, split=split_of(content.key, content.cluster, shares, salt=str(dataset.pk))))
        for item in items_of(dataset, dataset.latest)
        for content in [stored_content(item)]
    ]
    put = [
        NewItem(content=content, source=Source(item.source), origin=item.origin, is_as_given=item.is_as_given)
        for item, content in contents
        if content.split != item.split
    ]
    note = "splits: " + ", ".join(f"{name} {share} %" for name, share in shares.items() if share)
    return save_version(
        dataset=dataset, author=author, by=by, now=now, put=put, note=note, based_on=dataset.latest
    )


def known_digests(dataset: Dataset, digests: Iterable[str]) -> dict[str, str]:
    """Return the ids of the items that hold what has these hashes, by hash."""
    found: dict[str, str] = {}
    for some in _batches(list(digests)):
        current = items_of(dataset, dataset.latest).filter(digest__in=some)
        found |= dict(current.values_list("digest", "key"))
    return found


def known_items(dataset: Dataset, keys: Iterable[str]) -> dict[str, Item]:
    """Return the items of the newest version that have one of these ids, by id."""
    found: dict[str, Item] = {}
    for some in _batches(list(keys)):
        found |= {item.key: item for item in items_of(dataset, dataset.latest).filter(key__in=some)}
    return found


def _with_keys(dataset: Dataset, put: Sequence[NewItem]) -> list[NewItem]:
    """Give an id to every item that has none; two with one id are an error."""
    items = [
        item
        if item.content.key
        else replace(item, content=replace(item.content, key=item.content.digest[:12]))
        for item in put
    ]
    seen: set[str] = set()
    for item in items:
        if item.content.key in seen:
            raise DatasetError(
                f"the id {item.content.key!r} is given twice; every item needs an id of its own"
            )
        seen.add(item.content.key)
        if problems := schema_problems(dataset, item.content):
            raise ContentError([f"item {item.content.key!r} {problem}" for problem in problems])
    return items


def _differs(item: Item | None, content: Content) -> bool:
    return item is None or stored_content(item) != content or item.body != content.body


def _row(dataset: Dataset, item: NewItem, *, number: int, author: str, now: datetime) -> Item:
    content = item.content
    return Item(
        dataset=dataset,
        key=content.key,
        since=number,
        body=content.body,
        digest=content.digest,
        split=content.split,
        tag_line=content.tag_line,
        cluster=content.cluster,
        text=content.text,
        source=item.source,
        origin=dict(item.origin),
        is_as_given=item.is_as_given,
        author=author,
        created_at=now,
    )


def _batches(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
