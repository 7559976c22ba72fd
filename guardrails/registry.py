"""The guards of a policy, ready to run, and whether what a policy asks of them can be enforced."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from guardrails.kinds import KINDS, GuardKind
from guardrails.local import ScanningGuard, WholeGuard
from guardrails.policy import GuardConfig, Policy, PolicyError
from guardrails.verdict import ACTIONS, PLACES, Failure, Place

__all__ = [
    "KINDS",
    "LONGEST_DEADLINE_MS",
    "Check",
    "GuardKind",
    "RemoteGuard",
    "checks",
    "validate",
    "validate_policy",
]

LONGEST_DEADLINE_MS = 60_000


class RemoteGuard(Protocol):
    """A guard whose detector runs in the guard server."""

    kind: str
    parameters: Mapping[str, Any]
    fingerprint: str

    def may_find(self, text: str) -> bool:
        """Tell without asking the server whether there can be anything in the text; in doubt, there can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One guard of a policy, ready to run."""

    order: int
    config: GuardConfig
    local: ScanningGuard | None = None
    whole: WholeGuard | None = None
    remote: RemoteGuard | None = None
    failure: Failure | None = None
    """Why it cannot run. Validation refuses such a guard; one that came another way follows its `on_error`."""

    @property
    def places(self) -> frozenset[Place]:
        """Where the guard looks: what its policy says, as far as its kind has a meaning there."""
        kind = KINDS.get(self.config.kind)
        return self.config.places & kind.places if kind else self.config.places

    @property
    def changes_text(self) -> bool:
        """True when a finding must not travel on or be stored."""
        return self.config.action in ("mask", "block") and not self.config.is_shadow

    @property
    def holds_all(self) -> bool:
        """True when nothing of a text may travel on before all of it is there."""
        return self.whole is not None and self.changes_text


def validate(config: GuardConfig) -> None:
    """Raise PolicyError, in a sentence for the person who wrote it, unless the guard can be enforced as configured."""
    if not config.name.strip() or len(config.name) > 100 or not config.name.isprintable():
        raise PolicyError(f"a guard needs a name of 1 to 100 printable characters, not {config.name[:100]!r}")
    if config.action not in ACTIONS:
        raise PolicyError(f"guard {config.name!r}: unknown action {config.action!r}; known: {list(ACTIONS)}")
    unknown = sorted(set(config.places) - set(PLACES))
    if unknown or not config.places:
        what = f"unknown place {unknown[0]!r}" if unknown else "no place to look in"
        raise PolicyError(f"guard {config.name!r}: {what}; known: {list(PLACES)}")
    if config.on_error not in ("allow", "block"):
        raise PolicyError(f"guard {config.name!r}: on_error is 'allow' or 'block', not {config.on_error!r}")
    if not 1 <= config.deadline_ms <= LONGEST_DEADLINE_MS:
        raise PolicyError(
            f"guard {config.name!r}: deadline_ms lies between 1 and {LONGEST_DEADLINE_MS}, not {config.deadline_ms}"
        )
    _built(config)


def validate_policy(policy: Policy) -> None:
    """Raise PolicyError unless every guard of the policy can be enforced and no two share a name."""
    names = [config.name for config in policy.guards]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PolicyError(f"two guards are called {twice[0]!r}; rename one")
    for config in policy.guards:
        validate(config)


def checks(policy: Policy) -> tuple[Check, ...]:
    """Return the policy's guards ready to run, built once for each version."""
    return _checks(policy.id, policy.version, _Unhashed(policy))


@dataclass(frozen=True, slots=True)
class _Unhashed:
    """A policy beside its id and version in a cache's key: compared by its guards, hashed as nothing."""

    policy: Policy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed) and (
            self.policy is other.policy or self.policy.guards == other.policy.guards
        )

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=512)
def _checks(_id: UUID, _version: int, policy: _Unhashed) -> tuple[Check, ...]:
    return tuple(_check(order, config) for order, config in enumerate(policy.policy.guards))


def _check(order: int, config: GuardConfig) -> Check:
    try:
        validate(config)
        guard = _built(config)
    except PolicyError as error:
        return Check(order=order, config=config, failure=Failure(error="misconfigured", reason=str(error)))
    if KINDS[config.kind].tier == 1:
        if hasattr(guard, "judge"):
            return Check(order=order, config=config, whole=guard)
        return Check(order=order, config=config, local=guard)
    return Check(order=order, config=config, remote=guard)


def _built(config: GuardConfig) -> Any:
    kind = KINDS.get(config.kind)
    if kind is None:
        raise PolicyError(f"guard {config.name!r}: there is no kind {config.kind!r}; known: {sorted(KINDS)}")
    try:
        return kind.build(config.parameters)
    except PolicyError as error:
        raise PolicyError(f"guard {config.name!r}: {error}") from error
