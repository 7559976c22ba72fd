"""Model calls of many traces at once, with everything that was said: what a dataset is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from ingest import messages
from ingest.clickhouse.client import Client
from ingest.records import Message

CALLS = """
SELECT trace_id, span_id, start_time, model_requested, model, session_id, feature, prompt_name, prompt_version,
       environment, tags, request, input_roles, input_hashes, output_roles, output_hashes
FROM spans
WHERE project_id = {project_id:UUID}
  AND start_time >= {since:DateTime64(6, 'UTC')}
  AND start_time <= {until:DateTime64(6, 'UTC')}
  AND trace_id IN {trace_ids:Array(String)}
  AND span_id IN {span_ids:Array(String)}
ORDER BY start_time DESC, span_id DESC, ingested_at DESC
LIMIT 1 BY trace_id, span_id
"""

SAID = """
SELECT trace_id, hash, role, text, body
FROM messages
WHERE project_id = {project_id:UUID}
  AND trace_id IN {trace_ids:Array(String)}
  AND hash IN {hashes:Array(UInt128)}
LIMIT 1 BY trace_id, hash
"""

_BATCH = 200


@dataclass(frozen=True, slots=True)
class CallId:
    """Where to find a call."""

    trace_id: str
    span_id: str
    start_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCall:
    """A call with what was asked and answered."""

    trace_id: str
    span_id: str
    start_time: datetime
    model_requested: str
    model: str
    session_id: str
    feature: str
    prompt_name: str
    prompt_version: str
    environment: str
    tags: tuple[str, ...]
    request: Mapping[str, Any]
    """The request's parameters without its messages."""
    input_messages: tuple[Message, ...]
    output_messages: tuple[Message, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything that was said to the model is still stored."""
        return bool(self.input_messages) and all(
            message.keys() - {"role", "content"} or message.get("content") is not None
            for message in self.input_messages
        )


def whole_calls(client: Client, *, project_id: UUID, ids: Sequence[CallId]) -> list[WholeCall]:
    """Return calls with their messages, newest first within each few hundred; what is no longer stored is left out."""
    found: list[WholeCall] = []
    for start in range(0, len(ids), _BATCH):
        found += _some(client, project_id, ids[start : start + _BATCH])
    return found


def _some(client: Client, project_id: UUID, ids: Sequence[CallId]) -> list[WholeCall]:
    wanted = {(one.trace_id, one.span_id) for one in ids}
    trace_ids = sorted({one.trace_id for one in ids})
    parameters = {
        "project_id": project_id,
        "since": min(one.start_time for one in ids),
        "until": max(one.start_time for one in ids),
        "trace_ids": trace_ids,
        "span_ids": sorted({one.span_id for one in ids}),
    }
    rows = [
        row
        for row in client.query(CALLS, parameters).named_results()
        if (row["trace_id"], row["span_id"]) in wanted
    ]
    hashes = sorted({each for row in rows for each in (*row["input_hashes"], *row["output_hashes"])})
    said: dict[tuple[str, int], Message] = {}
    if hashes:
        parameters = {"project_id": project_id, "trace_ids": trace_ids, "hashes": hashes}
        for trace_id, key, role, text, body in client.query(SAID, parameters).result_rows:
            said[trace_id, key] = messages.restored(role, text, body)
    return [_call(dict(row), said) for row in rows]


def _call(row: dict[str, Any], said: Mapping[tuple[str, int], Message]) -> WholeCall:
    for side in ("input", "output"):
        roles, hashes = row.pop(f"{side}_roles"), row.pop(f"{side}_hashes")
        row[f"{side}_messages"] = tuple(
            said.get((row["trace_id"], key)) or {"role": role, "content": None}
            for role, key in zip(roles, hashes, strict=True)
        )
    row["tags"] = tuple(row["tags"])
    row["request"] = orjson.loads(row["request"]) if row["request"] else {}
    return WholeCall(**row)
