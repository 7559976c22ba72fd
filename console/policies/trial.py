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
from guardrails.policy import Policy
from guardrails.session import Decision, GuardSession, Outcome, PlacedText
from guardrails.verdict import Place

MAX_CHARACTERS = 20_000
_DRAFT = UUID(int=0)
_ANSWERS: tuple[Place, ...] = ("answer", "reasoning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a draft made of a text. Nothing of it is kept."""

    outcome: Outcome
    decisions: Sequence[Decision]
    duration_us: int

    @property
    def travels(self) -> str:
        """Return what would travel on."""
        return self.outcome.texts[0]


def attempt(guards: Sequence[Mapping[str, Any]], *, place: Place, text: str) -> Trial:
    """Run the guards that are in use over a text, as if it stood at a place of a call."""
    policy = Policy(
        id=_DRAFT,
        name="draft",
        version=0,
        guards=tuple(config_from(guard) for guard in guards if guard.get("is_enabled", True)),
    )
    return async_to_sync(_attempt)(policy, PlacedText(place=place, text=text))


async def _attempt(policy: Policy, text: PlacedText) -> Trial:
    server = GuardServer(settings.GUARD_URL)
    try:
        session = GuardSession(policy, detector=server)
        began = time.perf_counter_ns()
        outcome = await session.check([text], is_answer=text.place in _ANSWERS)
        duration_us = (time.perf_counter_ns() - began) // 1_000
        return Trial(outcome=outcome, decisions=session.decisions, duration_us=duration_us)
    finally:
        await server.close()
