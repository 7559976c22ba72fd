"""Guards of a policy as rows keep them and pages edit them, and as `guardrails` understands them."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args
from uuid import UUID

from console.policies.models import Policy
from guardrails import policy as guardrails
from guardrails import registry
from guardrails.verdict import PLACES, Place

LATER_FIELDS: Mapping[str, Any] = {
    "mode": "hold",
    "actions": {},
    "threshold": 0.0,
    "thresholds": {},
    "rollout_percent": 100,
    "replacement": "placeholder",
    "replacement_text": "",
}
"""Fields that rows may lack, and what they then mean."""
FIELDS = (
    "name",
    "kind",
    "action",
    "places",
    "on_error",
    "deadline_ms",
    "is_shadow",
    "is_enabled",
    *LATER_FIELDS,
    "parameters",
)


class GuardError(ValueError):
    """A guard cannot be saved; the message says which one and why."""


def enforceable(
    policy: Policy,
    number: int,
    guards: Sequence[Mapping[str, Any]],
    *,
    rollout_percent: int = 100,
    remembers_s: int = 0,
    before: guardrails.Policy | None = None,
) -> guardrails.Policy:
    """Return rows of guards as the policy that runs: without those that are switched off."""
    return guardrails.Policy(
        id=policy.id,
        name=policy.name,
        version=number,
        guards=tuple(config_from(guard) for guard in guards if guard.get("is_enabled", True)),
        rollout_percent=rollout_percent,
        remembers_s=remembers_s,
        before=before,
    )


def checked_guards(guards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return guards as rows keep them. Raises GuardError for the first that cannot be enforced."""
    checked: list[dict[str, Any]] = []
    names: set[str] = set()
    for guard in guards:
        config = checked_config(guard)
        if config.name in names:
            raise GuardError(f"two guards are named {config.name!r}; give each its own name")
        names.add(config.name)
        checked.append(as_stored(config, is_enabled=guard.get("is_enabled", True) is not False))
    return checked


def checked_shares(rollout_percent: int, remembers_s: int) -> None:
    """Raise GuardError unless a version can be in force for such a share and remember for so long."""
    draft = guardrails.Policy(
        id=UUID(int=0), name="draft", version=0, rollout_percent=rollout_percent, remembers_s=remembers_s
    )
    try:
        registry.validate_policy(draft)
    except guardrails.PolicyError as error:
        raise GuardError(str(error)) from error


def checked_config(guard: Mapping[str, Any]) -> guardrails.GuardConfig:
    """Return one guard. Raises GuardError unless it can be enforced as it stands."""
    config = config_from(guard)
    try:
        registry.validate(config)
    except guardrails.PolicyError as error:
        raise GuardError(str(error)) from error
    return config


def config_from(guard: Mapping[str, Any]) -> guardrails.GuardConfig:
    """Read one guard as it is stored. Raises GuardError when a field is not of its type."""
    places = guard.get("places", list(PLACES))
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        raise GuardError(f"guard {guard.get('name')!r}: places must be a list of {', '.join(PLACES)}")
    unknown = sorted(set(places) - set(PLACES))
    if unknown:
        raise GuardError(f"guard {guard.get('name')!r}: unknown place {unknown[0]!r}; known: {list(PLACES)}")
    return guardrails.GuardConfig(
        name=_typed(guard, "name", str),
        kind=_typed(guard, "kind", str),
        action=_typed(guard, "action", str),
        places=frozenset(place for place in get_args(Place) if place in places),
        on_error=_typed(guard, "on_error", str),
        deadline_ms=_typed(guard, "deadline_ms", int),
        is_shadow=guard.get("is_shadow", False) is True,
        mode=_typed(guard, "mode", str, "hold"),
        actions=_typed(guard, "actions", dict, {}),
        threshold=_number(guard, "threshold"),
        thresholds=_typed(guard, "thresholds", dict, {}),
        rollout_percent=_typed(guard, "rollout_percent", int, 100),
        replacement=_typed(guard, "replacement", str, "placeholder"),
        replacement_text=_typed(guard, "replacement_text", str, ""),
        parameters=_typed(guard, "parameters", dict),
    )


def as_stored(config: guardrails.GuardConfig, *, is_enabled: bool = True) -> dict[str, Any]:
    """Return a guard as rows keep it. What was added to guards later is there only where somebody chose it."""
    later = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, default in LATER_FIELDS.items()
        if (value := getattr(config, name)) != default
    }
    return {
        "name": config.name,
        "kind": config.kind,
        "action": config.action,
        "places": [place for place in PLACES if place in config.places],
        "on_error": config.on_error,
        "deadline_ms": config.deadline_ms,
        "is_shadow": config.is_shadow,
        "is_enabled": is_enabled,
        **later,
        "parameters": dict(config.parameters),
    }


def _number(guard: Mapping[str, Any], name: str) -> float:
    value = guard.get(name, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GuardError(f"guard {guard.get('name')!r}: {name} must be a number, not {value!r}")
    return float(value)


def _typed(guard: Mapping[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = guard.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise GuardError(
            f"guard {guard.get('name')!r}: {name} must be of type {kind.__name__}, not {value!r}"
        )
    return value
