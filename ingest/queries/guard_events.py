"""What guards decided: by trace, newest first, and counted by the hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from ingest.clickhouse.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardEventRow:
    """Every column of a guard event but its project."""

    id: UUID
    trace_id: str
    span_id: str
    at: datetime
    policy_id: UUID
    policy_name: str
    policy_version: int
    guard: str
    guard_kind: str
    place: str
    action: str
    is_shadow: bool
    error: str
    entities: Mapping[str, int]
    score: float | None
    duration_us: int
    is_streamed: bool
    environment: str
    route: str
    model: str
    entity_scores: Mapping[str, float]
    held_us: int | None
    canary: str
    scope: str
    api_key_id: UUID | None
    fingerprints: list[str]
    escalation_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardEventFilters:
    """What must be true of an event; an empty value asks for nothing."""

    since: datetime
    until: datetime
    guard: str = ""
    guard_kind: str = ""
    action: str = ""
    place: str = ""
    environment: str = ""
    trace_id: str = ""
    policy_id: str = ""
    only_findings: bool = False
    """Leave out what was allowed without an error, but for what a person let pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardCount:
    """How often a guard took an action in one hour."""

    hour: datetime
    guard: str
    action: str
    is_shadow: bool
    events: int
    failures: int
    """Of these, how many the guard could not decide; the policy did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSummary:
    """What one guard did in the hours of a stretch of time, and how long it took."""

    guard: str
    guard_kind: str
    events: int
    flagged: int
    masked: int
    escalated: int
    blocked: int
    failures: int
    found: int
    """Decisions with a finding, whatever followed from it."""
    p50_us: float
    p95_us: float
    p99_us: float
    entities: Mapping[str, int]


_COLUMNS = ", ".join(field.name for field in fields(GuardEventRow))

EVENTS_OF_TRACE = f"""
SELECT {_COLUMNS}
FROM guard_events
WHERE project_id = {{project_id:UUID}}
  AND trace_id = {{trace_id:String}}
ORDER BY at, guard, id
LIMIT 1 BY id
LIMIT 2000
"""  # noqa: S608 - the columns are constants

NEWEST_EVENTS = f"""
SELECT {_COLUMNS}
FROM guard_events
WHERE project_id = {{project_id:UUID}}
  AND at >= {{since:DateTime64(6, 'UTC')}}
  AND at < {{until:DateTime64(6, 'UTC')}}
  AND at <= {{before:DateTime64(6, 'UTC')}}
  AND (at < {{before:DateTime64(6, 'UTC')}} OR id < {{before_id:UUID}})
  AND ({{guard:String}} = '' OR guard = {{guard:String}})
  AND ({{guard_kind:String}} = '' OR guard_kind = {{guard_kind:String}})
  AND ({{action:String}} = '' OR action = {{action:String}})
  AND ({{place:String}} = '' OR place = {{place:String}})
  AND ({{environment:String}} = '' OR environment = {{environment:String}})
  AND ({{trace_id:String}} = '' OR trace_id = {{trace_id:String}})
  AND ({{policy_id:String}} = '' OR toString(policy_id) = {{policy_id:String}})
  AND (NOT {{only_findings:Bool}} OR action != 'allow' OR error != '' OR escalation_id IS NOT NULL)
ORDER BY at DESC, id DESC
LIMIT 1 BY at, id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 - the columns are constants

COUNTS_BY_HOUR = """
SELECT hour, guard, action, is_shadow, sum(guard_events_by_hour.events) AS events, sumIf(guard_events_by_hour.events, has_failed) AS failures
FROM guard_events_by_hour
WHERE project_id = {project_id:UUID}
  AND hour >= toStartOfHour({since:DateTime64(6, 'UTC')})
  AND hour < {until:DateTime64(6, 'UTC')}
  AND ({environment:String} = '' OR environment = {environment:String})
GROUP BY hour, guard, action, is_shadow
ORDER BY hour, guard, action, is_shadow
"""

