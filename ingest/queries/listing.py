"""A page of traces, or of single model calls: newest first, filtered, with what each trace adds up to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from ingest.queries.trace_positions import Position, trace_positions

_COLUMNS = (
    "trace_id", "span_id", "parent_span_id", "name", "kind", "source", "start_time", "duration_us", "ttft_us", "status",
    "environment", "session_id", "user_id", "feature", "prompt_name", "prompt_version", "provider", "model", "guard_action",
    "is_streamed", "input_tokens", "output_tokens", "cost_usd", "input_preview", "output_preview",
)  # fmt: skip

PAGE = f"""
SELECT {", ".join(_COLUMNS)}
FROM spans
WHERE project_id = {{project_id:UUID}}
  AND start_time >= {{start:DateTime64(6, 'UTC')}}
  AND start_time < {{end:DateTime64(6, 'UTC')}}
  AND $conditions
ORDER BY start_time DESC, span_id DESC
LIMIT 1 BY start_time, span_id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - constants

ENTRIES = f"""
SELECT {", ".join(_COLUMNS)}
FROM spans
WHERE project_id = {{project_id:UUID}}
  AND start_time >= {{start:DateTime64(6, 'UTC')}}
  AND start_time < {{end:DateTime64(6, 'UTC')}}
  AND trace_id IN {{trace_ids:Array(String)}}
ORDER BY trace_id, parent_span_id != '', start_time, span_id
LIMIT 1 BY trace_id
"""  # noqa: S608 - constants

SUMS = """
SELECT
    trace_id,
    countIf(parent_span_id = '') > 0 AS has_root,
    min(start_time) AS first_at,
    max(start_time + toIntervalMicrosecond(duration_us)) AS last_at,
    count() AS spans,
    countIf(kind IN ('llm', 'embedding')) AS calls,
    countIf(status = 'error') AS errors,
    sumOrNullIf(span.input_tokens, is_billed) AS input_tokens,
    sumOrNullIf(span.output_tokens, is_billed) AS output_tokens,
    sumOrNullIf(toDecimal128(span.cost_usd, 9), is_billed) AS cost_usd,
    countIf(kind IN ('llm', 'embedding') AND status IN ('ok', 'aborted') AND isNull(span.cost_usd)) AS unpriced,
    groupUniqArrayIf(4)(toString(model), kind IN ('llm', 'embedding') AND model != '') AS models,
    groupUniqArrayIf(4)(toString(guard_action), guard_action != '') AS guard_actions
FROM
(
    -- An agent's span may repeat what its calls used; only the calls themselves are summed.
    SELECT *, kind IN ('llm', 'embedding', 'reranker') AS is_billed
    FROM spans
    WHERE project_id = {project_id:UUID}
      AND trace_id IN {trace_ids:Array(String)}
      AND start_time >= {start:DateTime64(6, 'UTC')}
      AND start_time < {end:DateTime64(6, 'UTC')}
    LIMIT 1 BY span_id
) AS span
GROUP BY trace_id
"""

SCORES = """
SELECT trace_id, span_id, name, state, value, label
FROM scores
WHERE project_id = {project_id:UUID}
  AND trace_id IN {trace_ids:Array(String)}
  AND trace_start >= {start:DateTime64(6, 'UTC')}
  AND trace_start < {end:DateTime64(6, 'UTC')}
ORDER BY trace_id, name, scored_at DESC
LIMIT 1 BY trace_id, span_id, name
"""

FACETS = """
SELECT
    multiIf(
        grouping(status) = 0, 'status', grouping(model) = 0, 'model', grouping(environment) = 0, 'environment',
        grouping(feature) = 0, 'feature', grouping(guard_action) = 0, 'guard_action', grouping(kind) = 0, 'kind',
        grouping(prompt_name) = 0, 'prompt_name', 'user_id'
    ) AS facet,
    [status, model, environment, feature, guard_action, kind, prompt_name, user_id] AS names,
    count() AS spans
FROM
(
    SELECT
        toString(status) AS status, toString(model) AS model, toString(environment) AS environment,
        toString(feature) AS feature, toString(guard_action) AS guard_action, toString(kind) AS kind,
        toString(prompt_name) AS prompt_name, user_id
    FROM spans
    WHERE project_id = {project_id:UUID}
      AND start_time >= {start:DateTime64(6, 'UTC')}
      AND start_time < {end:DateTime64(6, 'UTC')}
      AND $conditions
    ORDER BY start_time DESC
    LIMIT 100000
)
GROUP BY GROUPING SETS ((status), (model), (environment), (feature), (guard_action), (kind), (prompt_name), (user_id))
ORDER BY facet, spans DESC
LIMIT 9 BY facet
"""

_FACET_ORDER = (
    "status", "model", "environment", "feature", "guard_action", "kind", "prompt_name", "user_id",
)  # fmt: skip

_EQUALS = (
    "environment", "status", "kind", "name", "provider", "model", "user_id", "session_id", "feature", "prompt_name",
    "prompt_version", "guard_action",
)  # fmt: skip

