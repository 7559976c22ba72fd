"""Judgements as they are stored."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ingest.clickhouse.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """Every column of a score but its project."""

    id: UUID
    name: str
    evaluator: str
    version: str
    target_kind: str
    trace_id: str
    span_id: str
    session_id: str
    state: str
    value: float | None
    label: str
    reason: str
    source: str
    author: str
    rule_id: UUID | None
    run_id: UUID | None
    probability: float
    cost_usd: Decimal | None
    duration_us: int
    trace_start: datetime
    kind: str
    model: str
    prompt_name: str
    prompt_version: str
    environment: str
    scored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFilters:
    """What must be true of a score; an empty value asks for nothing. Times are of the trace that was judged."""

    since: datetime
    until: datetime
    name: str = ""
    state: str = ""
    source: str = ""
    trace_id: str = ""
    session_id: str = ""
    model: str = ""
    prompt_name: str = ""
    environment: str = ""
    at_most: float | None = None
    at_least: float | None = None


_COLUMNS = ", ".join(field.name for field in fields(ScoreRow))

SCORES_OF_TRACE = f"""
SELECT {_COLUMNS}
FROM scores
WHERE project_id = {{project_id:UUID}}
  AND trace_id = {{trace_id:String}}
ORDER BY name, id, scored_at DESC
LIMIT 1 BY id
LIMIT 1000
"""  # noqa: S608 - the columns are constants

NEWEST_SCORES = f"""
SELECT {_COLUMNS}
FROM scores
WHERE project_id = {{project_id:UUID}}
  AND trace_start >= {{since:DateTime64(6, 'UTC')}}
  AND trace_start < {{until:DateTime64(6, 'UTC')}}
  AND trace_start <= {{before:DateTime64(6, 'UTC')}}
  AND (trace_start < {{before:DateTime64(6, 'UTC')}} OR toString(id) < {{before_id:String}})
  AND ({{name:String}} = '' OR name = {{name:String}})
  AND ({{state:String}} = '' OR state = {{state:String}})
  AND ({{source:String}} = '' OR source = {{source:String}})
  AND ({{trace_id:String}} = '' OR trace_id = {{trace_id:String}})
  AND ({{session_id:String}} = '' OR session_id = {{session_id:String}})
  AND ({{model:String}} = '' OR model = {{model:String}})
  AND ({{prompt_name:String}} = '' OR prompt_name = {{prompt_name:String}})
  AND ({{environment:String}} = '' OR environment = {{environment:String}})
  AND (isNull({{at_most:Nullable(Float64)}}) OR value <= {{at_most:Nullable(Float64)}})
  AND (isNull({{at_least:Nullable(Float64)}}) OR value >= {{at_least:Nullable(Float64)}})
ORDER BY trace_start DESC, toString(id) DESC, scored_at DESC
LIMIT 1 BY id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - the columns are constants


def scores_of_trace(client: Client, *, project_id: UUID, trace_id: str) -> list[ScoreRow]:
    """Return the judgements of a trace and its spans, by name; of a judgement given twice, the newer one."""
    parameters = {"project_id": project_id, "trace_id": trace_id}
    return [ScoreRow(**row) for row in client.query(SCORES_OF_TRACE, parameters).named_results()]


def newest_scores(
    client: Client,
    *,
    project_id: UUID,
    filters: ScoreFilters,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[ScoreRow]:
    """Return a page of scores, newest trace first; `before` is the trace's start and the id of the last one seen."""
    # Ids are hex and dashes, so every one of them sorts before "g".
    at, score_id = before or (filters.until, "g")
    parameters = {field.name: getattr(filters, field.name) for field in fields(ScoreFilters)}
    parameters |= {"project_id": project_id, "before": at, "before_id": score_id, "limit": limit}
    return [ScoreRow(**row) for row in client.query(NEWEST_SCORES, parameters).named_results()]
