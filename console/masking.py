"""The project's policy, applied to what people and programs write into the console, before any of it is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from asgiref.sync import async_to_sync
from django.conf import settings

from console.accounts.models import Project
from console.policies.in_force import policy_in_force
from guardrails.client import GuardServer
from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from guardrails.session import Decision, GuardSession, PlacedText
from guardrails.verdict import PLACES, STOPPING
from ingest.keys import pepper_from

PATIENCE_MS = 60_000
"""How long a guard may take over one of many texts: nobody waits for a token here."""
AT_ONCE = 64
"""Groups of texts that are looked at side by side."""


class UncheckedTextError(Exception):
    """A guard that must not fail could not look at a text; nothing of it may be stored."""


def as_stored(project: Project, texts: Sequence[str]) -> list[str]:
    """Return texts as they may be stored. Raises UncheckedTextError when a guard that must not fail cannot look."""
    policy = policy_in_force(project)
    if policy is None or not any(texts):
        return list(texts)
    return async_to_sync(_masked)(policy, texts, _keys(project))


def each_as_stored(project: Project, groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return groups of texts as they may be stored, each group as if it were the only one.

    Stand-ins are numbered anew in each group, so that the same row of a file is masked in the same way again. A text may come
    from anywhere, so every guard looks at it, wherever its policy has it look. Raises UncheckedTextError.
    """
    policy = policy_in_force(project)
    if policy is None or not any(any(texts) for texts in groups):
        return [list(texts) for texts in groups]
    # In a loop of this thread's own: many texts would keep the web server's from everybody else's requests.
    return asyncio.run(_each_masked(patient(everywhere(policy)), groups, _keys(project)))


def everywhere(policy: Policy) -> Policy:
    """Return a policy whose guards look at texts of every place."""
    guards = tuple(replace(guard, places=frozenset(PLACES)) for guard in policy.guards)
    before = None if policy.before is None else everywhere(policy.before)
    return replace(policy, guards=guards, before=before)


def patient(policy: Policy) -> Policy:
    """Return a policy whose guards may take the time that many texts take."""
    guards = tuple(replace(guard, deadline_ms=max(guard.deadline_ms, PATIENCE_MS)) for guard in policy.guards)
    before = None if policy.before is None else patient(policy.before)
    return replace(policy, guards=guards, before=before)


def refuse_failures(decisions: Sequence[Decision]) -> None:
    """Raise UncheckedTextError when a guard that must not fail could not look."""
    for decision in decisions:
        if decision.error and decision.action in STOPPING and not decision.is_shadow:
            raise UncheckedTextError(
                f"the guard {decision.guard!r} could not look at what you wrote ({decision.error}); "
                "nothing was stored, try again in a moment"
            )


async def _masked(policy: Policy, texts: Sequence[str], keys: RedactionKeys) -> list[str]:
    server = GuardServer(settings.GUARD_URL, token=settings.GUARD_TOKEN)
    try:
        return await _in_a_session(policy, texts, keys, server)
    finally:
        await server.close()


async def _each_masked(
    policy: Policy, groups: Sequence[Sequence[str]], keys: RedactionKeys
) -> list[list[str]]:
    server = GuardServer(settings.GUARD_URL, token=settings.GUARD_TOKEN)
    masked: list[list[str]] = []
    try:
        for start in range(0, len(groups), AT_ONCE):
            some = groups[start : start + AT_ONCE]
            masked += await asyncio.gather(*(_in_a_session(policy, texts, keys, server) for texts in some))
    finally:
        await server.close()
    return masked


async def _in_a_session(
    policy: Policy, texts: Sequence[str], keys: RedactionKeys, server: GuardServer
) -> list[str]:
    session = GuardSession(policy, server, keys=keys)
    outcome = await session.check_input([PlacedText("user", text) for text in texts])
    refuse_failures(session.decisions)
    return list(outcome.stored)


def _keys(project: Project) -> RedactionKeys:
    return RedactionKeys.derive(pepper_from(settings.PARAPET_SECRET_KEY), project.pk)
