"""One call of the past under another policy: the stored messages, run through the same code that guards the traffic.

What is stored has passed the policy of its time. What that masked cannot be found again, so such findings are taken over:
a placeholder counts as found by each guard that looks for its type in its place.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast, get_args
from uuid import UUID

from guardrails.policy import GuardConfig, Policy
from guardrails.registry import Check, checks
from guardrails.session import Detector, GuardSession, PlacedText
from guardrails.verdict import ACTIONS, CHANGING, STOPPING, Action
from inference_proxy.span_texts import FoundText, texts_of
from ingest.queries.replay import PastCall, PastVerdict
from ingest.queries.said import Said
from ingest.queries.spans import SpanDetail
from ingest.records import Message, Span, SpanKind

PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]{1,63}?)_\d{1,9}>")
LEAST_DEADLINE_MS = 10_000
"""A worker that is busy must not make guards miss their deadlines."""
PASSING_ERRORS = frozenset(("unreachable", "overloaded", "timeout"))
_NO_ID = UUID(int=0)
_OF_THE_PROJECT = frozenset(("", "project"))
_ANSWERS: frozenset[str] = frozenset(("answer", "reasoning", "tool_arguments"))


class GuardAwayError(Exception):
    """A guard could not look because its server is away; what came out would say nothing about the policy."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What one guard makes of a call at one place."""

    guard: str
    kind: str
    place: str
    action: Action
    is_shadow: bool
    entities: dict[str, int]
    taken_over: dict[str, int] = field(default_factory=dict)
    """Of these, what only its placeholder is left of."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a policy makes of a call, beside what was made of it then."""

    call: PastCall
    found: Sequence[Found]
    then: Sequence[PastVerdict]
    action_then: Action
    action_now: Action
    is_stopped_before: bool
    """Whether the call would not have been made."""
    was_stopped_before: bool
    placeholders: Mapping[str, int]
    """What the stored texts had masked, by type."""
    unsought: Mapping[str, int]
    """Of these, what no guard of this policy looks for."""
    duration_us: int
    durations_us: Mapping[str, int]
    """How long each guard took."""


def candidate(guards: Sequence[GuardConfig]) -> Policy:
    """Return guards as a policy that holds for every call, whatever part of them it would be rolled out to."""
    return Policy(
        id=_NO_ID,
        name="backtest",
        version=0,
        guards=tuple(
            replace(guard, rollout_percent=100, deadline_ms=max(guard.deadline_ms, LEAST_DEADLINE_MS))
            for guard in guards
        ),
    )


async def replay(
    policy: Policy, detector: Detector, call: PastCall, said: Said, then: Sequence[PastVerdict]
) -> Replayed:
    """Run a call's stored messages through a policy. Raises GuardAwayError when a guard's server is away."""
    texts = _texts(call.kind, said.input_messages, said.output_messages)
    session = GuardSession(policy, detector)
    began = time.perf_counter_ns()
    stopped_before = False
    for group in ("input", "output"):
        placed = [PlacedText(each.place, each.text) for each in texts if each.group == group]
        if placed and not stopped_before:
            outcome = await (session.check_input if group == "input" else session.check_output)(placed)
            stopped_before = group == "input" and outcome.action in STOPPING
    duration_us = (time.perf_counter_ns() - began) // 1_000
    durations: dict[str, int] = {}
    found: list[Found] = []
    for decision in session.decisions:
        if decision.error in PASSING_ERRORS:
            raise GuardAwayError(f"the guard {decision.guard!r} could not look: {decision.error}")
        durations[decision.guard] = durations.get(decision.guard, 0) + decision.duration_us
        if decision.entities or decision.error:
            found.append(
                Found(
                    guard=decision.guard,
                    kind=decision.kind,
                    place=decision.place,
                    action=decision.action,
                    is_shadow=decision.is_shadow,
                    entities=dict(decision.entities),
                    error=decision.error,
                )
            )
    unsought = _take_over(found, checks(policy), then)
    enforced = [each for each in found if not each.is_shadow]
    return Replayed(
        call=call,
        found=found,
        then=then,
        action_then=_known(call.guard_action),
        action_now=_strongest([each.action for each in enforced]),
        is_stopped_before=stopped_before
        or any(each.action in STOPPING and each.place not in _ANSWERS for each in enforced),
        was_stopped_before=any(
            each.action in STOPPING and not each.is_shadow and each.place not in _ANSWERS for each in then
        ),
        placeholders=placeholders_in(texts),
        unsought=unsought,
        duration_us=duration_us,
        durations_us=durations,
    )


