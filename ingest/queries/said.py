"""What was said in several spans at once, for lists that show their messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ingest import messages
from ingest.clickhouse.client import Client
from ingest.records import Message

HASHES_OF_SPANS = """
SELECT trace_id, span_id, input_roles, input_hashes, output_roles, output_hashes
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= {since:DateTime64(6, 'UTC')}
  AND start_time <= {until:DateTime64(6, 'UTC')}
  AND trace_id IN {trace_ids:Array(String)}
  AND span_id IN {span_ids:Array(String)}
ORDER BY ingested_at DESC
LIMIT 1 BY trace_id, span_id
"""

MESSAGES_OF_TRACES = """
SELECT trace_id, hash, role, text, body
FROM messages
WHERE project_id = {project_id:UUID}
  AND trace_id IN {trace_ids:Array(String)}
  AND hash IN {hashes:Array(UInt128)}
LIMIT 1 BY trace_id, hash
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a span lies."""

    trace_id: str
    span_id: str
    start_time: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """The messages of one span."""

    input_messages: tuple[Message, ...]
    output_messages: tuple[Message, ...]


def said_in(client: Client, *, project_id: UUID, places: Sequence[Place]) -> dict[tuple[str, str], Said]:
    """Return the messages of spans by trace id and span id; a span that is gone is left out."""
    if not places:
        return {}
    trace_ids = sorted({place.trace_id for place in places})
    wanted = {
        "project_id": project_id,
        "since": min(place.start_time for place in places),
        "until": max(place.start_time for place in places),
        "trace_ids": trace_ids,
        "span_ids": sorted({place.span_id for place in places}),
    }
    rows = client.query(HASHES_OF_SPANS, wanted).result_rows
    hashes = sorted({key for row in rows for key in (*row[3], *row[5])})
    parameters = {"project_id": project_id, "trace_ids": trace_ids, "hashes": hashes}
    known = {
        (trace_id, key): messages.restored(role, text, body)
        for trace_id, key, role, text, body in client.query(MESSAGES_OF_TRACES, parameters).result_rows
    }
    return {
        (trace_id, span_id): Said(
            _in_order(known, trace_id, input_roles, input_hashes),
            _in_order(known, trace_id, output_roles, output_hashes),
        )
        for trace_id, span_id, input_roles, input_hashes, output_roles, output_hashes in rows
    }


def _in_order(
    known: Mapping[tuple[str, int], Message], trace_id: str, roles: Sequence[str], hashes: Sequence[int]
) -> tuple[Message, ...]:
    """Put messages back in their places; one that is gone leaves its role behind."""
    return tuple(
        known.get((trace_id, key)) or {"role": role, "content": None}
        for role, key in zip(roles, hashes, strict=True)
    )
