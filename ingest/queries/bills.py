"""Who is charged for what: calls, tokens and cost by model, feature, user and the like."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from clickhouse_connect.driver.client import Client

from ingest.queries.traffic import Grain

Dimension = Literal["model", "provider", "feature", "prompt_name", "environment", "user_id", "api_key_id"]
_IN_ROLLUP: tuple[Dimension, ...] = ("model", "provider", "feature", "prompt_name", "environment")
"""The others are read from spans for short stretches, and from the rollup by user and day for long ones."""

_ROLLUP = """
SELECT
    $dimension AS name,
    sum(spans) AS calls,
    sumIf(spans, status IN ('ok', 'aborted')) AS answered,
    sum(usage.input_tokens) AS input_tokens,
    sum(usage.output_tokens) AS output_tokens,
    sum(usage.cache_read_tokens) AS cache_read_tokens,
    sum(usage.cost_usd) AS cost_usd,
    sumIf(usage.unpriced, status IN ('ok', 'aborted')) AS unpriced
FROM usage_by_$grain AS usage
WHERE project_id = {project_id:UUID}
  AND $grain >= {start:DateTime('UTC')}
  AND $grain < {end:DateTime('UTC')}
  AND kind IN ('llm', 'embedding')
  AND ({environment:String} = '' OR environment = {environment:String})
"""

_SPANS = """
SELECT
    ifNull(toString($dimension), '') AS name,
    count() AS calls,
    countIf(status IN ('ok', 'aborted')) AS answered,
    sum(ifNull(span.input_tokens, 0)) AS input_tokens,
    sum(ifNull(span.output_tokens, 0)) AS output_tokens,
    sum(ifNull(span.cache_read_tokens, 0)) AS cache_read_tokens,
    sum(toDecimal128(ifNull(span.cost_usd, 0), 9)) AS cost_usd,
    countIf(isNull(span.cost_usd) AND status IN ('ok', 'aborted')) AS unpriced
FROM spans AS span
WHERE project_id = {project_id:UUID}
  AND start_time >= {start:DateTime('UTC')}
  AND start_time < {end:DateTime('UTC')}
  AND kind IN ('llm', 'embedding')
  AND ({environment:String} = '' OR environment = {environment:String})
"""

_DAYS = """
SELECT
    ifNull(toString($dimension), '') AS name,
    sum(usage.calls) AS calls,
    calls AS answered,
    sum(usage.input_tokens) AS input_tokens,
    sum(usage.output_tokens) AS output_tokens,
    NULL AS cache_read_tokens,
    sum(usage.cost_usd) AS cost_usd,
    sum(usage.unpriced) AS unpriced
FROM usage_by_user AS usage
WHERE project_id = {project_id:UUID}
  AND day >= toDate({start:DateTime('UTC')})
  AND day <= toDate({end:DateTime('UTC')})
"""

_RANKED = """
GROUP BY name
ORDER BY cost_usd DESC, calls DESC, name
LIMIT {limit:UInt32}
"""

COURSE = """
SELECT
    if({bucket_s:UInt32} = 86400,
       toUnixTimestamp(toStartOfDay($grain, {zone:String})),
       intDiv(toUnixTimestamp($grain), {bucket_s:UInt32}) * {bucket_s:UInt32}) AS at,
    if($dimension IN {names:Array(String)}, toString($dimension), {others:String}) AS name,
    sum(usage.cost_usd) AS cost_usd
FROM usage_by_$grain AS usage
WHERE project_id = {project_id:UUID}
  AND $grain >= {start:DateTime('UTC')}
  AND $grain < {end:DateTime('UTC')}
  AND kind IN ('llm', 'embedding')
  AND ({environment:String} = '' OR environment = {environment:String})
GROUP BY at, name
"""

UNPRICED = """
SELECT
    provider,
    model,
    count() AS calls,
    countIf(isNull(span.input_tokens) AND isNull(span.output_tokens)) AS without_usage,
    max(start_time) AS last_at
FROM spans AS span
WHERE project_id = {project_id:UUID}
  AND start_time >= {start:DateTime('UTC')}
  AND start_time < {end:DateTime('UTC')}
  AND kind IN ('llm', 'embedding')
  AND status IN ('ok', 'aborted')
  AND isNull(cost_usd)
  AND ({environment:String} = '' OR environment = {environment:String})
GROUP BY provider, model
ORDER BY calls DESC, provider, model
LIMIT 20
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one name is charged for. `cost_usd` is None when no answered call of it has a known cost."""

    name: str
    calls: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int | None
    cost_usd: Decimal | None
    unpriced: int
    """Answered calls that the cost leaves out, because no price or no usage is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpricedModel:
    """A model whose calls could not be priced, and why: no usage was reported, or no price is known."""

    provider: str
    model: str
    calls: int
    without_usage: int
    last_at: datetime


def charges(
    client: Client,
    *,
    project_id: UUID,
    start: datetime,
    end: datetime,
    grain: Grain,
    by: Dimension,
    is_long: bool = False,
    environment: str = "",
    limit: int = 200,
) -> list[Charge]:
    """Return the charges by one dimension, the dearest first.

    `is_long` reads users and keys from whole UTC days, which know no environment and no cached tokens.
    """
    source = _ROLLUP if by in _IN_ROLLUP else (_DAYS if is_long else _SPANS)
    parameters = {
        "project_id": project_id,
        "start": start,
        "end": end,
        "environment": environment,
        "limit": limit,
    }
    rows = client.query(_sql(source + _RANKED, grain, by), parameters).result_rows
    return [
        Charge(
            name=name,
            calls=calls,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=cache_read_tokens,
            cost_usd=None if unpriced and unpriced == answered else cost_usd,
            unpriced=unpriced,
        )
        for name, calls, answered, input_tokens, output_tokens, cache_read_tokens, cost_usd, unpriced in rows
    ]


def cost_course(
    client: Client,
    *,
    project_id: UUID,
    start: datetime,
    end: datetime,
    grain: Grain,
    bucket_s: int,
    zone: str,
    by: Dimension,
    names: list[str],
    others: str,
    environment: str = "",
) -> dict[str, dict[int, Decimal]]:
    """Return known cost over time by name, then by the Unix second at which a bucket begins.

    Names outside `names` are summed as `others`. Only for dimensions that the rollups by time hold.
    """
    if by not in _IN_ROLLUP:
        raise ValueError(f"cost over time is kept by {', '.join(_IN_ROLLUP)}, not by {by}")
    parameters = {
        "project_id": project_id,
        "start": start,
        "end": end,
        "environment": environment,
        "bucket_s": bucket_s,
        "zone": zone,
        "names": names,
        "others": others,
    }
    course: dict[str, dict[int, Decimal]] = {}
    for at, name, cost_usd in client.query(_sql(COURSE, grain, by), parameters).result_rows:
        course.setdefault(name, {})[int(at)] = cost_usd
    return course


def unpriced_models(
    client: Client, *, project_id: UUID, start: datetime, end: datetime, environment: str = ""
) -> list[UnpricedModel]:
    """Return the models with answered calls of unknown cost, those with the most such calls first."""
    parameters = {"project_id": project_id, "start": start, "end": end, "environment": environment}
    return [
        UnpricedModel(
            provider=provider, model=model, calls=calls, without_usage=without_usage, last_at=last_at
        )
        for provider, model, calls, without_usage, last_at in client.query(UNPRICED, parameters).result_rows
    ]


def _sql(source: str, grain: Grain, by: Dimension) -> str:
    return source.replace("$grain", grain).replace("$dimension", by)
