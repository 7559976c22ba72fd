"""What lies between two versions of a dataset."""

from dataclasses import dataclass

from django.db.models import Q

from console.datasets.models import Dataset, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item that is not the same in both versions: None where a version has no such item."""

    key: str
    before: Item | None
    after: Item | None

    @property
    def kind(self) -> str:
        """Added, removed or changed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def fields(self) -> list[tuple[str, object, object]]:
        """Return what was changed: the field, before and after."""
        sides = [_fields(item) for item in (self.before, self.after)]
        names = dict.fromkeys([*sides[0], *sides[1]])
        return [
            (name, sides[0].get(name), sides[1].get(name))
            for name in names
            if sides[0].get(name) != sides[1].get(name)
        ]


def changes_between(dataset: Dataset, older: int, newer: int) -> list[Change]:
    """Return the items that two versions do not share as they are, in the order in which they came."""
    touched = Item.objects.filter(dataset=dataset).filter(
        Q(since__gt=older, since__lte=newer) | Q(until__gt=older, until__lte=newer)
    )
    before: dict[str, Item] = {}
    after: dict[str, Item] = {}
    for item in touched:
        if item.since <= older:
            before[item.key] = item
        if item.until is None or item.until > newer:
            after[item.key] = item
    return [
        change
        for key in dict.fromkeys([*before, *after])
        if (change := Change(key=key, before=before.get(key), after=after.get(key))).fields
    ]


def _fields(item: Item | None) -> dict[str, object]:
    if item is None:
        return {}
    held = {name: value for name, value in item.content.items() if value not in (None, {}, [])}
    labels = {"tags": item.tags, "split": item.split, "cluster": item.cluster}
    return held | {name: value for name, value in labels.items() if value}