_CURSOR = re.compile(r"(\d{1,16})-([0-9a-f]{1,32})")
_TRACE_LENGTH = timedelta(days=1)
"""How far the spans of one trace may lie apart and still be summed on the list."""


class CursorError(ValueError):
    """A cursor that no page has given out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What must be true of a row; an empty value asks for nothing."""

    start: datetime
    end: datetime
    calls_only: bool = False
    """List model calls wherever they stand in a trace, instead of traces."""
    text: str = ""
    """Words that one message of the trace must contain, all of them."""
    environment: str = ""
    status: str = ""
    kind: str = ""
    name: str = ""
    provider: str = ""
    model: str = ""
    user_id: str = ""
    session_id: str = ""
    feature: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    guard_action: str = ""
    tag: str = ""
    api_key_id: UUID | None = None
    is_unpriced: bool = False
    min_duration_us: int | None = None
    min_cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScore:
    """A score as a list shows it."""

    name: str
    state: str
    value: float | None
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trace, described by its root (or its first span known here), or one call."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    source: str
    start_time: datetime
    duration_us: int
    ttft_us: int | None
    status: str
    environment: str
    session_id: str
    user_id: str
    feature: str
    prompt_name: str
    prompt_version: str
    provider: str
    model: str
    guard_action: str
    is_streamed: bool
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    input_preview: str
    output_preview: str
    spans: int = 1
    calls: int = 0
    errors: int = 0
    unpriced: int = 0
    models: tuple[str, ...] = ()
    scores: tuple[RowScore, ...] = ()

    @property
    def cursor(self) -> str:
        """What asks for the rows after this one."""
        return f"{_microseconds(self.start_time)}-{self.span_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows, and the cursor of the next page if there is one."""

    rows: tuple[Row, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """The most frequent values of one column among the newest 100,000 rows."""

    column: str
    counts: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Where:
    conditions: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **parameters: Any) -> None:
        self.conditions.append(condition)
        self.parameters |= parameters

    def into(self, sql: str) -> str:
        return sql.replace("$conditions", self.sql)

    @property
    def sql(self) -> str:
        """The conditions as one; without any, everything is wanted."""
        return "\n  AND ".join(self.conditions) or "true"


def page(client: Client, *, project_id: UUID, wanted: Wanted, cursor: str = "", limit: int = 50) -> Page:
    """Return a page of rows older than `cursor`. Raises CursorError for a cursor of somebody's own making."""
    if wanted.calls_only:
        rows = _examine(client, project_id=project_id, wanted=wanted, cursor=cursor, limit=limit + 1)
        shown = rows[:limit]
        following = shown[-1].cursor if len(rows) > limit else ""
        return Page(rows=_scored(client, project_id, wanted, shown), next_cursor=following)
    where = _where(wanted)
    positions = trace_positions(
        client,
        project_id=project_id,
        start=wanted.start,
        end=wanted.end,
        conditions=where.sql,
        parameters=where.parameters,
        before=_parsed(cursor) if cursor else None,
        limit=limit + 1,
    )
    here = positions[:limit]
    rows = _entries(client, project_id, here)
    following = f"{_microseconds(here[-1].at)}-{here[-1].span_id}" if len(positions) > limit else ""
    return Page(rows=_scored(client, project_id, wanted, rows), next_cursor=following)


def facets(client: Client, *, project_id: UUID, wanted: Wanted) -> list[Facet]:
    """Count the values of the columns people filter by, among the newest 100,000 rows that are wanted."""
    where = _where(wanted)
    parameters = where.parameters | {"project_id": project_id, "start": wanted.start, "end": wanted.end}
    counts: dict[str, list[tuple[str, int]]] = {column: [] for column in _FACET_ORDER}
    for column, names, spans in client.query(where.into(FACETS), parameters).result_rows:
        name = names[_FACET_ORDER.index(column)]
        if name and len(counts[column]) < 8:
            counts[column].append((name, spans))
    return [Facet(column=column, counts=tuple(found)) for column, found in counts.items() if found]


def _examine(client: Client, *, project_id: UUID, wanted: Wanted, cursor: str, limit: int) -> list[Row]:
    where = _where(wanted)
    parameters = {"project_id": project_id, "start": wanted.start, "end": wanted.end, "limit": limit}
    if cursor:
        at, span_id = _parsed(cursor)
        where.add(
            "(start_time, span_id) < ({before:DateTime64(6, 'UTC')}, {before_span:String})",
            before=at,
            before_span=span_id,
        )
        # The key is a prefix of the order, so this bound is what lets ClickHouse skip.
        where.add("start_time <= {before:DateTime64(6, 'UTC')}")
    rows = client.query(where.into(PAGE), parameters | where.parameters).result_rows
    return [_row(row) for row in rows]


