"""Sessions: the traces of one conversation, or of whatever the app calls a session."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ingest.clickhouse.client import Client

SESSIONS = """
SELECT
    session_id,
    min(start_time) AS first_at,
    max(start_time) AS last_at,
    uniqExact(trace_id) AS traces,
    uniqExactIf(span_id, kind IN ('llm', 'embedding')) AS calls,
    uniqExactIf(span_id, status = 'error') AS errors,
    sum(span.input_tokens) AS input_tokens,
    sum(span.output_tokens) AS output_tokens,
    sum(toDecimal128(span.cost_usd, 9)) AS cost_usd,
    anyIf(user_id, user_id != '') AS user_id,
    argMin(input_preview, (input_preview = '', start_time)) AS first_input
FROM
(
    SELECT session_id, trace_id, span_id, start_time, kind, status, input_tokens, output_tokens, cost_usd, user_id, input_preview
    FROM spans
    WHERE project_id = {project_id:UUID}
      AND start_time >= {since:DateTime64(6, 'UTC')}
      AND start_time < {until:DateTime64(6, 'UTC')}
      AND session_id != ''
      AND ({user_id:String} = '' OR user_id = {user_id:String})
      AND ({environment:String} = '' OR environment = {environment:String})
      AND ({session_id:String} = '' OR session_id = {session_id:String})
    LIMIT 1 BY start_time, span_id
) AS span
GROUP BY session_id
ORDER BY last_at DESC, session_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a session adds up to within a stretch of time. Sums are None when nothing of them is known."""

    session_id: str
    first_at: datetime
    last_at: datetime
    traces: int
    calls: int
    errors: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    user_id: str
    first_input: str


def newest_sessions(
    client: Client,
    *,
    project_id: UUID,
    since: datetime,
    until: datetime,
    user_id: str = "",
    environment: str = "",
    session_id: str = "",
    limit: int = 50,
    offset: int = 0,
) -> list[Session]:
    """Return sessions, the last active first."""
    parameters = {
        "project_id": project_id,
        "since": since,
        "until": until,
        "user_id": user_id,
        "environment": environment,
        "session_id": session_id,
        "limit": limit,
        "offset": offset,
    }
    return [Session(**row) for row in client.query(SESSIONS, parameters).named_results()]
