"""Calls whose value lies in a given range: the traces behind a shift of a distribution."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from clickhouse_connect.driver.client import Client

Series = Literal["latency_ms", "cost_usd", "output_tokens", "refusal_rate"]

EXEMPLARS = """
SELECT trace_id, span_id, start_time, model, prompt_name, prompt_version, input_preview, output_preview, value
FROM
(
    SELECT
        trace_id, span_id, start_time, model, prompt_name, prompt_version, input_preview, output_preview,
        multiIf(
            {series:String} = 'latency_ms', toNullable(duration_us / 1000),
            {series:String} = 'cost_usd', toFloat64(cost_usd),
            {series:String} = 'output_tokens', toFloat64(output_tokens),
            toNullable(toFloat64(is_refusal))
        ) AS value
    FROM spans
    WHERE project_id = {project_id:UUID}
      AND start_time >= {since:DateTime64(6, 'UTC')}
      AND start_time < {until:DateTime64(6, 'UTC')}
      AND kind = 'llm'
      AND status = 'ok'
      AND ({model:String} = '' OR model = {model:String})
)
WHERE value > {above:Float64} AND value <= {at_most:Float64}
ORDER BY start_time DESC, span_id
LIMIT 1 BY span_id
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A call that shows what a finding is about."""

    trace_id: str
    span_id: str
    start_time: datetime
    model: str
    prompt_name: str
    prompt_version: str
    input_preview: str
    output_preview: str
    value: float


def exemplars(
    client: Client,
    *,
    project_id: UUID,
    series: Series,
    since: datetime,
    until: datetime,
    model: str = "",
    above: float,
    at_most: float,
    limit: int = 10,
) -> list[Exemplar]:
    """Return the newest calls with `above` < value <= `at_most`, in the series' own unit."""
    parameters = {
        "project_id": project_id,
        "series": series,
        "since": since,
        "until": until,
        "model": model,
        "above": above,
        "at_most": at_most,
        "limit": limit,
    }
    return [Exemplar(*row) for row in client.query(EXEMPLARS, parameters).result_rows]
