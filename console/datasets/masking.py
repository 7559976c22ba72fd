"""What people and programs put into a dataset, as the project's policy lets it be stored."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from console.accounts.models import Project
from console.datasets.content import LONGEST_TAG, Content
from console.datasets.importing.files import Row, Table
from console.leaves import distinct, texts_in, with_texts
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
    names = masked_names(project, table.columns)
    rows = masked_rows(project, table.rows, names, form=table.form)
    return replace(table, rows=tuple(rows), columns=tuple(names.values()))


def masked_names(project: Project, columns: Sequence[str]) -> dict[str, str]:
    """Return what each column of a file is called as it may be stored; those that differed still do."""
    (kept,) = masked_values(project, [list(columns)])
    return dict(zip(columns, distinct(kept), strict=True))


def masked_rows(project: Project, rows: Sequence[Row], names: Mapping[str, str], *, form: str) -> list[Row]:
    """Return some rows of a file as they may be stored, each masked by itself."""
    given = [list(row.values.values()) if row.values else [row.raw] for row in rows]
    kept = masked_values(project, given)
    return [_row(row, names, values, form) for row, values in zip(rows, kept, strict=True)]


def masked_values(project: Project, values: Sequence[Any]) -> list[Any]:
    """Return plain values with every text in them, names of fields too, as it may be stored."""
    kept = each_as_stored(project, [texts_in(value, whole=True) for value in values])
    return [with_texts(value, texts, whole=True) for value, texts in zip(values, kept, strict=True)]


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