def stored_texts(span: SpanDetail) -> list[FoundText]:
    """Return the texts of a call's messages as they are stored, each with its place."""
    return _texts(span.kind, span.input_messages, span.output_messages)


def _texts(kind: str, asked: Sequence[Message], answered: Sequence[Message]) -> list[FoundText]:
    """Return the texts of messages, each with its place, as the receiver finds them."""
    span = Span(
        project_id=_NO_ID,
        trace_id="",
        span_id="",
        name="",
        kind=cast(SpanKind, kind if kind in get_args(SpanKind) else "span"),
        source="api",
        start_time_us=0,
        duration_us=0,
        input_messages=list(asked),
        output_messages=list(answered),
    )
    return [each for each in texts_of(span) if each.group != "elsewhere"]


def placeholders_in(texts: Sequence[FoundText]) -> dict[str, int]:
    """Count what the policy of its time had masked, by type."""
    counts: dict[str, int] = {}
    for each in texts:
        if "<" in each.text:
            for entity in PLACEHOLDER.findall(each.text):
                counts[entity] = counts.get(entity, 0) + 1
    return counts


def _take_over(
    found: list[Found], candidates: Sequence[Check], then: Sequence[PastVerdict]
) -> dict[str, int]:
    """Add what was masked then to what is found now; return what no guard looks for any more."""
    unsought: dict[str, int] = {}
    for verdict in then:
        if verdict.scope not in _OF_THE_PROJECT:
            # Guards of the organisation, of routes and of keys stay as they are, whatever becomes of the project's.
            found.append(_as_it_was(verdict))
            continue
        if verdict.is_shadow or verdict.action not in CHANGING:
            continue
        for entity, count in verdict.entities.items():
            seeking = [check for check in candidates if _seeks(check, verdict, entity)]
            for check in seeking:
                _add(found, check, verdict.place, entity, count)
            if not seeking:
                unsought[entity] = unsought.get(entity, 0) + count
    return unsought


def _as_it_was(verdict: PastVerdict) -> Found:
    return Found(
        guard=verdict.guard,
        kind=verdict.guard_kind,
        place=verdict.place,
        action=_known(verdict.action),
        is_shadow=verdict.is_shadow,
        entities=dict(verdict.entities),
        taken_over=dict(verdict.entities),
    )


def _seeks(check: Check, verdict: PastVerdict, entity: str) -> bool:
    if verdict.place not in check.places:
        return False
    sought: frozenset[str] | None = getattr(check.local or check.whole or check.remote, "entities", None)
    return check.config.kind == verdict.guard_kind if sought is None else entity in sought


def _add(found: list[Found], check: Check, place: str, entity: str, count: int) -> None:
    one = next((each for each in found if each.guard == check.config.name and each.place == place), None)
    if one is None:
        one = Found(
            guard=check.config.name,
            kind=check.config.kind,
            place=place,
            action="allow",
            is_shadow=check.config.is_shadow,
            entities={},
        )
        found.append(one)
    one.entities[entity] = one.entities.get(entity, 0) + count
    one.taken_over[entity] = one.taken_over.get(entity, 0) + count
    one.action = _strongest([one.action, check.action_for(entity)])


def _strongest(actions: Sequence[Action]) -> Action:
    return max(actions, key=ACTIONS.index, default="allow")


def _known(action: str) -> Action:
    return next((each for each in ACTIONS if each == action), "allow")
