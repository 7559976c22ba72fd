"""From a span on the wire to a span we store: checked, understood in whichever dialect, and bounded."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from ingest.formats import attributes as rest
from ingest.formats import chat, common, genai, langfuse, openinference, openllmetry, vercel
from ingest.formats.bounds import MESSAGE, NAME, roughly
from ingest.formats.draft import Draft
from ingest.formats.providers import provider_name
from ingest.formats.wire import Rejection, WireEvent, WireSpan, label
from ingest.records import Message, Span, SpanKind, SpanSource, new_span

MAX_SPAN_BYTES = 4 * 1024 * 1024
OLDEST_DAYS = 30
AHEAD_MINUTES = 10
"""How far a start may lie in the past, and how far in the future by a wrong clock."""

_MAX_TAGS = 32
_MANY_KEYS = 4096
_TRACE_ID = re.compile("[0-9a-f]{32}")
_SPAN_ID = re.compile("[0-9a-f]{16}")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16
_OLDEST_NS = OLDEST_DAYS * 24 * 3600 * 10**9
_AHEAD_NS = AHEAD_MINUTES * 60 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the request that brought spans says about them; a span's own words win."""

    project_id: UUID
    api_key_id: UUID | None = None
    source: SpanSource = "otlp"
    environment: str = ""
    session_id: str = ""
    user_id: str = ""
    feature: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    tags: tuple[str, ...] = ()


def read(wire: WireSpan, origin: Origin, *, now_ns: int) -> Span | Rejection:
    """Turn a span from the wire into one we store, or say why not."""
    problem = _problem(wire, now_ns)
    if problem:
        return Rejection(label(wire.name, wire.span_id), problem)
    draft = Draft()
    left = dict(wire.attributes)
    events = _understand(left, wire, draft)
    service = common.read_resource(wire.resource, draft)
    kind: SpanKind = draft.kind or "span"
    is_error = wire.is_error or draft.is_error
    left |= rest.of_resource(wire.resource)
    left |= rest.of_events(events)
    if wire.scope:
        left["otel.scope.name"] = wire.scope
    return new_span(
        project_id=origin.project_id,
        trace_id=wire.trace_id,
        span_id=wire.span_id,
        parent_span_id="" if wire.parent_span_id in ("", _NO_SPAN) else wire.parent_span_id,
        name=roughly(wire.name, NAME) or kind,
        kind=kind,
        source=origin.source,
        start_time_us=wire.start_ns // 1_000,
        duration_us=(wire.end_ns - wire.start_ns) // 1_000,
        ttft_us=draft.ttft_us,
        status="error" if is_error else "ok",
        status_message=roughly(wire.status_message or draft.status_message, MESSAGE),
        error_type=roughly(draft.error_type, NAME),
        http_status=draft.http_status,
        environment=roughly(draft.environment or origin.environment, NAME),
        service=roughly(service, NAME),
        release=roughly(draft.release, NAME),
        session_id=roughly(draft.session_id or origin.session_id, NAME),
        user_id=roughly(draft.user_id or origin.user_id, NAME),
        feature=roughly(draft.feature or origin.feature, NAME),
        prompt_name=roughly(draft.prompt_name or origin.prompt_name, NAME),
        prompt_version=roughly(draft.prompt_version or origin.prompt_version, NAME),
        tags=tuple(roughly(tag, NAME) for tag in (draft.tags or origin.tags)[:_MAX_TAGS]),
        attributes=rest.as_text(left),
        provider=roughly(provider_name(draft.provider), NAME),
        api_key_id=origin.api_key_id,
        model_requested=roughly(draft.model_requested or draft.model, NAME),
        model=roughly(draft.model or draft.model_requested, NAME),
        service_tier=roughly(draft.service_tier, NAME),
        is_streamed=draft.is_streamed,
        finish_reason=roughly(draft.finish_reason, NAME),
        usage=draft.usage,
        reported_cost_usd=draft.reported_cost_usd,
        request=draft.request,
        input_messages=draft.input or _raw(draft.raw_input, "input"),
        output_messages=draft.output or _raw(draft.raw_output, "output"),
    )


def _understand(left: dict[str, Any], wire: WireSpan, draft: Draft) -> list[WireEvent]:
    """Let each dialect that is present speak, the most deliberate first; return events nobody knew."""
    keys = "\n".join(left)
    roots = _roots(keys) if len(keys) <= _MANY_KEYS else _roots.__wrapped__(keys)
    if "parapet" in roots:
        common.read_own(left, draft)
    if "langfuse" in roots:
        langfuse.read(left, draft)
    if not roots.isdisjoint(openinference.ROOTS):
        openinference.read(left, draft)
    if not roots.isdisjoint(genai.ROOTS):
        genai.read(left, draft)
    if not roots.isdisjoint(vercel.ROOTS):
        vercel.read(left, draft)
    if not roots.isdisjoint(openllmetry.ROOTS) or not openllmetry.SIGNS.isdisjoint(left):
        openllmetry.read(left, draft)
    common.read(left, draft)
    if not wire.events:
        return []
    events = common.read_exceptions(wire.events, draft)
    events = openinference.read_events(events, draft, start_ns=wire.start_ns)
    return genai.read_events(events, draft)


@lru_cache(maxsize=1024)
def _roots(keys: str) -> frozenset[str]:
    """Return the first words of a span's keys, given as lines. Most spans have the keys that others had."""
    return frozenset(key.partition(".")[0] for key in keys.split("\n"))


def _problem(wire: WireSpan, now_ns: int) -> str:
    """Say what makes a span unfit to be stored; empty when it is fit."""
    if not _TRACE_ID.fullmatch(wire.trace_id) or wire.trace_id == _NO_TRACE:
        return "trace id must be 32 hex digits, not all zero"
    if not _SPAN_ID.fullmatch(wire.span_id) or wire.span_id == _NO_SPAN:
        return "span id must be 16 hex digits, not all zero"
    if wire.parent_span_id and not _SPAN_ID.fullmatch(wire.parent_span_id):
        return "parent span id must be 16 hex digits or empty"
    if wire.parent_span_id == wire.span_id:
        return "span is its own parent"
    if wire.end_ns < wire.start_ns:
        return "end time is missing or lies before the start time"
    if not now_ns - _OLDEST_NS <= wire.start_ns <= now_ns + _AHEAD_NS:
        return (
            f"start time lies more than {OLDEST_DAYS} days in the past"
            f" or {AHEAD_MINUTES} minutes in the future"
        )
    if wire.end_ns > now_ns + _AHEAD_NS:
        return f"end time lies more than {AHEAD_MINUTES} minutes in the future"
    if wire.size > MAX_SPAN_BYTES:
        return f"span is larger than {MAX_SPAN_BYTES // 1024 // 1024} MiB"
    return ""


def _raw(content: str, role: str) -> list[Message]:
    return chat.said(role, content)
