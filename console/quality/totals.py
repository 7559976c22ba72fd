"""What a backtest adds up to, call by call, in a form that is stored after every few calls and gone on with later."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from console.quality.replaying import Found, Replayed
from guardrails.quality import clopper_pearson
from guardrails.verdict import ACTIONS, STOPPING

MOST_EXAMPLES = 25
"""Of each kind of change: the first ones in an order that chance gave."""
_BASE = 1.04
"""Each bin of durations ends 4 % above the one before."""

Totals = dict[str, Any]

NEWLY_STOPPED, FREED, NEWLY_MASKED, UNMASKED, NEWLY_FLAGGED, UNFLAGGED = (
    "newly_stopped", "no_longer_stopped", "newly_masked", "no_longer_masked", "newly_flagged", "no_longer_flagged",
)  # fmt: skip
CHANGES: Mapping[str, str] = {
    NEWLY_STOPPED: "Newly blocked or escalated",
    FREED: "No longer blocked or escalated",
    NEWLY_MASKED: "Newly masked",
    UNMASKED: "No longer masked",
    NEWLY_FLAGGED: "Newly flagged",
    UNFLAGGED: "No longer flagged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many calls of the sample changed so, and what share of all that is likely to be."""

    change: str
    title: str
    calls: int
    share: float
    low: float
    high: float


def empty() -> Totals:
    """Return the totals of no call."""
    return {
        "calls": 0, "actions": {}, "changes": {}, "guards": {}, "entities": {}, "places": {}, "routes": {}, "keys": {},
        "placeholders": {}, "unsought": {}, "durations": {}, "examples": {},
        "saved": {"calls": 0, "usd": "0", "unpriced": 0}, "added": {"calls": 0},
    }  # fmt: skip


def add(totals: Totals, one: Replayed) -> None:
    """Add what a policy makes of one call."""
    totals["calls"] += 1
    _count(totals["actions"], f"{one.action_then}>{one.action_now}")
    _count(totals["durations"], _bin(one.duration_us))
    for name, duration_us in one.durations_us.items():
        _count(_guard(totals, name)["durations"], _bin(duration_us))
    for each in one.found:
        _add_found(totals, each)
    for verdict in one.then:
        if verdict.entities or verdict.error:
            then = _guard(totals, verdict.guard, verdict.guard_kind)["then"]
            _count(then, verdict.action if not verdict.is_shadow else "shadow")
            for entity, number in verdict.entities.items():
                _count(_entry(totals["entities"], entity, {"then": 0, "now": 0}), "then", number)
    for name, group in (("routes", one.call.route), ("keys", str(one.call.api_key_id or ""))):
        entry = _entry(totals[name], group, {"calls": 0, "then": {}, "now": {}})
        entry["calls"] += 1
        _count(entry["then"], one.action_then)
        _count(entry["now"], one.action_now)
    for name, counts in (("placeholders", one.placeholders), ("unsought", one.unsought)):
        for entity, number in counts.items():
            _count(totals[name], entity, number)
    _add_cost(totals, one)
    for change in changes_of(one):
        _count(totals["changes"], change)
        examples = totals["examples"].setdefault(change, [])
        if len(examples) < MOST_EXAMPLES:
            examples.append(_example(one))


def changes_of(one: Replayed) -> list[str]:
    """Return in which ways a call fares differently now."""
    stops_now, stopped_then = one.action_now in STOPPING, one.action_then in STOPPING
    if stops_now and not stopped_then:
        return [NEWLY_STOPPED]
    changes = [FREED] if stopped_then and not stops_now else []
    if stops_now:
        return changes
    for action, newly, no_longer in (("mask", NEWLY_MASKED, UNMASKED), ("flag", NEWLY_FLAGGED, UNFLAGGED)):
        now = _entities((each.entities, each.place) for each in one.found if _does(each, action))
        then = _entities((each.entities, each.place) for each in one.then if _does(each, action))
        if any(number > then.get(key, 0) for key, number in now.items()):
            changes.append(newly)
        # What was masked inside a call that was blocked is no loss of masking: the call was not there.
        if not stopped_then and any(number > now.get(key, 0) for key, number in then.items()):
            changes.append(no_longer)
    return changes


