"""Several policies become one: the organisation's, then the project's, the route's and the key's.

The guards of a wider scope run first and stay as they are: a narrower one adds to them and takes nothing away, and of what
several find the strongest action is taken. So no project can be guarded less than the organisation says.
"""

from collections.abc import Mapping
from dataclasses import replace

from guardrails.policy import SCOPES, GuardConfig, Policy, Scope, Source


def together(policies: Mapping[Scope, Policy | None]) -> Policy | None:
    """Return what is in force where policies of several scopes meet; None when there is none of them.

    Versions that are rolled out to a part of the conversations stay so: for each step the policy names the one that is
    in force for the others.
    """
    parts = {scope: policy for scope in SCOPES if (policy := policies.get(scope)) is not None}
    if len(parts) <= 1:
        return next(iter(parts.values()), None)
    return _steps(parts)


def _steps(parts: Mapping[Scope, Policy]) -> Policy:
    partial = {
        scope: each for scope, each in parts.items() if each.before is not None and each.rollout_percent < 100
    }
    merged = _merged(parts)
    if not partial:
        return merged
    least = min(each.rollout_percent for each in partial.values())
    # Who is not among the least is not among the others' canaries by that alone: those steps follow.
    others = {
        scope: each.before if scope in partial and each.before and each.rollout_percent == least else each
        for scope, each in parts.items()
    }
    return replace(merged, rollout_percent=least, before=_steps(others))


def _merged(parts: Mapping[Scope, Policy]) -> Policy:
    leading = parts.get("project") or list(parts.values())[-1]
    guards: list[GuardConfig] = []
    names: set[str] = set()
    for scope, policy in parts.items():
        for guard in policy.guards:
            name = guard.name if guard.name not in names else f"{guard.name} ({scope})"
            names.add(name)
            guards.append(replace(guard, name=name, scope=scope))
    return Policy(
        id=leading.id,
        name=leading.name,
        version=leading.version,
        guards=tuple(guards),
        remembers_s=max(policy.remembers_s for policy in parts.values()),
        sources={
            scope: Source(id=each.id, name=each.name, version=each.version) for scope, each in parts.items()
        },
    )
