"""The project's policy, applied to what people and programs write into the console, before any of it is stored."""

from collections.abc import Sequence

from asgiref.sync import async_to_sync
from django.conf import settings

from console.accounts.models import Project
from console.policies.in_force import policy_in_force
from guardrails.client import GuardServer
from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from guardrails.session import GuardSession, PlacedText
from guardrails.verdict import STOPPING
from ingest.keys import pepper_from


class UncheckedTextError(Exception):
    """A guard that must not fail could not look at a text; nothing of it may be stored."""


def as_stored(project: Project, texts: Sequence[str]) -> list[str]:
    """Return texts as they may be stored. Raises UncheckedTextError when a guard that must not fail cannot look."""
    policy = policy_in_force(project)
    if policy is None or not any(texts):
        return list(texts)
    keys = RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project.pk)
    return async_to_sync(_masked)(policy, texts, keys)


async def _masked(policy: Policy, texts: Sequence[str], keys: RedactionKeys) -> list[str]:
    server = GuardServer(settings.GUARD_URL)
    try:
        session = GuardSession(policy, server, keys=keys)
        outcome = await session.check_input([PlacedText("user", text) for text in texts])
    finally:
        await server.close()
    for decision in session.decisions:
        if decision.error and decision.action in STOPPING and not decision.is_shadow:
            raise UncheckedTextError(
                f"the guard {decision.guard!r} could not look at what you wrote ({decision.error}); "
                "nothing was stored, try again in a moment"
            )
    return list(outcome.stored)