def _where(wanted: Wanted) -> _Where:
    where = _Where()
    if wanted.calls_only:
        where.add("kind IN ('llm', 'embedding')")
    for column in _EQUALS:
        value = getattr(wanted, column)
        if value:
            where.add(f"{column} = {{{column}:String}}", **{column: value})
    if wanted.tag:
        where.add("has(tags, {tag:String})", tag=wanted.tag)
    if wanted.api_key_id:
        where.add("api_key_id = {api_key_id:UUID}", api_key_id=wanted.api_key_id)
    if wanted.is_unpriced:
        where.add("kind IN ('llm', 'embedding') AND status IN ('ok', 'aborted') AND isNull(cost_usd)")
    if wanted.min_duration_us is not None:
        where.add("duration_us >= {min_duration_us:UInt64}", min_duration_us=wanted.min_duration_us)
    if wanted.min_cost_usd is not None:
        where.add(
            "cost_usd >= toDecimal64({min_cost_usd:String}, 9)", min_cost_usd=f"{wanted.min_cost_usd:.9f}"
        )
    words = re.findall(r"[0-9a-z]+", wanted.text.lower(), re.ASCII)
    if wanted.text:
        where.add(_containing(wanted, words), text=wanted.text.lower(), words=words)
    return where


def _containing(wanted: Wanted, words: Sequence[str]) -> str:
    """Words of letters and digits are looked up in the text index; other writing is searched as it stands."""
    is_plain = bool(words) and wanted.text.isascii()
    matches = (
        "hasAllTokens(text, {words:Array(String)})"
        if is_plain
        else "position(lowerUTF8(text), {text:String}) > 0"
    )
    return f"""trace_id IN (
        SELECT trace_id
        FROM messages
        WHERE project_id = {{project_id:UUID}}
          AND start_time >= {{start:DateTime64(6, 'UTC')}} - INTERVAL 1 DAY
          AND start_time < {{end:DateTime64(6, 'UTC')}} + INTERVAL 1 DAY
          AND {matches}
    )"""  # noqa: S608 - constants


def _entries(client: Client, project_id: UUID, positions: Sequence[Position]) -> list[Row]:
    """Return the row of each trace: its root, or its first span here, with what all of its spans add up to."""
    if not positions:
        return []
    times = [position.at for position in positions]
    parameters = {
        "project_id": project_id,
        "trace_ids": [position.trace_id for position in positions],
        "start": min(times) - _TRACE_LENGTH,
        "end": max(times) + _TRACE_LENGTH,
    }
    entries = {row.trace_id: row for row in map(_row, client.query(ENTRIES, parameters).result_rows)}
    sums = {row[0]: row[1:] for row in client.query(SUMS, parameters).result_rows}
    return [_with_sums(entries[one.trace_id], sums[one.trace_id]) for one in positions]


def _with_sums(row: Row, sums: Sequence[Any]) -> Row:
    (
        _,
        first_at,
        last_at,
        spans,
        calls,
        errors,
        input_tokens,
        output_tokens,
        cost_usd,
        unpriced,
        models,
        actions,
    ) = sums
    is_orphan = bool(row.parent_span_id)
    return replace(
        row,
        duration_us=int((last_at - first_at) / timedelta(microseconds=1)) if is_orphan else row.duration_us,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_usd=cost_usd,
        spans=spans,
        calls=calls,
        errors=errors,
        unpriced=unpriced,
        models=tuple(sorted(models)),
        guard_action=_strongest([row.guard_action, *actions]),
    )


def _scored(client: Client, project_id: UUID, wanted: Wanted, rows: Sequence[Row]) -> tuple[Row, ...]:
    if not rows:
        return ()
    parameters = {"project_id": project_id, "trace_ids": [row.trace_id for row in rows], **_around(rows)}
    given: dict[str, list[tuple[str, RowScore]]] = {}
    for trace_id, span_id, *score in client.query(SCORES, parameters).result_rows:
        name, state, value, label = score
        given.setdefault(trace_id, []).append(
            (span_id, RowScore(name=name, state=state, value=value, label=label))
        )
    return tuple(
        replace(
            row,
            scores=tuple(
                score
                for span_id, score in given.get(row.trace_id, ())
                if not wanted.calls_only or span_id == row.span_id
            ),
        )
        for row in rows
    )


def _around(rows: Iterable[Row]) -> dict[str, datetime]:
    times = [row.start_time for row in rows]
    return {"start": min(times) - _TRACE_LENGTH, "end": max(times) + _TRACE_LENGTH}


def _strongest(actions: Iterable[str]) -> str:
    order = ("", "allow", "flag", "mask", "escalate", "block")
    return max(actions, key=lambda action: order.index(action) if action in order else 0)


def _row(values: Sequence[Any]) -> Row:
    row = Row(**dict(zip((one.name for one in fields(Row)), values, strict=False)))
    return replace(
        row,
        start_time=_aware(row.start_time),
        models=(row.model,) if row.model else (),
        calls=1,
        errors=int(row.status == "error"),
        unpriced=int(
            row.kind in ("llm", "embedding") and row.cost_usd is None and row.status in ("ok", "aborted")
        ),
    )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _parsed(cursor: str) -> tuple[datetime, str]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise CursorError(f"{cursor[:60]!r} is not a cursor that a page has given out")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(match[1])), match[2]
