"""Does the answer's query give the rows it should?

The query runs on an SQLite database in memory that `setup` fills, and its rows are compared with those of the expected
query, or with expected rows. Only reading is allowed: no other file, no PRAGMA, no extension, and a budget of steps,
rows and bytes. The score is 1 or 0.

| answer | expected | score |
|---|---|---|
| the same rows in another order | a query without ORDER BY | 1 |
| the same rows in another order | a query with ORDER BY | 0 |
| a row twice | the row once | 0: rows are counted |
| `1` | `1.0` | 1: numbers by value, to twelve digits |
| other column names | | overlooked; their order is not |
| writes, several statements, no query | | 0 |
| runs past the budget | | 0 |
| any | a query that fails | unscored: the suite is wrong, not the answer |
"""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from evaluators.errors import EvaluatorError, ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import NotApplicable, Outcome, Score
from evaluators.structured.parsing import unfenced

MOST_STEPS = 2_000_000
MOST_ROWS = 10_000
MOST_BYTES = 8_000_000
_STEPS_AT_ONCE = 1_000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 65_536,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_NEVER = {
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DETACH,
    sqlite3.SQLITE_PRAGMA,
    sqlite3.SQLITE_CREATE_VTABLE,
    sqlite3.SQLITE_DROP_VTABLE,
}
_FORBIDDEN_FUNCTIONS = {"load_extension", "zeroblob", "randomblob", "random", "readfile", "writefile", "edit"}
_ORDERED = re.compile(r"\border\s+by\b[^)]*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlResult(Configured):
    """The answer's SQL query gives the same rows as the expected query, on a small database: 1 or 0."""

    kind: ClassVar[str] = "sql_result"

    setup: str = parameter("SQL that creates and fills the tables (SQLite).", default="", long=True)
    expected: str | None = parameter("The right query; the case's own when left empty.", default=None)
    order: Literal["as_expected", "always", "never"] = parameter(
        "Whether the order of rows counts: when the expected query has ORDER BY, always, or never.",
        default="as_expected",
    )

    def check(self) -> None:
        """Run the setup once, so that a mistake in it is found here."""
        try:
            with closing(_database(self.setup)):
                pass
        except sqlite3.Error as error:
            raise ParameterError(f"sql_result: `setup` cannot be run: {error}") from error

    async def score(self, sample: Sample) -> Outcome:
        """Run both queries and compare the rows."""
        expected = sample.expected if self.expected is None else self.expected
        if not expected and expected != []:
            return NotApplicable(reason="the sample has no expected query and no expected rows")
        return await asyncio.to_thread(self._scored, sample.output, expected)

    def _scored(self, output: str, expected: Any) -> Score:
        is_ordered = self.order == "always"
        if isinstance(expected, str):
            is_ordered = is_ordered or (
                self.order == "as_expected" and bool(_ORDERED.search(expected.rstrip("; \n")))
            )
            try:
                wanted = self._rows(expected)
            except (sqlite3.Error, _BeyondBudgetError) as error:
                raise EvaluatorError("sql_result: the expected query cannot be run on the setup") from error
        else:
            wanted = [_row(row) for row in _as_rows(expected)]
        try:
            found = self._rows(unfenced(output).strip())
        except _BeyondBudgetError as error:
            return Score(value=0.0, reason=f"the query was stopped: {error}")
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            code = getattr(error, "sqlite_errorname", type(error).__name__)
            return Score(value=0.0, reason=f"the query cannot be run: {code}")
        is_same = found == wanted if is_ordered else Counter(found) == Counter(wanted)
        return Score(
            value=float(is_same),
            reason=f"{'the expected rows' if is_same else 'other rows than expected'}: {len(found)}, expected {len(wanted)}",
            details={"rows": len(found), "expected_rows": len(wanted)},
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(_database(self.setup)) as database:
            database.set_authorizer(_reading_only)
            rows, size = [], 0
            for row in _Bounded(database).execute(query):
                rows.append(_row(row))
                size += sum(len(value) if isinstance(value, (str, bytes)) else 8 for value in row)
                if len(rows) > MOST_ROWS or size > MOST_BYTES:
                    raise _BeyondBudgetError(f"more than {MOST_ROWS} rows or {MOST_BYTES} bytes")
            return rows


class _BeyondBudgetError(Exception):
    pass


class _Bounded:
    """Runs one statement within a budget of steps."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database, self._ticks = database, 0
        database.set_progress_handler(self._tick, _STEPS_AT_ONCE)

    def _tick(self) -> bool:
        self._ticks += 1
        return self._ticks * _STEPS_AT_ONCE > MOST_STEPS

    def execute(self, query: str) -> Any:
        """Yield the rows, or raise when the budget is used up."""
        try:
            yield from self._database.execute(query)
        except sqlite3.OperationalError as error:
            if self._ticks * _STEPS_AT_ONCE > MOST_STEPS:
                raise _BeyondBudgetError(f"more than {MOST_STEPS} steps") from error
            raise


def _database(setup: str) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for limit, value in _LIMITS.items():
            database.setlimit(limit, value)
        database.set_authorizer(_no_other_file)
        _Bounded(database)
        database.executescript(setup)
    except BaseException:
        database.close()
        raise
    return database


def _reading_only(action: int, first: str | None, second: str | None, *_: Any) -> int:
    is_allowed = action in _READING and not (
        action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS
    )
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _no_other_file(action: int, first: str | None, second: str | None, *_: Any) -> int:
    is_forbidden = action in _NEVER or (
        action == sqlite3.SQLITE_FUNCTION and (second or "").lower() == "load_extension"
    )
    return sqlite3.SQLITE_DENY if is_forbidden else sqlite3.SQLITE_OK


def _as_rows(expected: Any) -> Sequence[Sequence[Any]]:
    if not isinstance(expected, (list, tuple)):
        raise EvaluatorError("sql_result: the expected value must be a query or a list of rows")
    return [
        list(row.values()) if isinstance(row, dict) else row if isinstance(row, (list, tuple)) else [row]
        for row in expected
    ]


def _row(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(float(f"{value:.12g}") if isinstance(value, (int, float)) else value for value in values)
