"""Calls of the past to be looked at again under another policy: which, in what order, and what guards said of them then."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from ingest.clickhouse.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilters:
    """Which calls; an empty value asks for nothing."""

    since: datetime
    until: datetime
    environment: str = ""
    route: str = ""
    model: str = ""
    feature: str = ""
    api_key_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A finished call, as far as a policy asks about it."""

    position: int
    """Where chance put it: the calls with the lowest positions are an even sample of all."""
    trace_id: str
    span_id: str
    start_time: datetime
    kind: str
    source: str
    status: str
    guard_action: str
    environment: str
    route: str
    model: str
    api_key_id: UUID | None
    cost_usd: Decimal | None
    duration_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVerdict:
    """What a guard said of a call when it was made."""

    guard: str
    guard_kind: str
    place: str
    action: str
    is_shadow: bool
    error: str
    entities: Mapping[str, int]
    policy_version: int
    scope: str
    """Whose guard it was: the project's own, or one of the organisation, a route or a key."""


_MATCHING = """
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= {since:DateTime64(6, 'UTC')}
  AND start_time < {until:DateTime64(6, 'UTC')}
  AND (notEmpty(input_hashes) OR notEmpty(output_hashes))
  AND ({environment:String} = '' OR environment = {environment:String})
  AND ({route:String} = '' OR route = {route:String})
  AND ({model:String} = '' OR model = {model:String})
  AND ({feature:String} = '' OR feature = {feature:String})
  AND ({api_key_id:String} = '' OR toString(api_key_id) = {api_key_id:String})
"""

MATCHING_CALLS = f"SELECT uniq(trace_id, span_id) {_MATCHING}"

DRAWN_CALLS = f"""
SELECT
    bitShiftRight(cityHash64(trace_id, span_id, {{seed:String}}), 1) AS position,
    trace_id, span_id, start_time, kind, source, status, guard_action, environment, route, model, api_key_id, cost_usd,
    duration_us
{_MATCHING}
  AND position > {{after:UInt64}}
ORDER BY position, ingested_at DESC
LIMIT 1 BY trace_id, span_id
LIMIT {{limit:UInt32}}
"""

VERDICTS_OF_SPANS = """
SELECT trace_id, span_id, guard, guard_kind, place, action, is_shadow, error, entities, policy_version, scope
FROM guard_events
WHERE project_id = {project_id:UUID}
  AND at >= {since:DateTime64(6, 'UTC')}
  AND at <= {until:DateTime64(6, 'UTC')}
  AND trace_id IN {trace_ids:Array(String)}
  AND span_id IN {span_ids:Array(String)}
ORDER BY at, guard, id
LIMIT 1 BY id
"""

_LONGEST_CALL = timedelta(days=1)


def matching_calls(client: Client, *, project_id: UUID, filters: ReplayFilters) -> int:
    """Return about how many calls with messages there are."""
    return int(client.query(MATCHING_CALLS, _parameters(project_id, filters)).result_rows[0][0])


def drawn_calls(
    client: Client, *, project_id: UUID, filters: ReplayFilters, seed: str, after: int, limit: int
) -> list[PastCall]:
    """Return the next calls in the order of chance that the seed gives, those at positions above `after`."""
    parameters = _parameters(project_id, filters) | {"seed": seed, "after": after, "limit": limit}
    return [PastCall(**row) for row in client.query(DRAWN_CALLS, parameters).named_results()]


def verdicts_of(
    client: Client, *, project_id: UUID, calls: Sequence[PastCall]
) -> dict[tuple[str, str], list[PastVerdict]]:
    """Return what guards said of calls, by trace id and span id."""
    found: dict[tuple[str, str], list[PastVerdict]] = defaultdict(list)
    if not calls:
        return found
    parameters = {
        "project_id": project_id,
        "since": min(call.start_time for call in calls),
        "until": max(call.start_time for call in calls) + _LONGEST_CALL,
        "trace_ids": sorted({call.trace_id for call in calls}),
        "span_ids": sorted({call.span_id for call in calls}),
    }
    for row in client.query(VERDICTS_OF_SPANS, parameters).named_results():
        values = dict(row)
        key = values.pop("trace_id"), values.pop("span_id")
        found[key].append(PastVerdict(**values))
    return found


def _parameters(project_id: UUID, filters: ReplayFilters) -> dict[str, object]:
    return {field.name: getattr(filters, field.name) for field in fields(ReplayFilters)} | {
        "project_id": project_id
    }
