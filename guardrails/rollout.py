"""Which version of a policy, and which of its guards, are enforced for a conversation.

A conversation has a number from 0 to 99, made of its id: the same on every call and in every process. A guard that is rolled
out to 20 % is enforced for the numbers below 20 and in shadow for the others, so that raising the share takes nobody out.
"""

import hashlib
from dataclasses import replace

from guardrails.policy import GuardConfig, Policy

MOST_KNOWN = 512


def in_force(policy: Policy, conversation: str) -> Policy:
    """Return what is in force for a conversation: the same object for the same outcome."""
    # By identity, as every policy that is looked at here is kept, and cannot lose its id.
    known = _KNOWN.get(id(policy))
    if known is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(policy)] = _Rollout(policy)
    return policy if known.is_whole else known.for_conversation(conversation)


def number_of(conversation: str, *, salt: bytes) -> int:
    """Return the number of a conversation, from 0 to 99."""
    digest = hashlib.blake2b(conversation.encode("utf-8", "surrogatepass"), key=salt[:64], digest_size=8)
    return int.from_bytes(digest.digest()) % 100


class _Rollout:
    """A policy and what becomes of it for different conversations."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._salt = policy.id.bytes
        self._variants: dict[tuple[int, int], Policy] = {}
        self.is_whole = _is_whole(policy)

    def for_conversation(self, conversation: str) -> Policy:
        # Two numbers, or a guard's share would be taken of the first conversations alone that a version reaches.
        numbers = (
            number_of(conversation, salt=self._salt + b"version"),
            number_of(conversation, salt=self._salt + b"guards"),
        )
        variant = self._variants.get(numbers)
        if variant is None:
            variant = self._variants[numbers] = self._alike(_variant(self._policy, *numbers))
        return variant

    def _alike(self, variant: Policy) -> Policy:
        """Return a variant that is there already, if it is the same."""
        return next((each for each in self._variants.values() if each == variant), variant)


def _variant(policy: Policy, version_number: int, guard_number: int) -> Policy:
    while policy.before is not None and version_number >= policy.rollout_percent:
        policy = policy.before
    guards = tuple(_guard(guard, guard_number) for guard in policy.guards)
    return replace(policy, guards=guards, before=None, rollout_percent=100)


def _guard(guard: GuardConfig, number: int) -> GuardConfig:
    return guard if number < guard.rollout_percent else replace(guard, is_shadow=True)


def _is_whole(policy: Policy) -> bool:
    return (policy.before is None or policy.rollout_percent >= 100) and all(
        guard.rollout_percent >= 100 for guard in policy.guards
    )


_KNOWN: dict[int, _Rollout] = {}
