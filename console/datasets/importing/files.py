"""An uploaded file as rows: CSV or JSON Lines, whatever wrote it. Every row that cannot be read is named."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LARGEST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 20_000
_DELIMITERS = ",;\t|"


class FileError(ValueError):
    """A file cannot be read at all; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its number as a spreadsheet or an editor counts, and its columns or what is wrong with it."""

    number: int
    values: Mapping[str, Any]
    raw: str
    """The row as it came, so that nothing is lost when it cannot be read."""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file that could be read."""

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    encoding: str
    form: str
    """csv or jsonl."""


def read_table(content: bytes, *, name: str) -> Table:
    """Read a file. Raises FileError when nothing of it can be."""
    if len(content) > LARGEST_BYTES:
        raise FileError(f"{name} has {len(content):,} bytes; at most {LARGEST_BYTES:,} can be put in at once")
    text, encoding = _decoded(content, name)
    if not text.strip():
        raise FileError(f"{name} is empty")
    is_json = name.lower().endswith((".jsonl", ".ndjson", ".json")) or text.lstrip()[0] in "{["
    rows = tuple(_json_rows(text, name) if is_json else _csv_rows(text, name))
    if not rows:
        raise FileError(f"{name} has a header and no rows")
    if len(rows) > MOST_ROWS:
        raise FileError(f"{name} has {len(rows):,} rows; at most {MOST_ROWS:,} can be put in at once")
    columns = tuple(dict.fromkeys(column for row in rows for column in row.values))
    return Table(rows=rows, columns=columns, encoding=encoding, form="jsonl" if is_json else "csv")


def kept_bytes(table: Table) -> bytes:
    """Return a table as it waits to be put in."""
    head = {"columns": table.columns, "encoding": table.encoding, "form": table.form}
    return json.dumps(head | {"rows": kept_rows(table.rows)}, ensure_ascii=False).encode()


def kept_table(content: bytes) -> Table:
    """Return the table that was kept."""
    kept = json.loads(content)
    return Table(
        rows=rows_kept(kept["rows"]),
        columns=tuple(kept["columns"]),
        encoding=kept["encoding"],
        form=kept["form"],
    )


def kept_rows(rows: Iterable[Row]) -> list[list[Any]]:
    """Return rows as plain values."""
    return [[row.number, row.values, row.raw, row.problem] for row in rows]


def rows_kept(kept: Iterable[Sequence[Any]]) -> tuple[Row, ...]:
    """Return the rows that plain values were made of."""
    return tuple(
        Row(number=number, values=values, raw=raw, problem=problem) for number, values, raw, problem in kept
    )


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    """Decode by the byte order mark, else as UTF-8, else as what Windows programs of western Europe write."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding.removesuffix("-sig")
            except UnicodeDecodeError as error:
                raise FileError(f"{name} begins as {encoding} and goes on as something else") from error
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if b"\0" in content:
        raise FileError(f"{name} is not a text file; save it as CSV or JSON Lines in UTF-8")
    return content.decode("cp1252", "replace"), "windows-1252"


def _json_rows(text: str, name: str) -> Iterator[Row]:
    if text.lstrip().startswith("["):
        yield from _json_array(text, name)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json_row(number, line.rstrip("\r"))


def _json_array(text: str, name: str) -> Iterator[Row]:
    try:
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{name} begins like a JSON list and is not one") from error
    for number, value in enumerate(values, start=1):
        yield _row_of(number, value, json.dumps(value, ensure_ascii=False))


def _json_row(number: int, line: str) -> Row:
    try:
        value = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Row(number=number, values={}, raw=line, problem="this is not JSON")
    return _row_of(number, value, line)


def _row_of(number: int, value: Any, raw: str) -> Row:
    if not isinstance(value, dict):
        return Row(number=number, values={}, raw=raw, problem="a row must be a JSON object, in braces")
    return Row(number=number, values=value, raw=raw)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _csv_rows(text: str, name: str) -> Iterator[Row]:
    head = text[:20_000].split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [column.strip() for column in next(reader)]
        if len(set(header)) < len(header) or not all(header):
            raise FileError(f"{name}: the first line must name every column, each differently")
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield _csv_row(line, header, cells, delimiter)
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileError(f"{name}, line {reader.line_num}: not CSV: {error}") from error


def _csv_row(line: int, header: list[str], cells: list[str], delimiter: str) -> Row:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="").writerow(cells)
    if len(cells) != len(header):
        problem = f"it has {len(cells)} values and the header {len(header)} columns"
        return Row(number=line, values={}, raw=written.getvalue(), problem=problem)
    return Row(number=line, values=dict(zip(header, cells, strict=True)), raw=written.getvalue())
