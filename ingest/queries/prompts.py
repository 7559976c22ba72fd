"""Prompts by name and version: how much each was used, how well and at what cost, from the hourly rollup."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ingest.clickhouse.client import Client

PROMPTS = """
SELECT
    prompt_name AS name,
    prompt_version AS version,
    sum(usage.spans) AS calls,
    sumIf(usage.spans, status = 'error') AS errors,
    sum(usage.refusals) AS refusals,
    sum(usage.input_tokens) AS input_tokens,
    sum(usage.output_tokens) AS output_tokens,
    sum(usage.cost_usd) AS cost_usd,
    sum(usage.unpriced) AS unpriced,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(usage.duration) AS duration_us,
    min(hour) AS first_hour,
    max(hour) AS last_hour
FROM usage_by_hour AS usage
WHERE project_id = {project_id:UUID}
  AND hour >= toStartOfHour({since:DateTime('UTC')})
  AND hour < {until:DateTime('UTC')}
  AND prompt_name != ''
  AND kind IN ('llm', 'embedding')
  AND ({name:String} = '' OR prompt_name = {name:String})
  AND ({environment:String} = '' OR environment = {environment:String})
GROUP BY name, version
ORDER BY name, last_hour DESC, version DESC
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptUsage:
    """How one version of a prompt was used."""

    name: str
    version: str
    calls: int
    errors: int
    refusals: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    unpriced: int
    """Calls that the cost leaves out, because it is not known."""
    p50_us: float
    p95_us: float
    p99_us: float
    first_hour: datetime
    last_hour: datetime


def prompt_usage(
    client: Client,
    *,
    project_id: UUID,
    since: datetime,
    until: datetime,
    name: str = "",
    environment: str = "",
    limit: int = 200,
    offset: int = 0,
) -> list[PromptUsage]:
    """Return the versions of prompts that were used, by name, the last used first."""
    parameters = {
        "project_id": project_id,
        "since": since,
        "until": until,
        "name": name,
        "environment": environment,
        "limit": limit,
        "offset": offset,
    }
    rows = []
    for row in client.query(PROMPTS, parameters).named_results():
        values = dict(row)
        p50, p95, p99 = values.pop("duration_us")
        rows.append(PromptUsage(**values, p50_us=p50, p95_us=p95, p99_us=p99))
    return rows
