"""Verdicts for people to look at: drawn by chance from strata, the doubtful ones more often than the plain."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ingest.clickhouse.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnVerdict:
    """One thing that a guard found in a text, or a text in which it found nothing."""

    stratum: str
    """uncertain, disagreement, found or passed."""
    population: int
    """How many the stratum has of this guard."""
    id: UUID
    at: datetime
    trace_id: str
    span_id: str
    guard: str
    guard_kind: str
    policy_id: UUID
    policy_version: int
    place: str
    action: str
    is_shadow: bool
    entity: str
    """Empty when nothing was found."""
    score: float | None


# A guard that looks at a text beside another one of its family, and says otherwise, is in disagreement.
_UNITS = """
WITH
    verdicts AS
    (
        SELECT
            id, at, trace_id, span_id, guard, guard_kind, policy_id, policy_version, place, action, is_shadow, entities, entity_scores, score,
            replaceRegexpOne(guard_kind, '_model$', '') AS family
        FROM guard_events
        WHERE project_id = {project_id:UUID}
          AND at >= {since:DateTime64(6, 'UTC')}
          AND at < {until:DateTime64(6, 'UTC')}
          AND error = ''
          AND place != 'attributes'
          AND trace_id != ''
        LIMIT 1 BY id
    ),
    disputed AS
    (
        SELECT span_id, place, family
        FROM verdicts
        GROUP BY span_id, place, family
        HAVING uniq(guard) > 1
           AND uniqIf(guard, notEmpty(entities)) > 0
           AND uniqIf(guard, notEmpty(entities)) < uniq(guard)
    ),
    units AS
    (
        SELECT
            id, at, trace_id, span_id, guard, guard_kind, policy_id, policy_version, place, action, is_shadow,
            arrayJoin(if(notEmpty(entities), mapKeys(entities), [''])) AS entity,
            if(entity = '', NULL, if(mapContains(entity_scores, entity), entity_scores[entity], score)) AS score_of_entity,
            multiIf(
                (span_id, place, family) IN disputed, 'disagreement',
                entity = '', 'passed',
                ifNull(score_of_entity, 1) < {sure:Float64}, 'uncertain',
                'found'
            ) AS stratum
        FROM verdicts
        WHERE {guard:String} = '' OR guard = {guard:String}
    )
"""

POPULATIONS = f"""
{_UNITS}
SELECT guard, stratum, count()
FROM units
GROUP BY guard, stratum
"""  # noqa: S608 - the rest is a constant

DRAWN = f"""
{_UNITS}
SELECT stratum, id, at, trace_id, span_id, guard, guard_kind, policy_id, policy_version, place, action, is_shadow, entity, score_of_entity
FROM units
ORDER BY cityHash64(id, entity, {{seed:String}})
LIMIT {{each:UInt32}} BY guard, stratum
"""  # noqa: S608 - the rest is a constant

SURE = 0.85
"""Findings that score less are uncertain."""


def draw_verdicts(
    client: Client,
    *,
    project_id: UUID,
    since: datetime,
    until: datetime,
    seed: str,
    each: int,
    guard: str = "",
) -> list[DrawnVerdict]:
    """Return at most `each` verdicts of every guard and stratum, in an order of chance that the seed gives."""
    parameters = {
        "project_id": project_id,
        "since": since,
        "until": until,
        "guard": guard,
        "sure": SURE,
        "seed": seed,
        "each": each,
    }
    populations = {
        (name, stratum): count for name, stratum, count in client.query(POPULATIONS, parameters).result_rows
    }
    return [
        DrawnVerdict(
            stratum=row[0],
            population=populations.get((row[5], row[0]), 0),
            id=row[1],
            at=row[2],
            trace_id=row[3],
            span_id=row[4],
            guard=row[5],
            guard_kind=row[6],
            policy_id=row[7],
            policy_version=row[8],
            place=row[9],
            action=row[10],
            is_shadow=row[11],
            entity=row[12],
            score=row[13],
        )
        for row in client.query(DRAWN, parameters).result_rows
    ]
