"""What became different from one version of a policy to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as described
from typing import Any, Literal

from console.policies.guards import LATER_FIELDS
from guardrails.registry import KINDS

_WORDS = {
    "action": "when it finds something",
    "actions": "when it finds",
    "thresholds": "least score of",
    "threshold": "least score",
    "places": "where it looks",
    "on_error": "if it cannot decide",
    "deadline_ms": "deadline (ms)",
    "is_shadow": "shadow",
    "is_enabled": "in use",
    "rollout_percent": "enforced for (%)",
    "replacement": "in place of a value",
    "replacement_text": "text or prefix",
    "mode": "a streamed answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One guard that was added, removed, moved or changed."""

    guard: str
    what: Literal["added", "removed", "moved", "changed"]
    field: str = ""
    before: str = ""
    after: str = ""
    items: tuple[tuple[Literal["-", "+"], str], ...] = described(default=(), compare=False)
    """Of a list, what was taken out of it and what was put in."""

    @property
    def words(self) -> str:
        """Return the field as the form calls it."""
        name, _, entity = self.field.partition(" ")
        return f"{_WORDS.get(name, name.replace('_', ' '))} {entity}".strip()


def differences(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Return what became of every guard, in the order of the newer version. Guards are known by their names."""
    old, new = {guard["name"]: guard for guard in before}, {guard["name"]: guard for guard in after}
    found = []
    kept_before = [name for name in old if name in new]
    kept_after = [name for name in new if name in old]
    for name, guard in new.items():
        if name not in old:
            found.append(Difference(guard=name, what="added", after=_summary(guard)))
            continue
        if kept_before.index(name) != kept_after.index(name):
            found.append(
                Difference(
                    guard=name,
                    what="moved",
                    field="position",
                    before=str(list(old).index(name) + 1),
                    after=str(list(new).index(name) + 1),
                )
            )
        was, is_ = _flat(old[name]), _flat(guard)
        found += [
            Difference(
                guard=name,
                what="changed",
                field=changed,
                before=_shown(was[changed]) if changed in was else "–",
                after=_shown(is_[changed]) if changed in is_ else "–",
                items=_items(was.get(changed), is_.get(changed)),
            )
            for changed in {**was, **is_}
            if was.get(changed) != is_.get(changed)
        ]
    found += [
        Difference(guard=name, what="removed", before=_summary(guard))
        for name, guard in old.items()
        if name not in new
    ]
    return found


def _summary(guard: Mapping[str, Any]) -> str:
    words = [guard["kind"], guard["action"]]
    words += ["in shadow"] if guard.get("is_shadow") else []
    words += [] if guard.get("is_enabled", True) else ["not in use"]
    return ", ".join(words)


def _flat(guard: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**LATER_FIELDS, **guard}
    by_entity = {
        f"{name} {entity}": value
        for name in ("actions", "thresholds")
        for entity, value in whole[name].items()
    }
    left_out = ("name", "parameters", "actions", "thresholds")
    plain = {name: value for name, value in whole.items() if name not in left_out}
    # What nobody said is what the kind does anyhow, so that saying it is no change.
    usual = {
        one.name: list(one.default) if isinstance(one.default, tuple) else one.default
        for one in (KINDS[guard["kind"]].parameters if guard["kind"] in KINDS else ())
        if one.default not in (None, "", (), [], {})
    }
    return plain | by_entity | usual | dict(guard["parameters"])


def _items(before: Any, after: Any) -> tuple[tuple[Literal["-", "+"], str], ...]:
    if not (isinstance(before, list) and isinstance(after, list)) or sorted(map(str, before)) == sorted(
        map(str, after)
    ):
        return ()
    gone: list[tuple[Literal["-", "+"], str]] = [("-", _shown(one)) for one in before if one not in after]
    return (*gone, *(("+", _shown(one)) for one in after if one not in before))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value) or "none"
    if isinstance(value, dict):
        return ": ".join(str(one) for one in value.values())
    return str(value)
