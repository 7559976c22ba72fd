"""What is noted of a call while it travels, and the span it becomes at the end."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from inference_proxy.endpoints.base import Body, Endpoint
from inference_proxy.exchange import Exchange
from inference_proxy.span_texts import PARAMETERS_WITHOUT_TEXT
from inference_proxy.texts import has_long_word
from inference_proxy.trace_context import TraceContext, continued_from
from ingest.keys import KeyGrant
from ingest.records import NO_USAGE, Message, Span, SpanStatus, Usage, new_span

_NOT_PARAMETERS = frozenset({"messages", "input", "prompt", "model", "stream"})
_MODEL_NAME = re.compile(r"[\w.:/+~-]{1,200}(@[\w-]{1,50})?")
"""Anything else in a model's place is a text that lost its way, and is not kept."""


@dataclass(slots=True, kw_only=True)
class Journal:
    """Notes of one call."""

    endpoint: Endpoint
    grant: KeyGrant
    context: TraceContext
    started_at_us: int
    started_ns: int
    model_requested: str
    is_streamed: bool
    stores_messages: bool

    waited_ns: int = 0
    """How long the upstream was waited for."""
    ttft_us: int | None = None
    status: SpanStatus = "ok"
    status_message: str = ""
    error_type: str = ""
    http_status: int | None = None
    route: str = ""
    provider: str = ""
    model: str = ""
    service_tier: str = ""
    attempts: int = 0
    finish_reason: str = ""
    guard_action: str = ""
    usage: Usage = NO_USAGE
    kept_request: Body | None = None
    kept_labels: Mapping[str, str] = field(default_factory=dict)
    """What the caller's headers said of the call, by the last word of their names."""
    output_messages: list[Message] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    input_characters: int = 0

    @classmethod
    def begin(
        cls,
        endpoint: Endpoint,
        grant: KeyGrant,
        exchange: Exchange,
        *,
        started_ns: int,
        model: str,
        is_streamed: bool,
        stores_messages: bool,
    ) -> "Journal":
        """Open the journal of a call that has just been understood."""
        return cls(
            endpoint=endpoint,
            grant=grant,
            context=continued_from(exchange.header(b"traceparent")),
            started_at_us=(time.time_ns() - time.perf_counter_ns() + started_ns) // 1_000,
            started_ns=started_ns,
            model_requested=_kept_name(model),
            is_streamed=is_streamed,
            stores_messages=stores_messages,
        )

    @property
    def project_id(self) -> UUID:
        """The project the call belongs to."""
        return self.grant.project_id

    def overhead_ns(self) -> int:
        """Return the time spent so far, less what the upstream took."""
        return time.perf_counter_ns() - self.started_ns - self.waited_ns

    def note_first_byte(self) -> None:
        """Note that the answer has begun."""
        self.ttft_us = (time.perf_counter_ns() - self.started_ns) // 1_000

    def fail(
        self, error_type: str, message: str, *, status: SpanStatus = "error", is_quoted: bool = False
    ) -> None:
        """Note that the call did not succeed. A quoted message is an upstream's: it may repeat the call's texts."""
        if is_quoted and not self.stores_messages:
            message = ""
        self.status, self.error_type, self.status_message = status, error_type[:200], message[:1_000]

    def note_gone(self) -> None:
        """Note that nobody was left to hear the answer's end."""
        self.fail("caller_gone", "the caller closed the connection before the answer's end", status="aborted")

    def span(self) -> Span:
        """Return the span of the finished call."""
        total_ns = time.perf_counter_ns() - self.started_ns
        kept, labels = self.kept_request, self.kept_labels
        said = {name: text[:_LONGEST_LABEL] for name, text in labels.items() if name != "tags"}
        tags = [tag for each in labels.get("tags", "").split(",") if (tag := each.strip())] if labels else []
        prompt = said.get("prompt", "")
        prompt_name, _, prompt_version = prompt.rpartition("@") if "@" in prompt else (prompt, "", "")
        return new_span(
            project_id=self.grant.project_id,
            trace_id=self.context.trace_id,
            span_id=self.context.span_id,
            parent_span_id=self.context.parent_span_id,
            name=f"{self.endpoint.name} {self.model_requested}".strip(),
            kind=self.endpoint.kind,
            source="proxy",
            start_time_us=self.started_at_us,
            duration_us=total_ns // 1_000,
            ttft_us=self.ttft_us,
            overhead_us=max(0, total_ns - self.waited_ns) // 1_000,
            status=self.status,
            status_message=self.status_message,
            error_type=self.error_type,
            http_status=self.http_status,
            environment=said.get("environment") or self.grant.environment,
            session_id=said.get("session", ""),
            user_id=said.get("user", ""),
            feature=said.get("feature", ""),
            prompt_name=prompt_name,
            prompt_version=prompt_version,
            tags=tuple(tag[:_LONGEST_LABEL] for tag in tags[:_MOST_TAGS]),
            attributes=self.attributes,
            provider=self.provider,
            route=self.route,
            api_key_id=self.grant.id,
            model_requested=self.model_requested,
            model=self.model,
            service_tier=self.service_tier,
            is_streamed=self.is_streamed,
            attempts=self.attempts,
            finish_reason=self.finish_reason,
            guard_action=self.guard_action,
            usage=self.usage,
            request=_parameters(kept, with_text=self.stores_messages),
            input_messages=self.endpoint.input_messages(kept) if kept and self.stores_messages else [],
            output_messages=self.output_messages if self.stores_messages else [],
        )


@lru_cache(maxsize=1_000)
def _kept_name(model: str) -> str:
    return model if _MODEL_NAME.fullmatch(model) and not has_long_word(model) else ""


def labels_of(exchange: Exchange, body: Body) -> dict[str, str]:
    """Return what the caller says of the call in headers, by the last word of their names; the user also in the body."""
    found = {name: exchange.headers.get(header, b"") for name, header in _LABELS.items()}
    labels = {name: text for name, said in found.items() if (text := said.decode("utf-8", "replace").strip())}
    user = body.get("safety_identifier") or body.get("user")
    return {"user": user} | labels if user and isinstance(user, str) else labels


def conversation_of(exchange: Exchange, body: Body) -> str:
    """Return what a call's conversation is called: its session, or else its user; empty when the caller named neither."""
    headers = exchange.headers
    said = headers.get(_LABELS["session"], b"") or headers.get(_LABELS["user"], b"")
    if said:
        return said.decode("utf-8", "replace").strip()
    user = body.get("safety_identifier") or body.get("user")
    return user if isinstance(user, str) else ""


_LONGEST_LABEL, _MOST_TAGS = 256, 32
_LABELS = {
    name: b"x-parapet-" + name.encode()
    for name in ("user", "session", "feature", "prompt", "environment", "tags")
}


def _parameters(kept: Body | None, *, with_text: bool) -> dict[str, Any]:
    if kept is None:
        return {}
    if with_text:
        return {key: value for key, value in kept.items() if key not in _NOT_PARAMETERS}
    return {key: value for key, value in kept.items() if key in PARAMETERS_WITHOUT_TEXT}
