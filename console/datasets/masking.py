"""What people and programs put into a dataset, as the project's policy lets it be stored."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from console.accounts.models import Project
from console.datasets.content import LONGEST_TAG, Content
from console.datasets.importing.files import Row, Table
from console.masking import each_as_stored

_PARTS = ("key", "inputs", "request", "expected", "context", "metadata", "tags", "cluster")


def masked_contents(project: Project, contents: Sequence[Content]) -> list[Content]:
    """Return items as they may be stored. Raises UncheckedTextError when a guard that must not fail cannot look."""
    parts = [{name: getattr(content, name) for name in _PARTS} for content in contents]
    return [
        replace(
            content,
            **kept
            | {
                "context": tuple(kept["context"]),
                "tags": tuple(dict.fromkeys(tag[:LONGEST_TAG] for tag in kept["tags"])),
            },
        )
        for content, kept in zip(contents, masked_values(project, parts), strict=True)
    ]


def masked_table(project: Project, table: Table) -> Table:
    """Return a file's rows as they may be stored: names of columns, values, and rows that could not be read."""
    given = [list(row.values.values()) if row.values else [row.raw] for row in table.rows]
    kept = masked_values(project, [list(table.columns), *given])
    names = dict(zip(table.columns, _distinct(kept[0]), strict=True))
    rows = tuple(
        _row(row, names, values, table.form) for row, values in zip(table.rows, kept[1:], strict=True)
    )
    return replace(table, rows=rows, columns=tuple(names.values()))


def masked_values(project: Project, values: Sequence[Any]) -> list[Any]:
    """Return plain values with every text in them, names of fields too, as it may be stored."""
    kept = each_as_stored(project, [list(_texts(value)) for value in values])
    return [_with(value, iter(texts)) for value, texts in zip(values, kept, strict=True)]


def _row(row: Row, names: Mapping[str, str], kept: Sequence[Any], form: str) -> Row:
    if not row.values:
        return replace(row, raw=kept[0])
    values = {names[name]: value for name, value in zip(row.values, kept, strict=True)}
    return replace(
        row, values=values, raw=json.dumps(values, ensure_ascii=False) if form == "jsonl" else _as_csv(kept)
    )


def _as_csv(values: Sequence[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(values)
    return written.getvalue()


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names that differ, as those did that they stand for."""
    found: list[str] = []
    for name in names:
        while name in found:
            name += "_"
        found.append(name)
    return found


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, in one order."""
    if isinstance(value, str):
        yield value
    elif _is_number(value):
        # The number of a card is no text, and yet it is the number of a card.
        yield str(value)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)


def _with(value: Any, texts: Iterator[str]) -> Any:
    """Return a value with other texts in the places of its own."""
    if isinstance(value, str):
        return next(texts)
    if _is_number(value):
        text = next(texts)
        return value if text == str(value) else text
    if isinstance(value, Mapping):
        parts = [(next(texts), _with(part, texts)) for part in value.values()]
        return dict(zip(_distinct([name for name, _ in parts]), (part for _, part in parts), strict=True))
    if isinstance(value, (list, tuple)):
        return [_with(part, texts) for part in value]
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
