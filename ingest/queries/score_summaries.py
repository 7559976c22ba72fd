"""How good traffic was: scores by name over time, weighted by the chance that sampling gave each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clickhouse_connect.driver.client import Client

SUMMARIES = """
SELECT
    name,
    countIf(state = 'scored') AS scored,
    countIf(state = 'unscored') AS unscored,
    countIf(state = 'not_applicable') AS not_applicable,
    if(scored = 0, NULL, sumIf(value / probability, state = 'scored') / sumIf(1 / probability, state = 'scored')) AS mean,
    if(scored < 2, NULL, stddevSampIf(value, state = 'scored') / sqrt(scored)) AS standard_error,
    max(scored_at) AS last_scored_at
FROM
(
    SELECT name, state, value, probability, scored_at
    FROM scores
    WHERE project_id = {project_id:UUID}
      AND trace_start >= {since:DateTime64(6, 'UTC')}
      AND trace_start < {until:DateTime64(6, 'UTC')}
    ORDER BY name, trace_start, id, scored_at DESC
    LIMIT 1 BY name, trace_start, id
)
GROUP BY name
ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """The scores of one name in a stretch of time. What could not be judged is counted, never averaged."""

    name: str
    scored: int
    unscored: int
    not_applicable: int
    mean: float | None
    standard_error: float | None
    last_scored_at: datetime


def score_summaries(
    client: Client, *, project_id: UUID, since: datetime, until: datetime
) -> list[ScoreSummary]:
    """Summarise scores by name, of traces that began from `since` up to, not including, `until`.

    The mean weighs each score by the inverse of its sampling probability (Hájek's estimator).
    """
    parameters = {"project_id": project_id, "since": since, "until": until}
    return [ScoreSummary(*row) for row in client.query(SUMMARIES, parameters).result_rows]


SERIES = """
SELECT
    toStartOfInterval(trace_start, toIntervalSecond({step_s:UInt32})) AS at,
    countIf(state = 'scored') AS scored,
    countIf(state = 'unscored') AS unscored,
    if(scored = 0, NULL, avgIf(value, state = 'scored')) AS mean,
    if(scored < 2, NULL, stddevSampIf(value, state = 'scored') / sqrt(scored)) AS standard_error
FROM
(
    SELECT trace_start, state, value
    FROM scores
    WHERE project_id = {project_id:UUID}
      AND name = {name:String}
      AND trace_start >= {since:DateTime64(6, 'UTC')}
      AND trace_start < {until:DateTime64(6, 'UTC')}
    ORDER BY trace_start, id, scored_at DESC
    LIMIT 1 BY trace_start, id
)
GROUP BY at
ORDER BY at
"""


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """The scores of one name in one step of time."""

    at: datetime
    scored: int
    unscored: int
    mean: float | None
    standard_error: float | None


def score_series(
    client: Client, *, project_id: UUID, name: str, since: datetime, until: datetime, step_s: int
) -> list[ScorePoint]:
    """Return the scores of one name by steps of `step_s` seconds; steps without any are left out."""
    parameters = {"project_id": project_id, "name": name, "since": since, "until": until, "step_s": step_s}
    return [ScorePoint(*row) for row in client.query(SERIES, parameters).result_rows]


NEWEST = """
SELECT trace_id, span_id, trace_start, state, value, label, reason, source, model, prompt_name, prompt_version, scored_at
FROM scores
WHERE project_id = {project_id:UUID}
  AND name = {name:String}
  AND trace_start >= {since:DateTime64(6, 'UTC')}
  AND trace_start < {until:DateTime64(6, 'UTC')}
  AND ({state:String} = '' OR state = {state:String})
  AND (isNull({at_most:Nullable(Float64)}) OR value <= {at_most:Nullable(Float64)})
ORDER BY trace_start DESC, id, scored_at DESC
LIMIT 1 BY trace_start, id
LIMIT {limit:UInt32}
OFFSET {offset:UInt32}
"""


@dataclass(frozen=True, slots=True)
class GivenScore:
    """One judgement, and where to find what was judged."""

    trace_id: str
    span_id: str
    trace_start: datetime
    state: str
    value: float | None
    label: str
    reason: str
    source: str
    model: str
    prompt_name: str
    prompt_version: str
    scored_at: datetime


def newest_scores(
    client: Client,
    *,
    project_id: UUID,
    name: str,
    since: datetime,
    until: datetime,
    state: str = "",
    at_most: float | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[GivenScore]:
    """Return the newest judgements of one name, those of the newest traces first."""
    parameters = {
        "project_id": project_id,
        "name": name,
        "since": since,
        "until": until,
        "state": state,
        "at_most": at_most,
        "limit": limit,
        "offset": offset,
    }
    return [GivenScore(*row) for row in client.query(NEWEST, parameters).result_rows]
