"""Recorded calls as items: the same request again, and where it was first made."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal
from uuid import UUID

from console.datasets.actions import NewItem
from console.datasets.content import ContentError, content_of
from console.datasets.models import Source
from console.evaluations.proxy_model import ENVIRONMENT
from console.traces.filters import TraceFilters
from ingest.clickhouse.client import Client
from ingest.messages import text_of
from ingest.queries.calls import CallId, WholeCall, whole_calls
from ingest.queries.listing import Row, Wanted, page

MOST_CALLS = 2_000
EXAMINED = 10_000
"""Of more calls than these, the newest are looked at."""
_PAGE = 1_000
_PROTOCOL_MATTERS = {"stream", "stream_options", "store", "user", "safety_identifier", "metadata", "n"}
"""Parameters that say how an answer is delivered or kept, not what it is."""
How = Literal["newest", "spread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Calls that match, and how many there are in all, as far as was looked."""

    ids: tuple[CallId, ...]
    matching: int
    is_more: bool
    """Whether there are more matching calls than were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Items made of calls, and calls of which none could be made."""

    items: tuple[NewItem, ...]
    problems: tuple[tuple[WholeCall, str], ...]


def slice_of(client: Client, *, project_id: UUID, filters: TraceFilters, limit: int, how: How) -> Slice:
    """Return the calls that filters of the Traces page let through: the newest, or some spread evenly over all."""
    rows: list[Row] = []
    cursor, is_more = "", False
    while True:
        found = page(client, project_id=project_id, wanted=_wanted(filters), cursor=cursor, limit=_PAGE)
        rows += [row for row in found.rows if _is_asked_by_people(row, filters)]
        cursor = found.next_cursor
        if not cursor:
            break
        if len(rows) >= (limit if how == "newest" else EXAMINED):
            is_more = True
            break
    chosen = rows if how == "newest" else sorted(rows, key=_draw)
    ids = tuple(CallId(row.trace_id, row.span_id, row.start_time) for row in chosen[:limit])
    return Slice(ids=ids, matching=len(rows), is_more=is_more)


def items_of_calls(
    client: Client, *, project_id: UUID, ids: Sequence[CallId], with_answer: bool, tags: Sequence[str] = ()
) -> Taken:
    """Turn calls into items. `with_answer` takes what was answered as the expected answer."""
    items: list[NewItem] = []
    problems: list[tuple[WholeCall, str]] = []
    seen: set[str] = set()
    for call in whole_calls(client, project_id=project_id, ids=ids):
        if not call.is_whole:
            problems.append((call, "what was said is not stored, or not any more"))
            continue
        try:
            item = _item(call, with_answer=with_answer, tags=tags)
        except ContentError as error:
            problems.append((call, str(error)))
            continue
        if item.content.digest in seen:
            problems.append((call, "another of these calls asks the same"))
            continue
        seen.add(item.content.digest)
        items.append(item)
    return Taken(items=tuple(items), problems=tuple(problems))


def request_of(call: WholeCall) -> dict[str, Any]:
    """Return the request as it was stored: the model, every message, and the parameters that decide the answer."""
    parameters = {name: value for name, value in call.request.items() if name not in _PROTOCOL_MATTERS}
    messages = [
        {name: value for name, value in message.items() if value is not None}
        for message in call.input_messages
    ]
    return {"model": call.model_requested or call.model, "messages": messages, **parameters}


def _item(call: WholeCall, *, with_answer: bool, tags: Sequence[str]) -> NewItem:
    said = [message for message in call.input_messages if message.get("role") == "user"]
    answer = call.output_messages[-1] if call.output_messages else {}
    labels = {
        "feature": call.feature,
        "prompt": f"{call.prompt_name}@{call.prompt_version}".strip("@"),
        "environment": call.environment,
        "model": call.model,
    }
    content = content_of(
        {
            "inputs": {"input": text_of(said[-1])} if said else {},
            "request": request_of(call),
            "expected": text_of(answer) or None if with_answer else None,
            "context": [
                text_of(one) for one in call.input_messages if one.get("role") in ("document", "context")
            ],
            "metadata": {name: value for name, value in labels.items() if value},
            "tags": [tag[:64].replace("\n", " ") for tag in (*tags, *call.tags)][:32],
            "cluster": "".join(letter for letter in call.session_id if letter.isprintable())[:200],
        }
    )
    return NewItem(
        content=content, source=Source.TRACE, origin={"trace_id": call.trace_id, "span_id": call.span_id}
    )


def _wanted(filters: TraceFilters) -> Wanted:
    same = {one.name for one in fields(TraceFilters)} & {one.name for one in fields(Wanted)}
    return Wanted(
        start=filters.range.start,
        end=filters.range.end,
        calls_only=True,
        min_duration_us=None if filters.min_duration_ms is None else filters.min_duration_ms * 1000,
        **{name: getattr(filters, name) for name in same},
    )


def _is_asked_by_people(row: Row, filters: TraceFilters) -> bool:
    """Leave out what our own judges and experiments asked, unless that is what the filter is about."""
    return row.kind == "llm" and (row.environment != ENVIRONMENT or filters.environment == ENVIRONMENT)


def _draw(row: Row) -> bytes:
    return hashlib.blake2b(f"{row.trace_id}\0{row.span_id}".encode(), digest_size=8).digest()
