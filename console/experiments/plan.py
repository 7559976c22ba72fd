"""What an experiment will cost and what it will be able to see, before anything is spent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.datasets.content import asked
from console.evaluations import local_judges
from console.experiments.definition import Definition, body_of
from evaluators.cli.plan import plan_of
from ingest.prices import unit_prices

CHARACTERS_PER_TOKEN = 4
TYPICAL_ANSWER_TOKENS = 300
_JUDGE_PROMPT_TOKENS = 250
_JUDGE_ANSWER_TOKENS = 8
_FREE = ("parapet/", local_judges.PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """What a comparison will see of one metric."""

    metric: str
    smallest: float | None
    """The smallest change it would find four times in five; None for measurements without limits."""
    margin: float | None
    cases_needed: int | None
    """Independent cases that would show a harmless change to be one; None when there are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The figures of a plan; each pair is at the first look and at the last."""

    cases: int
    clusters: int
    looks: tuple[int, ...]
    answers: tuple[int, int]
    judgements: tuple[int, int]
    cost_usd: tuple[float, float] | None
    """None when a model has no known price."""
    unpriced: tuple[str, ...]
    visible: tuple[Visible, ...]


def plan_for(definition: Definition, *, now: datetime) -> Plan:
    """Work a plan out. Calls nothing."""
    suite = definition.suite(definition.candidates[-1])
    figures = plan_of(suite)
    looks = definition.looks
    once = len(definition.cases) * len(definition.arms)
    judges = sum(entry.judge is not None for entry in definition.entries)
    ends = looks[0], looks[-1]
    cost, unpriced = _cost(definition, now)
    return Plan(
        cases=len(definition.cases),
        clusters=figures["clusters"],
        looks=looks,
        answers=(once * ends[0], once * ends[1]),
        judgements=(once * judges * ends[0], once * judges * ends[1]),
        cost_usd=None if unpriced else (cost * ends[0], cost * ends[1]),
        unpriced=tuple(sorted(unpriced)),
        visible=tuple(_visible(row, figures["clusters"]) for row in figures["metrics"]),
    )


def _visible(row: Mapping[str, Any], clusters: int) -> Visible:
    needed = row.get("cases_needed")
    return Visible(
        metric=row["metric"],
        smallest=row["smallest_visible"],
        margin=row["margin"],
        cases_needed=needed if needed and needed > clusters else None,
    )


def _cost(definition: Definition, now: datetime) -> tuple[float, set[str]]:
    """Return a rough price of one trial of everything, and the models that have none."""
    total, unpriced = 0.0, set()
    for arm in definition.arms:
        for case in definition.cases:
            body = body_of(definition, arm, case)
            letters = sum(len(str(message.get("content") or "")) for message in body["messages"])
            longest = body.get("max_tokens") or body.get("max_completion_tokens") or TYPICAL_ANSWER_TOKENS
            tokens = letters // CHARACTERS_PER_TOKEN, min(int(longest), TYPICAL_ANSWER_TOKENS)
            price = _price(str(body["model"]), tokens, now)
            if price is None:
                unpriced.add(str(body["model"]))
            total += price or 0.0
    judged = [
        model
        for entry in definition.entries
        if entry.judge is not None
        for model in definition.judges[entry.judge]
    ]
    for model in judged:
        price = _price(model, (_judged_tokens(definition), _JUDGE_ANSWER_TOKENS), now)
        if price is None:
            unpriced.add(model)
        total += (price or 0.0) * len(definition.cases) * len(definition.arms)
    return total, unpriced


def _judged_tokens(definition: Definition) -> int:
    letters = _mean(len(asked(dict(case.inputs), {})) for case in definition.cases)
    return int(letters // CHARACTERS_PER_TOKEN) + TYPICAL_ANSWER_TOKENS + _JUDGE_PROMPT_TOKENS


def _price(model: str, tokens: tuple[int, int], now: datetime) -> float | None:
    if model.startswith(_FREE):
        return 0.0
    listed = unit_prices("", model, now)
    if listed is None:
        return None
    return listed.estimate_nanousd(input_tokens=tokens[0], output_tokens=tokens[1]) / 1e9


def _mean(values: Iterable[int]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0
