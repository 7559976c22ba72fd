"""What putting a file into a dataset would do, row by row, before anything is done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.datasets.actions import known_digests, known_items, schema_problems
from console.datasets.content import Content, ContentError, content_of, stored_content
from console.datasets.importing.files import Row, Table
from console.datasets.importing.mapping import item_values
from console.datasets.models import Dataset, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a row: its item, what is wrong, or whose repetition it is."""

    row: Row
    content: Content | None = None
    problems: tuple[str, ...] = ()
    repeats: str = ""
    """The id of an item, or the number of a row, that holds the same."""
    replaces: bool = False
    """Whether an item with this id is there already and differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All rows with what becomes of each."""

    outcomes: tuple[Outcome, ...]

    @property
    def good(self) -> list[Outcome]:
        """Rows that become items."""
        return [one for one in self.outcomes if one.content is not None and not one.repeats]

    @property
    def wrong(self) -> list[Outcome]:
        """Rows that cannot."""
        return [one for one in self.outcomes if one.problems]

    @property
    def repeated(self) -> list[Outcome]:
        """Rows that say what another row or an item says."""
        return [one for one in self.outcomes if one.repeats]

    @property
    def kept_repeats(self) -> list[Outcome]:
        """Repetitions that have an id of their own and could be kept beside what they repeat."""
        return [
            one
            for one in self.repeated
            if one.content is not None and one.content.key and one.repeats != f"item {one.content.key}"
        ]

    @property
    def replacing(self) -> int:
        """How many items would be replaced."""
        return sum(one.replaces for one in self.good)


def check_rows(dataset: Dataset, table: Table, meaning: Mapping[str, str]) -> Checked:
    """Read every row by the meaning of its columns, check it, and look for repetitions."""
    read = [_read(dataset, row, meaning) for row in table.rows]
    contents = [one.content for one in read if one.content is not None]
    in_dataset = known_digests(dataset, {content.digest for content in contents})
    known = known_items(dataset, [content.key for content in contents if content.key])
    seen: dict[str, int] = {}
    ids: dict[str, int] = {}
    outcomes = [
        one if one.content is None else _placed(one, one.content, known, in_dataset, seen, ids)
        for one in read
    ]
    return Checked(outcomes=tuple(outcomes))


def _read(dataset: Dataset, row: Row, meaning: Mapping[str, str]) -> Outcome:
    if row.problem:
        return Outcome(row=row, problems=(row.problem,))
    try:
        content = content_of(item_values(row.values, meaning))
    except ContentError as error:
        return Outcome(row=row, problems=tuple(error.problems))
    except ValueError as error:
        return Outcome(row=row, problems=(str(error),))
    if problems := schema_problems(dataset, content):
        return Outcome(row=row, problems=tuple(problems))
    return Outcome(row=row, content=content)


def _placed(
    one: Outcome,
    content: Content,
    known: Mapping[str, Item],
    in_dataset: Mapping[str, str],
    seen: dict[str, int],
    ids: dict[str, int],
) -> Outcome:
    digest, number, item = content.digest, one.row.number, known.get(content.key)
    if content.key in ids:
        return Outcome(row=one.row, problems=(f"row {ids[content.key]} has the id {content.key!r} too",))
    if content.key:
        ids[content.key] = number
    if item is not None:
        is_same = stored_content(item) == content
        return replace(one, repeats=f"item {content.key}" if is_same else "", replaces=not is_same)
    if digest in seen:
        return replace(one, repeats=f"row {seen[digest]}")
    seen[digest] = number
    return replace(one, repeats=f"item {in_dataset[digest]}" if digest in in_dataset else "")
