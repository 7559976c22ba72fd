"""What became different from one version of a policy to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One guard that was added, removed, moved or changed."""

    guard: str
    what: Literal["added", "removed", "moved", "changed"]
    field: str = ""
    before: str = ""
    after: str = ""


def differences(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Return what became of every guard, in the order of the newer version. Guards are known by their names."""
    old, new = {guard["name"]: guard for guard in before}, {guard["name"]: guard for guard in after}
    found = []
    kept_before = [name for name in old if name in new]
    kept_after = [name for name in new if name in old]
    for name, guard in new.items():
        if name not in old:
            found.append(Difference(guard=name, what="added", after=f"{guard['kind']}, {guard['action']}"))
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
                guard=name, what="changed", field=field, before=was.get(field, "–"), after=is_.get(field, "–")
            )
            for field in {**was, **is_}
            if was.get(field) != is_.get(field)
        ]
    found += [
        Difference(guard=name, what="removed", before=f"{guard['kind']}, {guard['action']}")
        for name, guard in old.items()
        if name not in new
    ]
    return found


def _flat(guard: Mapping[str, Any]) -> dict[str, str]:
    fields = {field: value for field, value in guard.items() if field not in ("name", "parameters")}
    return {field: _shown(value) for field, value in {**fields, **guard["parameters"]}.items()}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value) or "none"
    if isinstance(value, dict):
        return ": ".join(str(one) for one in value.values())
    return str(value)
