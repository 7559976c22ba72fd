"""Where in a newest-first list of traces each trace stands: at the first of its spans that is wanted.

A list of roots would miss the traces whose root is kept elsewhere, and an agent's root says nothing of the
models its calls used. So any span may match, and each trace stands once, where its earliest match began.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ingest.clickhouse.client import Client

POSITIONS = """
SELECT trace_id, min((start_time, span_id)) AS first
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= {floor:DateTime64(6, 'UTC')}
  AND start_time < {end:DateTime64(6, 'UTC')}
  AND start_time <= {before:DateTime64(6, 'UTC')}
  AND $conditions
GROUP BY trace_id
HAVING first < ({before:DateTime64(6, 'UTC')}, {before_span:String})
ORDER BY first DESC
LIMIT {limit:UInt32}
"""

EARLIER_MATCHES = """
SELECT DISTINCT trace_id
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= greatest({start:DateTime64(6, 'UTC')}, {floor:DateTime64(6, 'UTC')} - INTERVAL 1 DAY)
  AND start_time < {floor:DateTime64(6, 'UTC')}
  AND trace_id IN {trace_ids:Array(String)}
  AND $conditions
"""

_FIRST_LOOK = timedelta(hours=1)
_GROWTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A trace, and the beginning and id of its earliest wanted span."""

    trace_id: str
    at: datetime
    span_id: str


def trace_positions(
    client: Client,
    *,
    project_id: UUID,
    start: datetime,
    end: datetime,
    conditions: str,
    parameters: Mapping[str, Any],
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Position]:
    """Return the next traces of a list, newest first. `conditions` is SQL of our own; values come as parameters.

    It looks at the last hour first and then ever farther back, until there are enough.
    """
    # Span ids are hex, so every one of them sorts before "g".
    at, span_id = before or (end, "g")
    bound = dict(parameters) | {
        "project_id": project_id,
        "start": start,
        "end": end,
        "before": at,
        "before_span": span_id,
        "limit": limit,
    }
    reach = _FIRST_LOOK
    while True:
        floor = max(start, at - reach)
        rows = client.query(
            POSITIONS.replace("$conditions", conditions), bound | {"floor": floor}
        ).result_rows
        found = [Position(trace_id=trace, at=first[0], span_id=first[1]) for trace, first in rows]
        if floor == start:
            return found
        if len(found) == limit:
            standing = _without_earlier_matches(client, found, conditions, bound | {"floor": floor})
            if len(standing) == limit:
                return standing
        reach *= _GROWTH


def _without_earlier_matches(
    client: Client, found: list[Position], conditions: str, bound: Mapping[str, Any]
) -> list[Position]:
    """Leave out the traces that were already under way before the stretch that was looked at."""
    parameters = dict(bound) | {"trace_ids": [position.trace_id for position in found]}
    rows = client.query(EARLIER_MATCHES.replace("$conditions", conditions), parameters).result_rows
    earlier = {row[0] for row in rows}
    return [position for position in found if position.trace_id not in earlier]
