"""From journals to the spool. Serving waits for nothing here, unless the installation audits strictly."""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import orjson

from guardrails.policy import Policy
from guardrails.session import Decision
from guardrails.verdict import STOPPING
from inference_proxy.journal import Journal
from inference_proxy.metrics import Metrics
from inference_proxy.settings import Audit
from inference_proxy.trace_context import random_uuid
from ingest.records import Span, Verdicts, encode, new_verdicts
from ingest.spool import SpoolError

logger = logging.getLogger(__name__)
MAX_PAYLOAD_BYTES = 32 * 1024 * 1024


class Spool(Protocol):
    """Where records are made durable."""

    def offer(self, payload: bytes) -> bool:
        """Take a record without waiting; False when it was dropped."""

    async def append(self, payloads: Sequence[bytes]) -> None:
        """Return when the records are durable."""


class NotRecordedError(Exception):
    """A call that must be recorded before it is answered could not be."""


class Recorder:
    """Keeps one span for each call, and what every guard decided about it."""

    def __init__(self, spool: Spool, metrics: Metrics, *, audit: Audit) -> None:
        self._spool = spool
        self._metrics = metrics
        self.is_strict = audit == "strict"
        self.dropped = 0

    def record(self, journal: Journal, policy: Policy | None, decisions: Sequence[Decision]) -> None:
        """Hand a finished call to the spool; when that is full the record is dropped and counted."""
        for payload in self._payloads(journal, policy, decisions):
            if not self._spool.offer(payload):
                self.dropped += 1

    async def record_durably(
        self, journal: Journal, policy: Policy | None, decisions: Sequence[Decision]
    ) -> None:
        """Return once a finished call is durable. Raises NotRecordedError when it is not."""
        try:
            await self._spool.append(list(self._payloads(journal, policy, decisions)))
        except SpoolError as error:
            self.dropped += 1
            raise NotRecordedError(str(error)) from error

    def _payloads(
        self, journal: Journal, policy: Policy | None, decisions: Sequence[Decision]
    ) -> Iterable[bytes]:
        span = journal.span()
        self._metrics.outcomes[span.status] += 1
        self._metrics.observe_overhead((span.overhead_us or 0) / 1_000_000)
        yield _encoded(span)
        if policy is None or not policy.guards:
            self._metrics.unguarded += 1
        elif decisions:
            for decision in decisions:
                self._metrics.guard_actions[decision.action] += 1
                if decision.error and decision.action not in STOPPING and not decision.is_shadow:
                    self._metrics.guard_bypasses += 1
            yield encode(_verdicts(span, policy, decisions))


def _encoded(span: Span) -> bytes:
    try:
        payload = encode(span)
        if len(payload) <= MAX_PAYLOAD_BYTES:
            return payload
        reason = "too_large"
    except (TypeError, ValueError):
        reason = "too_deep"  # nested further than JSON is written
    attributes = span.attributes | {"parapet.messages_omitted": reason}
    return encode(replace(span, request={}, input_messages=[], output_messages=[], attributes=attributes))


def _verdicts(span: Span, policy: Policy, decisions: Sequence[Decision]) -> Verdicts:
    return new_verdicts(
        id=random_uuid(),
        project_id=span.project_id,
        trace_id=span.trace_id,
        span_id=span.span_id,
        at_us=time.time_ns() // 1_000,
        policy_id=policy.id,
        policy_name=policy.name,
        policy_version=policy.version,
        sources=policy.sources,
        environment=span.environment,
        route=span.route,
        model=span.model or span.model_requested,
        api_key_id=span.api_key_id,
        decisions=[_said(decision) for decision in decisions],
    )


def _said(decision: Decision) -> Any:
    """Return a decision for the record: what it is, and whatever else is not as usual."""
    known = _KNOWN.get(id(decision))
    if known is not None:
        return known[1]
    said = {
        "guard": decision.guard,
        "kind": decision.kind,
        "place": decision.place,
        "action": decision.action,
    }
    for name, usual in _USUAL:
        value = getattr(decision, name)
        if value != usual:
            said[name] = value
    if decision.action != "allow" or decision.duration_us or decision.held_us is not None:
        return said
    # Of a first look at a text: the same decision every time, and in the record the same bytes.
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    written = orjson.Fragment(orjson.dumps(said))
    _KNOWN[id(decision)] = decision, written
    return written


_USUAL: Sequence[tuple[str, Any]] = (
    ("is_shadow", False),
    ("error", ""),
    ("entities", {}),
    ("score", None),
    ("duration_us", 0),
    ("is_streamed", False),
    ("canary", ""),
    ("scope", ""),
    ("entity_scores", {}),
    ("held_us", None),
    ("held", None),
)
_MOST_KNOWN = 4_096
# By identity: what is known here is kept, and cannot lose its id.
_KNOWN: dict[int, tuple[Decision, Any]] = {}
