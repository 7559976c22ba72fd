"""Every kind of guard: how it is built, what it can be told, and whether what a policy asks of it can be enforced."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from guardrails.guards import pattern, pii, words
from guardrails.parameters import Parameter
from guardrails.policy import GuardConfig, Policy, PolicyError
from guardrails.verdict import ACTIONS, PLACES, Failure, Finding

LONGEST_DEADLINE_MS = 60_000


class Scanner(Protocol):
    """Follows one text through one guard."""

    settled: int

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Finding]:
        """Return the findings that have become certain. `text` begins at `base`."""


class LocalGuard(Protocol):
    """A guard that decides within microseconds, in the process that asks."""

    def scanner(self) -> Scanner:
        """Return what follows one text through this guard."""


class RemoteGuard(Protocol):
    """A guard whose detector runs in the guard server."""

    kind: str
    parameters: Mapping[str, Any]
    fingerprint: str

    def may_find(self, text: str) -> bool:
        """Tell without asking the server whether there can be anything in the text; in doubt, there can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardKind:
    """A kind of guard, as the console shows it and a policy names it."""

    kind: str
    title: str
    help: str
    tier: Literal[1, 2]
    """1 runs in the proxy, 2 in the guard server."""
    parameters: tuple[Parameter, ...]
    build: Callable[[Mapping[str, Any]], Any]


KINDS: Mapping[str, GuardKind] = {
    kind.kind: kind
    for kind in (
        GuardKind(
            kind="pattern",
            title="Patterns",
            help="Keys, addresses and numbers by their form and checksum, and regular expressions of your own.",
            tier=1,
            parameters=pattern.PARAMETERS,
            build=pattern.build,
        ),
        GuardKind(
            kind="words",
            title="Words",
            help="A list of words and phrases that should not be said.",
            tier=1,
            parameters=words.PARAMETERS,
            build=words.build,
        ),
        GuardKind(
            kind="pii",
            title="Personal data",
            help="E-mail addresses, telephone, card, account and identity numbers, found with their context.",
            tier=2,
            parameters=pii.PARAMETERS,
            build=pii.build,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One guard of a policy, ready to run."""

    order: int
    config: GuardConfig
    local: LocalGuard | None = None
    remote: RemoteGuard | None = None
    failure: Failure | None = None
    """Why it cannot run. Validation refuses such a guard; one that came another way follows its `on_error`."""

    @property
    def changes_text(self) -> bool:
        """True when a finding must not travel on or be stored."""
        return self.config.action in ("mask", "block") and not self.config.is_shadow


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
