"""A draft of a policy tried on one text, by the same code that guards the traffic."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from console.policies.guards import config_from
from guardrails.client import GuardServer
from guardrails.glance import is_json
from guardrails.json_text import JsonText, encodable
from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from guardrails.session import Decision, GuardSession, Outcome, PlacedText
from guardrails.verdict import ACTIONS, Finding, Place
from ingest.keys import pepper_from

MAX_CHARACTERS = 20_000
MOST_LISTED = 50
_DRAFT = UUID(int=0)
_ANSWERS: tuple[Place, ...] = ("answer", "reasoning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the text, and what the guards find in all of it."""

    text: str
    marks: Sequence[str] = ()
    """Guard, entity and score of each finding that covers it."""
    action: str = ""
    """The strongest of what follows from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding, with the text it is about: who tries a text may see it."""

    entity: str
    text: str
    score: float
    start: int
    end: int
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one guard made of the text."""

    decision: Decision
    found: Sequence[Found]
    more: int
    """How many findings are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a draft made of a text. Nothing of it is kept."""

    outcome: Outcome
    guards: Sequence[Tried]
    pieces: Sequence[Piece]
    duration_us: int

    @property
    def is_marked(self) -> bool:
        """Tell whether anything was found."""
        return any(piece.marks for piece in self.pieces)

    @property
    def is_unreachable(self) -> bool:
        """Tell whether a guard could not be asked."""
        return any(each.decision.error == "unreachable" for each in self.guards)

    @property
    def travels(self) -> str:
        """Return what would travel on."""
        return self.outcome.texts[0]


def attempt(
    guards: Sequence[Mapping[str, Any]], *, place: Place, text: str, project_id: UUID = _DRAFT
) -> Trial:
    """Run the guards that are in use over a text, as if it stood at a place of a call."""
    policy = Policy(
        id=_DRAFT,
        name="draft",
        version=0,
        guards=tuple(config_from(guard) for guard in guards if guard.get("is_enabled", True)),
    )
    keys = RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project_id)
    return async_to_sync(_attempt)(policy, PlacedText(place=place, text=text), keys)


async def _attempt(policy: Policy, text: PlacedText, keys: RedactionKeys) -> Trial:
    server = GuardServer(settings.GUARD_URL, token=settings.GUARD_TOKEN)
    try:
        session = GuardSession(policy, detector=server, keys=keys, shown={})
        began = time.perf_counter_ns()
        outcome = await session.check([text], is_answer=text.place in _ANSWERS)
        duration_us = (time.perf_counter_ns() - began) // 1_000
    finally:
        await server.close()
    read = encodable(text.text)
    if is_json(text.place, read):
        read = JsonText(read).view
    return Trial(
        outcome=outcome,
        guards=[_tried(policy, decision, session.shown or {}, read) for decision in session.decisions],
        pieces=_pieces(policy, session.shown or {}, read),
        duration_us=duration_us,
    )


def _tried(policy: Policy, decision: Decision, shown: Mapping[str, Sequence[Finding]], read: str) -> Tried:
    findings = sorted(shown.get(decision.guard, ()), key=lambda each: (each.start, each.end))
    found = [
        Found(
            entity=each.entity,
            text=read[each.start : each.end],
            score=each.score,
            start=each.start,
            end=each.end,
            action=_action(policy, decision.guard, each.entity),
        )
        for each in findings[:MOST_LISTED]
    ]
    return Tried(decision=decision, found=found, more=max(0, len(findings) - MOST_LISTED))


def _pieces(policy: Policy, shown: Mapping[str, Sequence[Finding]], read: str) -> list[Piece]:
    """Cut the text wherever a finding begins or ends."""
    every = [
        (max(each.start, 0), min(each.end, len(read)), guard, each)
        for guard, findings in shown.items()
        for each in findings
    ]
    cuts = sorted({0, len(read), *(start for start, *_ in every), *(end for _, end, *_ in every)})
    pieces = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        covering = [(guard, each) for first, last, guard, each in every if first <= start and end <= last]
        actions = [_action(policy, guard, each.entity) for guard, each in covering]
        pieces.append(
            Piece(
                text=read[start:end],
                marks=[f"{guard}: {each.entity} {each.score:.2f}" for guard, each in covering],
                action=max(actions, key=ACTIONS.index, default=""),
            )
        )
    return pieces


def _action(policy: Policy, guard: str, entity: str) -> str:
    config = next(each for each in policy.guards if each.name == guard)
    return config.actions.get(entity, config.action)
