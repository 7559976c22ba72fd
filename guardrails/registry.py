"""The guards of a policy, ready to run, and whether what a policy asks of them can be enforced."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from guardrails import hints
from guardrails.kinds import KINDS, GuardKind
from guardrails.local import ScanningGuard, WholeGuard
from guardrails.policy import SCOPES, STYLES, GuardConfig, Policy, PolicyError
from guardrails.verdict import ACTIONS, CHANGING, PLACES, STOPPING, Action, Failure, Finding, Place

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
LONGEST_REPLACEMENT = 100
STREAMED: frozenset[Place] = frozenset(("answer", "reasoning"))
"""Places whose texts go out while they grow. Arguments of tools are held until they are whole."""
LONGEST_MEMORY_S = 30 * 24 * 3_600
_ENTITY = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class RemoteGuard(Protocol):
    """A guard whose detector runs in the guard server."""

    @property
    def kind(self) -> str:
        """Which detector looks."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What it is told."""

    @property
    def fingerprint(self) -> str:
        """Equal for two guards that find the same in every text."""

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
        config = self.config
        return not config.is_shadow and (
            config.action in CHANGING or not CHANGING.isdisjoint(config.actions.values())
        )

    @property
    def may_stop(self) -> bool:
        """True when a finding can stop a text."""
        config = self.config
        return config.action in STOPPING or not STOPPING.isdisjoint(config.actions.values())

    @property
    def may_escalate(self) -> bool:
        """True when a finding can hold a text for a person."""
        config = self.config
        return not config.is_shadow and (config.action == "escalate" or "escalate" in config.actions.values())

    @property
    def is_particular(self) -> bool:
        """True when what follows a finding depends on what was found, or on how sure the guard is."""
        config = self.config
        return bool(config.actions or config.threshold or config.thresholds)

    @property
    def canary(self) -> Literal["", "enforced", "shadow"]:
        """Whether a guard that is enforced for a part of the conversations is for this one."""
        if self.config.rollout_percent >= 100:
            return ""
        return "shadow" if self.config.is_shadow else "enforced"

    def action_for(self, entity: str) -> Action:
        """Return what follows a finding."""
        return self.config.actions.get(entity, self.config.action)

    def changes(self, entity: str) -> bool:
        """Tell whether a finding must not travel on or be stored."""
        return not self.config.is_shadow and self.action_for(entity) in CHANGING

    def counted(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Return the findings that are sure enough."""
        config = self.config
        return [
            each for each in findings if each.score >= config.thresholds.get(each.entity, config.threshold)
        ]

    @property
    def holds(self) -> bool:
        """True when of a growing text nothing may travel on that the guard is not sure of."""
        return self.changes_text and self.config.mode == "hold"

    @property
    def is_waited_for(self) -> bool:
        """True when a growing text waits until the guard's detector has answered: something may follow for it."""
        config = self.config
        return config.mode == "hold" and (
            self.changes_text or (config.on_error == "block" and not config.is_shadow)
        )

    @property
    def reads_whole(self) -> bool:
        """True for a guard that can say something only about a whole text."""
        return self.whole is not None or bool(getattr(self.remote, "reads_whole", False))

    @property
    def holds_all(self) -> bool:
        """True when nothing of a text may travel on before all of it is there."""
        return self.reads_whole and self.holds


def validate(config: GuardConfig) -> None:
    """Raise PolicyError, in a sentence for the person who wrote it, unless the guard can be enforced as configured."""
    if not config.name.strip() or len(config.name) > 100 or not config.name.isprintable():
        raise PolicyError(f"a guard needs a name of 1 to 100 printable characters, not {config.name[:100]!r}")
    for action in (config.action, *config.actions.values()):
        if action not in ACTIONS:
            raise PolicyError(
                f"guard {config.name!r}: unknown action {action!r}; {hints.known(action, ACTIONS)}"
            )
    unknown = sorted(set(config.places) - set(PLACES))
    if unknown or not config.places:
        what = f"unknown place {unknown[0]!r}" if unknown else "no place to look in"
        raise PolicyError(
            f"guard {config.name!r}: {what}; {hints.known(unknown[0] if unknown else '', PLACES)}"
        )
    if config.on_error not in ("allow", "block"):
        raise PolicyError(f"guard {config.name!r}: on_error is 'allow' or 'block', not {config.on_error!r}")
    if not 1 <= config.deadline_ms <= LONGEST_DEADLINE_MS:
        raise PolicyError(
            f"guard {config.name!r}: deadline_ms lies between 1 and {LONGEST_DEADLINE_MS}, not {config.deadline_ms}"
        )
    _validate_mode(config)
    _validate_roll_out(config)
    _validate_entities(config, _built(config))


def _validate_mode(config: GuardConfig) -> None:
    if config.mode not in ("hold", "observe"):
        raise PolicyError(f"guard {config.name!r}: mode is 'hold' or 'observe', not {config.mode!r}")
    masks = "mask" in (config.action, *config.actions.values())
    if config.mode == "observe" and masks and not STREAMED.isdisjoint(config.places):
        raise PolicyError(
            f"guard {config.name!r}: what has gone out cannot be masked, and mode 'observe' lets a stream go at once; "
            "use mode 'hold', another action, or places that are not streamed"
        )


def _validate_roll_out(config: GuardConfig) -> None:
    name = f"guard {config.name!r}"
    _percent(config.rollout_percent, name)
    if config.replacement not in STYLES:
        raise PolicyError(
            f"{name}: unknown replacement {config.replacement!r}; {hints.known(config.replacement, STYLES)}"
        )
    text = config.replacement_text
    if len(text) > LONGEST_REPLACEMENT or not text.isprintable():
        raise PolicyError(
            f"{name}: replacement_text has at most {LONGEST_REPLACEMENT} printable characters; shorten it"
        )
    if config.scope and config.scope not in SCOPES:
        raise PolicyError(f"{name}: unknown scope {config.scope!r}; {hints.known(config.scope, SCOPES)}")


def _validate_entities(config: GuardConfig, guard: Any) -> None:
    name = f"guard {config.name!r}"
    for field, value in (("threshold", config.threshold), *config.thresholds.items()):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise PolicyError(f"{name}: {field} must be a number from 0 to 1, not {value!r}")
    found: frozenset[str] | None = getattr(guard, "entities", None)
    for field, by_entity in (("actions", config.actions), ("thresholds", config.thresholds)):
        for entity in by_entity:
            if not isinstance(entity, str) or not _ENTITY.fullmatch(entity):
                raise PolicyError(
                    f"{name}: {field} names {str(entity)[:100]!r}; a finding's name is in capitals, digits and _"
                )
            if found is not None and entity not in found:
                raise PolicyError(
                    f"{name}: {field} names {entity!r}, which it does not look for; "
                    f"{hints.known(entity, sorted(found))}"
                )


def _percent(value: Any, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise PolicyError(f"{name}: rollout_percent is a whole number from 0 to 100, not {value!r}")


def validate_policy(policy: Policy) -> None:
    """Raise PolicyError unless every guard of the policy can be enforced and no two share a name."""
    names = [config.name for config in policy.guards]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PolicyError(f"two guards are called {twice[0]!r}; rename one")
    _percent(policy.rollout_percent, f"policy {policy.name!r}")
    if not 0 <= policy.remembers_s <= LONGEST_MEMORY_S:
        raise PolicyError(
            f"policy {policy.name!r}: remembers_s lies between 0 and {LONGEST_MEMORY_S}, not {policy.remembers_s}"
        )
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


@functools.lru_cache(maxsize=4_096)
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
        raise PolicyError(
            f"guard {config.name!r}: there is no kind {config.kind!r}; {hints.known(config.kind, sorted(KINDS))}"
        )
    try:
        return _build(_Parameters(kind, config.parameters))
    except PolicyError as error:
        raise PolicyError(f"guard {config.name!r}: {error}") from error


class _Parameters:
    """What a guard of a kind is built of: a cache's key, known by how it is written."""

    __slots__ = ("_key", "kind", "values")

    def __init__(self, kind: GuardKind, values: Mapping[str, Any]) -> None:
        self.kind = kind
        self.values = values
        self._key = kind.kind, repr(values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Parameters) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@functools.lru_cache(maxsize=1_024)
def _build(parameters: _Parameters) -> Any:
    # Guards know nothing of the texts they have seen: one will do for all policies that ask for the same.
    return parameters.kind.build(parameters.values)
