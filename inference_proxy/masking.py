"""The project's policy, applied to spans other programs recorded, before anything of them is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from guardrails.rollout import in_force
from guardrails.session import Decision, Detector, GuardSession, PlacedText
from guardrails.verdict import ACTIONS, PLACES, STOPPING
from inference_proxy.aliases import alias
from inference_proxy.snapshot import ProjectConfig, Snapshot
from inference_proxy.span_texts import FoundText, texts_of, with_texts, without_texts
from ingest.keys import KeyGrant, KeyRing
from ingest.receiver.intake import UnavailableError
from ingest.records import GuardEvent, Record, Span

ELSEWHERE = "attributes"
"""The place of texts that belong to no conversation, as guard events name it."""

_AT_ONCE = 16
_RETRY_AFTER_S = 5
_EVENTS = UUID("7a2f6a0e-5d0b-4a53-9d51-0c6c3f0a9b11")
"""The namespace of event ids: a verdict on a span that is sent again is the same row again."""


@dataclass(frozen=True, slots=True)
class MaskingIntake:
    """The receiver's rules under one snapshot."""

    snapshot: Snapshot
    pepper: bytes
    """The installation's, for aliases."""
    detector: Detector | None = None
    """Where guards of the second tier look; without one they fail, and their policy says what follows."""

    @property
    def keys(self) -> KeyRing:
        """The keys that may send."""
        return self.snapshot.keys

    async def prepare(self, grant: KeyGrant, spans: Sequence[Span]) -> Sequence[Record]:
        """Return the spans as they may be stored, and what the policy's guards said about them."""
        project = self.snapshot.projects.get(grant.project_id)
        if project is None:
            raise UnavailableError("the key's project is not known yet; try again shortly")
        return await mask(project, spans, key_id=grant.id, detector=self.detector, pepper=self.pepper)


async def mask(
    project: ProjectConfig,
    spans: Sequence[Span],
    *,
    pepper: bytes,
    key_id: UUID | None = None,
    detector: Detector | None = None,
) -> list[Record]:
    """Return what may be stored of a project's spans, sent with one of its keys.

    Raises UnavailableError when a guard that must not fail cannot decide: the sender keeps the spans.
    """
    if not project.stores_messages:
        spans = [without_texts(span) for span in spans]
    policy = project.policy_for(key_id)
    if policy is None or (not policy.guards and policy.before is None):
        return list(spans)
    keys = RedactionKeys.derive(pepper, project.id)
    records: list[Record] = []
    for start in range(0, len(spans), _AT_ONCE):
        masked = await asyncio.gather(
            *(_mask_span(span, policy, detector, keys) for span in spans[start : start + _AT_ONCE])
        )
        for before, (span, events) in zip(spans[start:], masked, strict=False):
            records += [_with_aliases(span, before, pepper), *events]
    return records


async def _mask_span(
    span: Span, policy: Policy, detector: Detector | None, keys: RedactionKeys
) -> tuple[Span, list[GuardEvent]]:
    found = texts_of(span)
    conversation = span.session_id or span.user_id or span.trace_id
    policy = in_force(policy, conversation)
    spoken, apart = (GuardSession(each, detector, conversation, keys) for each in (policy, _anywhere(policy)))
    kept: dict[str, list[str]] = {"input": [], "output": [], "elsewhere": []}
    is_blocked = False
    for group, check in (("input", spoken.check_input), ("output", spoken.check_output)):
        texts = _placed(found, group)
        if texts:
            outcome = await check(texts)
            kept[group] = list(outcome.stored)
            is_blocked = is_blocked or outcome.action in STOPPING
    texts = _placed(found, "elsewhere")
    outcome = await apart.check_input(texts)
    kept["elsewhere"] = list(outcome.stored)
    _refuse_failures([*spoken.decisions, *apart.decisions])
    note = f"[withheld by policy {policy.name}]"
    if is_blocked:
        kept["input"] = [note] * len(kept["input"])
        kept["output"] = [note] * len(kept["output"])
    if outcome.action in STOPPING:
        kept["elsewhere"] = [note] * len(texts)
    remaining = {group: iter(texts) for group, texts in kept.items()}
    masked = with_texts(span, (next(remaining[text.group]) for text in found))
    decisions: list[tuple[str, Decision]] = [(each.place, each) for each in spoken.decisions]
    # Of the many texts elsewhere only those that something was found in are worth a row.
    decisions += [(ELSEWHERE, each) for each in apart.decisions if each.action != "allow" or each.error]
    enforced = [each.action for _, each in decisions if not each.is_shadow]
    masked = replace(masked, guard_action=max(enforced, key=ACTIONS.index, default=""))
    return masked, [
        _event(masked, policy, place, decision, number) for number, (place, decision) in enumerate(decisions)
    ]


def _anywhere(policy: Policy) -> Policy:
    """Return a policy whose guards look everywhere: texts of no known place are held to all of them."""
    known = _KNOWN.get(id(policy))
    if known is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        guards = tuple(replace(guard, places=frozenset(PLACES)) for guard in policy.guards)
        known = _KNOWN[id(policy)] = policy, replace(policy, guards=guards)
    return known[1]


_MOST_KNOWN = 512
# By identity: what is known here is kept, and cannot lose its id.
_KNOWN: dict[int, tuple[Policy, Policy]] = {}


def _with_aliases(masked: Span, before: Span, pepper: bytes) -> Span:
    """Tell people and conversations apart whose names are masked."""
    names: dict[str, Any] = {
        field: alias(name, project_id=before.project_id, pepper=pepper)
        for field in ("user_id", "session_id")
        if (name := getattr(before, field)) != getattr(masked, field)
    }
    return replace(masked, **names) if names else masked


def _placed(found: Sequence[FoundText], group: str) -> list[PlacedText]:
    return [PlacedText(place=each.place, text=each.text) for each in found if each.group == group]


def _refuse_failures(decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        if decision.error and decision.action == "block" and not decision.is_shadow:
            raise UnavailableError(
                f"the guard {decision.guard!r} could not look at the spans ({decision.error});"
                " nothing was stored, keep them and try again",
                retry_after_s=_RETRY_AFTER_S,
            )


def _event(span: Span, policy: Policy, place: str, decision: Decision, number: int) -> GuardEvent:
    identity = f"{span.project_id}/{span.trace_id}/{span.span_id}/{policy.version}/{number}"
    source = policy.source(decision.scope)
    return GuardEvent(
        id=uuid5(_EVENTS, identity),
        project_id=span.project_id,
        trace_id=span.trace_id,
        span_id=span.span_id,
        at_us=span.start_time_us,
        policy_id=source.id,
        policy_name=source.name,
        policy_version=source.version,
        guard=decision.guard,
        guard_kind=decision.kind,
        place=place,
        action=decision.action,
        is_shadow=decision.is_shadow,
        error=decision.error,
        entities=dict(decision.entities),
        score=decision.score,
        duration_us=decision.duration_us,
        environment=span.environment,
        model=span.model,
        entity_scores=dict(decision.entity_scores),
        held_us=decision.held_us,
        canary=decision.canary,
        scope=decision.scope,
        api_key_id=span.api_key_id,
    )
