"""The gate with its margins dragged elsewhere: read from an address, checked, and written back into one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from evaluators.gate import Gate, Margin, Metric, Rule
from evaluators.gate.rules import margin_of

MOST_POINTS, MOST_RATIO = 30.0, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """One number that can be dragged."""

    parameter: str
    metric: str
    label: str
    unit: str
    value: float
    lowest: float
    highest: float
    step: float
    is_set: bool
    """Whether the experiment's own gate says this number, or what is shown follows from the number of cases."""


def moved(gate: Gate, metrics: Mapping[str, Metric], query: Mapping[str, str]) -> Gate:
    """Return the gate with the margins and floors that an address names; what makes no sense is left as it was."""
    return replace(gate, rules=tuple(_moved(rule, metrics[rule.metric], query) for rule in gate.rules))


def sliders(gate: Gate, metrics: Mapping[str, Metric], *, cases: int) -> list[Slider]:
    """Return what can be dragged: a margin for every comparison, and every floor."""
    found = []
    for rule in gate.rules:
        metric = metrics[rule.metric]
        if rule.compare and not rule.must_pass:
            found.append(_margin_slider(gate, rule, metric, cases))
        if rule.floor is not None and metric.bounds is not None:
            low, high = metric.bounds
            share = (rule.floor - low) / (high - low) * 100
            found.append(
                Slider(
                    parameter=f"floor.{rule.name}",
                    metric=rule.name,
                    label="at least",
                    unit="%",
                    value=round(share, 1),
                    lowest=0,
                    highest=100,
                    step=1,
                    is_set=True,
                )  # fmt: skip
            )
    return found


def address_of(query: Mapping[str, str], **others: str) -> str:
    """Return the part of an address that keeps the margins, and what else is chosen."""
    kept = {name: value for name, value in query.items() if name.startswith(("margin.", "floor."))}
    return urlencode(kept | {name: value for name, value in others.items() if value})


def _margin_slider(gate: Gate, rule: Rule, metric: Metric, cases: int) -> Slider:
    margin, _ = margin_of(rule, metric, cases=cases, trials=gate.looks[-1], alpha=gate.alpha)
    if rule.margin is not None and rule.margin.unit == "ratio":
        return Slider(
            parameter=f"margin.{rule.name}", metric=rule.name, label="margin", unit="times",
            value=margin, lowest=1.01, highest=max(MOST_RATIO, margin), step=0.01, is_set=True,
        )  # fmt: skip
    points = margin / (metric.spread or 1.0) * 100
    return Slider(
        parameter=f"margin.{rule.name}", metric=rule.name, label="margin", unit="points",
        value=round(points, 1), lowest=0, highest=max(MOST_POINTS, round(points, 1)), step=0.1,
        is_set=rule.margin is not None,
    )  # fmt: skip


def _moved(rule: Rule, metric: Metric, query: Mapping[str, str]) -> Rule:
    margin, share = _number(query.get(f"margin.{rule.name}")), _number(query.get(f"floor.{rule.name}"))
    if margin is not None and rule.compare:
        is_ratio = rule.margin is not None and rule.margin.unit == "ratio"
        if is_ratio and margin > 1:
            rule = replace(rule, margin=Margin(value=margin, unit="ratio"))
        elif not is_ratio and 0 <= margin <= 100:
            rule = replace(rule, margin=Margin(value=margin))
    if share is not None and rule.floor is not None and metric.bounds is not None and 0 <= share <= 100:
        low, high = metric.bounds
        rule = replace(rule, floor=low + share / 100 * (high - low))
    return rule


def _number(text: str | None) -> float | None:
    if text is None or len(text) > 20:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
