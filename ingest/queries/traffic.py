"""How a project's model calls went: totals and courses over time, read from rollups, never from spans."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from clickhouse_connect.driver.client import Client

Grain = Literal["minute", "hour"]
DAY_S = 86_400

_CALLS = """
FROM usage_by_$grain
WHERE project_id = {project_id:UUID}
  AND $grain >= {start:DateTime('UTC')}
  AND $grain < {end:DateTime('UTC')}
  AND kind IN ('llm', 'embedding')
  AND ({environment:String} = '' OR environment = {environment:String})
"""

_MEASURES = """
    sum(spans) AS calls,
    sumIf(spans, status = 'error') AS errors,
    sumIf(spans, status = 'blocked') AS blocked,
    sumIf(spans, status = 'aborted') AS aborted,
    sumIf(spans, guard_action = 'flag') AS flagged,
    sumIf(spans, guard_action = 'mask') AS masked,
    sumIf(spans, guard_action = 'block') AS stopped,
    sum(usage.input_tokens) AS input_tokens,
    sum(usage.output_tokens) AS output_tokens,
    sum(usage.cache_read_tokens) AS cache_read_tokens,
    sum(usage.cost_usd) AS cost_usd,
    sumIf(unpriced, status IN ('ok', 'aborted')) AS unpriced,
    sum(usage.refusals) AS refusals,
    quantilesTDigestMergeIf(0.5, 0.95, 0.99)(duration, status = 'ok') AS duration_us,
    quantilesTDigestMergeIf(0.5, 0.95, 0.99)(ttft, status = 'ok') AS ttft_us
"""

TOTALS = f"SELECT {_MEASURES} {_CALLS}".replace("FROM usage_by_$grain", "FROM usage_by_$grain AS usage")

_BUCKET = """
if({bucket_s:UInt32} = 86400,
   toUnixTimestamp(toStartOfDay($grain, {zone:String})),
   intDiv(toUnixTimestamp($grain), {bucket_s:UInt32}) * {bucket_s:UInt32}) AS at
"""

COURSE = f"SELECT {_BUCKET}, {_MEASURES} {_CALLS} GROUP BY at ORDER BY at".replace(
    "FROM usage_by_$grain", "FROM usage_by_$grain AS usage"
)

ENVIRONMENTS = """
SELECT environment
FROM usage_by_hour
WHERE project_id = {project_id:UUID} AND hour >= {since:DateTime('UTC')} AND environment != ''
GROUP BY environment
ORDER BY sum(spans) DESC
LIMIT 50
"""

HAS_ANY = """
SELECT 1 FROM usage_by_hour WHERE project_id = {project_id:UUID} LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """The median and the tail of a duration in microseconds; `None` when nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Sums over model calls and embeddings. Cost leaves out the `unpriced` ones."""

    calls: int
    errors: int
    blocked: int
    aborted: int
    flagged: int
    masked: int
    stopped: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_usd: Decimal
    unpriced: int
    """Calls that were answered and whose cost is not known."""
    refusals: int
    duration: Quantiles
    ttft: Quantiles

    @property
    def ok(self) -> int:
        """Calls that ended well."""
        return self.calls - self.errors - self.blocked - self.aborted


def traffic(
    client: Client, *, project_id: UUID, start: datetime, end: datetime, grain: Grain, environment: str = ""
) -> Traffic:
    """Return the sums from `start` up to `end`; both lie where a minute or an hour begins, or a little is included twice."""
    parameters = {"project_id": project_id, "start": start, "end": end, "environment": environment}
    return _traffic(client.query(_at(grain, TOTALS), parameters).result_rows[0])


def traffic_course(
    client: Client,
    *,
    project_id: UUID,
    start: datetime,
    end: datetime,
    grain: Grain,
    bucket_s: int,
    zone: str,
    environment: str = "",
) -> dict[int, Traffic]:
    """Return the sums of every bucket that has any, by the Unix second at which it begins.

    Buckets of a day begin at midnight in `zone`; shorter ones at multiples of their length.
    """
    parameters = {
        "project_id": project_id,
        "start": start,
        "end": end,
        "environment": environment,
        "bucket_s": bucket_s,
        "zone": zone,
    }
    rows = client.query(_at(grain, COURSE), parameters).result_rows
    return {int(row[0]): _traffic(row[1:]) for row in rows}


def environments(client: Client, *, project_id: UUID, since: datetime) -> list[str]:
    """Return the environments that sent anything, the busiest first."""
    rows = client.query(ENVIRONMENTS, {"project_id": project_id, "since": since}).result_rows
    return [row[0] for row in rows]


def has_any_traffic(client: Client, *, project_id: UUID) -> bool:
    """Tell whether the project ever received a span."""
    return bool(client.query(HAS_ANY, {"project_id": project_id}).result_rows)


def _at(grain: Grain, sql: str) -> str:
    return sql.replace("$grain", grain)


def _traffic(row: Sequence[Any]) -> Traffic:
    *sums, duration, ttft = row
    values: Iterator[Any] = iter(sums)
    return Traffic(
        calls=next(values),
        errors=next(values),
        blocked=next(values),
        aborted=next(values),
        flagged=next(values),
        masked=next(values),
        stopped=next(values),
        input_tokens=next(values),
        output_tokens=next(values),
        cache_read_tokens=next(values),
        cost_usd=next(values),
        unpriced=next(values),
        refusals=next(values),
        duration=_quantiles(duration),
        ttft=_quantiles(ttft),
    )


def _quantiles(values: Sequence[float | None]) -> Quantiles:
    known = [None if value is None or math.isnan(value) else value for value in values]
    p50, p95, p99 = known if len(known) == 3 else (None, None, None)
    return Quantiles(p50=p50, p95=p95, p99=p99)
