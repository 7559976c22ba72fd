"""Hourly sketches of what may drift: a histogram per hour, model and block of sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ingest.clickhouse.client import Client

Series = Literal["latency_ms", "cost_usd", "output_tokens", "refusal_rate"]

SKETCHES = """
SELECT
    hour,
    model,
    block,
    sumMap(sketch.bins) AS bins,
    sum(sketch.observations) AS observations,
    sum(sketch.total) AS total,
    sum(sketch.total_of_squares) AS total_of_squares
FROM sketches AS sketch
WHERE project_id = {project_id:UUID}
  AND series = {series:String}
  AND hour >= {since:DateTime('UTC')}
  AND hour < {until:DateTime('UTC')}
  AND ({environment:String} = '' OR environment = {environment:String})
  AND ({model:String} = '' OR model = {model:String})
  AND ({prompt_name:String} = '' OR prompt_name = {prompt_name:String})
GROUP BY hour, model, block
ORDER BY hour, model, block
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One hour of a series, of one model, in one of eight blocks by session."""

    hour: datetime
    model: str
    block: int
    bins: Mapping[int, int]
    """Observations by bin: 0 holds zero; bin 1000 + k holds values in (1.02 ** (k - 1), 1.02 ** k]."""
    observations: int
    total: float
    total_of_squares: float


def sketches(
    client: Client,
    *,
    project_id: UUID,
    series: Series,
    since: datetime,
    until: datetime,
    environment: str = "",
    model: str = "",
    prompt_name: str = "",
) -> list[Sketch]:
    """Return the sketches of a series in order; hours without an observation have none."""
    parameters = {
        "project_id": project_id,
        "series": series,
        "since": since,
        "until": until,
        "environment": environment,
        "model": model,
        "prompt_name": prompt_name,
    }
    return [Sketch(**row) for row in client.query(SKETCHES, parameters).named_results()]