def shares(totals: Totals) -> list[Share]:
    """Return how large a share of the calls changed in each way, with Clopper and Pearson's interval."""
    calls = totals["calls"]
    found = []
    for change, title in CHANGES.items():
        count = totals["changes"].get(change, 0)
        low, high = clopper_pearson(count, calls) if calls else (0.0, 1.0)
        share = count / calls if calls else 0.0
        found.append(Share(change=change, title=title, calls=count, share=share, low=low, high=high))
    return found


def quantiles(durations: Mapping[str, int]) -> dict[str, float | None]:
    """Return p50, p95 and p99 in microseconds, each at most 4 % above the true one; None when nothing was measured."""
    ordered = sorted((int(key), number) for key, number in durations.items())
    total = sum(number for _, number in ordered)
    result: dict[str, float | None] = {}
    for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        seen, result[name] = 0, None
        for key, number in ordered:
            seen += number
            if seen >= part * total:
                result[name] = 0.0 if key < 0 else _BASE**key
                break
    return result


def matrix(totals: Totals) -> list[tuple[str, list[int]]]:
    """Return calls by what was done then (rows) and what would be now (columns), in the order of ACTIONS."""
    return [(then, [totals["actions"].get(f"{then}>{now}", 0) for now in ACTIONS]) for then in ACTIONS]


def _add_found(totals: Totals, each: Found) -> None:
    guard = _guard(totals, each.guard, each.kind)
    guard["is_shadow"] = each.is_shadow
    if each.error:
        guard["errors"] += 1
    _count(guard["now"], "shadow" if each.is_shadow else each.action)
    for entity, number in each.entities.items():
        _count(guard["entities"], entity, number)
        _count(_entry(totals["entities"], entity, {"then": 0, "now": 0}), "now", number)
    for entity, number in each.taken_over.items():
        _count(guard["taken_over"], entity, number)
    if not each.is_shadow:
        _count(_entry(totals["places"], each.place, {}), each.action)


def _add_cost(totals: Totals, one: Replayed) -> None:
    if one.is_stopped_before and not one.was_stopped_before:
        saved = totals["saved"]
        saved["calls"] += 1
        if one.call.cost_usd is None:
            saved["unpriced"] += 1
        else:
            saved["usd"] = str(Decimal(saved["usd"]) + one.call.cost_usd)
    elif one.was_stopped_before and not one.is_stopped_before:
        totals["added"]["calls"] += 1


def _example(one: Replayed) -> dict[str, Any]:
    return {
        "trace_id": one.call.trace_id,
        "span_id": one.call.span_id,
        "at": one.call.start_time.isoformat(),
        "model": one.call.model,
        "then": one.action_then,
        "now": one.action_now,
        "found": [
            {
                "guard": each.guard,
                "place": each.place,
                "action": each.action,
                "is_shadow": each.is_shadow,
                "entities": each.entities,
            }
            for each in one.found
        ],
    }


def _entities(found: Iterable[tuple[Mapping[str, int], str]]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for entities, place in found:
        for entity, number in entities.items():
            counts[entity, place] = counts.get((entity, place), 0) + number
    return counts


def _does(each: Any, action: str) -> bool:
    return not each.is_shadow and each.action == action


def _guard(totals: Totals, name: str, kind: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = _entry(
        totals["guards"],
        name,
        {"kind": kind, "is_shadow": False, "now": {}, "then": {}, "entities": {}, "taken_over": {}, "errors": 0, "durations": {}},
    )  # fmt: skip
    entry["kind"] = entry["kind"] or kind
    return entry


def _entry(table: dict[str, Any], key: str, new: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = table.setdefault(key, new)
    return found


def _count(table: dict[str, int], key: str, number: int = 1) -> None:
    table[key] = table.get(key, 0) + number


def _bin(duration_us: int) -> str:
    return str(math.ceil(math.log(duration_us) / math.log(_BASE))) if duration_us > 0 else "-1"
