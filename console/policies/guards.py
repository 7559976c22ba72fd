"""Guards of a policy as rows keep them and pages edit them, and as `guardrails` understands them."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from console.accounts.models import Project
from console.policies.models import Policy, PolicyVersion
from guardrails import policy as guardrails
from guardrails.verdict import ACTIONS, PLACES, Action, Place

ON_ERROR = ("allow", "block")
MAX_NAME = 64
MAX_DEADLINE_MS = 60_000


class GuardError(ValueError):
    """A guard cannot be saved; the message says which one and why."""


def policy_in_force(project: Project) -> guardrails.Policy | None:
    """Return the active policy of a project as the proxy enforces it: without the guards that are switched off."""
    version = (
        PolicyVersion.objects.filter(policy__project=project, policy__is_active=True)
        .select_related("policy")
        .order_by("-number")
        .first()
    )
    return enforceable(version.policy, version.number, version.guards) if version else None


def enforceable(policy: Policy, number: int, guards: Sequence[Mapping[str, Any]]) -> guardrails.Policy:
    """Return rows of guards as the policy that runs."""
    return guardrails.Policy(
        id=policy.id,
        name=policy.name,
        version=number,
        guards=tuple(config_from(guard) for guard in guards if guard.get("is_enabled", True)),
    )


def config_from(guard: Mapping[str, Any]) -> guardrails.GuardConfig:
    """Read one guard as it is stored. Raises GuardError naming what is wrong."""
    name = guard.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise GuardError(f"a guard needs a name of 1 to {MAX_NAME} characters, not {name!r}")
    places = guard.get("places", list(PLACES))
    if not isinstance(places, list) or not places or set(map(str, places)) - set(PLACES):
        raise GuardError(f"guard {name!r}: places must be some of {', '.join(PLACES)}, not {places!r}")
    deadline_ms = guard.get("deadline_ms", 2_000)
    if type(deadline_ms) is not int or not 1 <= deadline_ms <= MAX_DEADLINE_MS:
        raise GuardError(
            f"guard {name!r}: the deadline must be 1 to {MAX_DEADLINE_MS} ms, not {deadline_ms!r}"
        )
    parameters = guard.get("parameters", {})
    if not isinstance(parameters, dict):
        raise GuardError(f"guard {name!r}: parameters must be an object, not {parameters!r}")
    return guardrails.GuardConfig(
        name=name,
        kind=_choice(guard, "kind", None),
        action=_choice(guard, "action", ACTIONS),
        places=frozenset(place for place in get_args(Place) if place in places),
        on_error=_choice(guard, "on_error", ON_ERROR),  # type: ignore[arg-type]
        deadline_ms=deadline_ms,
        is_shadow=guard.get("is_shadow", False) is True,
        parameters=parameters,
    )


def as_stored(config: guardrails.GuardConfig, *, is_enabled: bool = True) -> dict[str, Any]:
    """Return a guard as rows keep it."""
    return {
        "name": config.name,
        "kind": config.kind,
        "action": config.action,
        "places": [place for place in PLACES if place in config.places],
        "on_error": config.on_error,
        "deadline_ms": config.deadline_ms,
        "is_shadow": config.is_shadow,
        "is_enabled": is_enabled,
        "parameters": dict(config.parameters),
    }


def _choice(guard: Mapping[str, Any], name: str, known: Sequence[str] | None) -> Action:
    value = guard.get(name)
    if not isinstance(value, str) or not value or (known is not None and value not in known):
        expected = f"one of {', '.join(known)}" if known else "a name"
        raise GuardError(f"guard {guard.get('name')!r}: {name} must be {expected}, not {value!r}")
    return value  # type: ignore[return-value]