SUMMARIES = """
SELECT
    guard,
    any(guard_events_by_hour.guard_kind) AS guard_kind,
    sum(guard_events_by_hour.events) AS events,
    sumIf(guard_events_by_hour.events, action = 'flag') AS flagged,
    sumIf(guard_events_by_hour.events, action = 'mask') AS masked,
    sumIf(guard_events_by_hour.events, action = 'escalate') AS escalated,
    sumIf(guard_events_by_hour.events, action = 'block') AS blocked,
    sumIf(guard_events_by_hour.events, has_failed) AS failures,
    sum(guard_events_by_hour.found) AS found,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(guard_events_by_hour.duration) AS durations,
    durations[1] AS p50_us,
    durations[2] AS p95_us,
    durations[3] AS p99_us,
    sumMap(guard_events_by_hour.entities) AS entities
FROM guard_events_by_hour
WHERE project_id = {project_id:UUID}
  AND hour >= toStartOfHour({since:DateTime64(6, 'UTC')})
  AND hour < {until:DateTime64(6, 'UTC')}
  AND ({environment:String} = '' OR environment = {environment:String})
GROUP BY guard
ORDER BY events DESC, guard
"""

FOUND_BY_HOUR = """
SELECT hour, sum(guard_events_by_hour.events) AS events, sum(guard_events_by_hour.found) AS found
FROM guard_events_by_hour
WHERE project_id = {project_id:UUID}
  AND guard = {guard:String}
  AND hour >= toStartOfHour({since:DateTime64(6, 'UTC')})
  AND hour < {until:DateTime64(6, 'UTC')}
GROUP BY hour
ORDER BY hour
"""

PERMITTED = """
SELECT escalation_id, uniqExact(span_id) AS calls, max(at) AS last_at
FROM guard_events
WHERE project_id = {project_id:UUID}
  AND at >= {since:DateTime64(6, 'UTC')}
  AND has({escalation_ids:Array(UUID)}, escalation_id)
GROUP BY escalation_id
"""

_LARGEST_ID = UUID(int=2**128 - 1)


def events_of_trace(client: Client, *, project_id: UUID, trace_id: str) -> list[GuardEventRow]:
    """Return what guards decided in a trace, in order."""
    parameters = {"project_id": project_id, "trace_id": trace_id}
    return [GuardEventRow(**row) for row in client.query(EVENTS_OF_TRACE, parameters).named_results()]


def newest_events(
    client: Client,
    *,
    project_id: UUID,
    filters: GuardEventFilters,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[GuardEventRow]:
    """Return a page of events, newest first; `before` is the time and id of the last event of the page before."""
    at, event_id = before or (filters.until, _LARGEST_ID)
    parameters = {field.name: getattr(filters, field.name) for field in fields(GuardEventFilters)}
    parameters |= {"project_id": project_id, "before": at, "before_id": event_id, "limit": limit}
    return [GuardEventRow(**row) for row in client.query(NEWEST_EVENTS, parameters).named_results()]


def permitted_calls(
    client: Client, *, project_id: UUID, since: datetime, escalation_ids: Sequence[UUID]
) -> dict[UUID, tuple[int, datetime]]:
    """Return how many calls passed because a person allowed an escalation, and when the last did."""
    parameters = {"project_id": project_id, "since": since, "escalation_ids": list(escalation_ids)}
    return {row[0]: (row[1], row[2]) for row in client.query(PERMITTED, parameters).result_rows}


def guard_counts(
    client: Client, *, project_id: UUID, since: datetime, until: datetime, environment: str = ""
) -> list[GuardCount]:
    """Return how often each guard took each action, by hour; an hour that has begun counts whole."""
    parameters = {"project_id": project_id, "since": since, "until": until, "environment": environment}
    return [GuardCount(**row) for row in client.query(COUNTS_BY_HOUR, parameters).named_results()]


def found_by_hour(
    client: Client, *, project_id: UUID, guard: str, since: datetime, until: datetime
) -> list[tuple[datetime, int, int]]:
    """Return by hour how often a guard looked, and how often it found something."""
    parameters = {"project_id": project_id, "guard": guard, "since": since, "until": until}
    return [(row[0], row[1], row[2]) for row in client.query(FOUND_BY_HOUR, parameters).result_rows]


def guard_summaries(
    client: Client, *, project_id: UUID, since: datetime, until: datetime, environment: str = ""
) -> list[GuardSummary]:
    """Return what each guard did, the busiest first."""
    parameters = {"project_id": project_id, "since": since, "until": until, "environment": environment}
    rows = client.query(SUMMARIES, parameters).named_results()
    return [
        GuardSummary(**{name: value for name, value in row.items() if name != "durations"}) for row in rows
    ]
