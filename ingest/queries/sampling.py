"""Finished model calls that reached the store in a stretch of time, for whoever scores live traffic."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from clickhouse_connect.driver.client import Client

CALLS_BETWEEN = """
SELECT trace_id, span_id, start_time
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
  AND ingested_at >= {since:DateTime64(3, 'UTC')}
  AND ingested_at < {until:DateTime64(3, 'UTC')}
  AND kind = 'llm'
  AND status = 'ok'
  AND environment != {excluded_environment:String}
  AND ({environment:String} = '' OR environment = {environment:String})
  AND ({model:String} = '' OR model = {model:String})
  AND ({feature:String} = '' OR feature = {feature:String})
  AND ({prompt_name:String} = '' OR prompt_name = {prompt_name:String})
  AND (start_time, span_id) > ({after_start:DateTime64(6, 'UTC')}, {after_span:String})
ORDER BY start_time, span_id
LIMIT 1 BY span_id
LIMIT {limit:UInt32}
"""


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """Where to find a call."""

    trace_id: str
    span_id: str
    start_time: datetime


def calls_between(
    client: Client,
    *,
    project_id: UUID,
    since: datetime,
    until: datetime,
    excluded_environment: str,
    environment: str = "",
    model: str = "",
    feature: str = "",
    prompt_name: str = "",
    after: Call | None = None,
    limit: int = 10_000,
) -> list[Call]:
    """Return the calls ingested from `since` up to, not including, `until`, oldest first.

    When there are as many as `limit` there may be more: ask again for those `after` the last one.
    A call that began more than a day before `since` is left out: it is history, not live traffic.
    """
    parameters = {
        "project_id": project_id,
        "since": since,
        "until": until,
        "excluded_environment": excluded_environment,
        "environment": environment,
        "model": model,
        "feature": feature,
        "prompt_name": prompt_name,
        "after_start": after.start_time if after else _EARLIEST,
        "after_span": after.span_id if after else "",
        "limit": limit,
    }
    return [Call(*row) for row in client.query(CALLS_BETWEEN, parameters).result_rows]
