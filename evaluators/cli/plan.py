"""`parapet eval plan`: what a run will cost and what it will be able to see, before anything is spent."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from evaluators.cli.options import dumped, id_option, sample_option, suite_argument, tag_option
from evaluators.gate import Metric
from evaluators.gate.rules import Rule, margin_of
from evaluators.stats.power import cases_needed, minimum_detectable_effect, planned_standard_error
from evaluators.suites import LoadedSuite, load
from evaluators.suites.choice import Choice
from evaluators.suites.model import Endpoint, JudgePanel
from evaluators.targets.prompt import check_arms

_CHARACTERS_PER_TOKEN = 4
_TYPICAL_ANSWER_TOKENS = 300
_JUDGE_PROMPT_TOKENS = 250
_JUDGE_ANSWER_TOKENS = 8


@click.command()
@suite_argument
@tag_option
@id_option
@sample_option
@click.option("-o", "--output", type=click.Choice(["json"]), help="Write JSON to standard output.")
def plan(
    suite: Path, tags: tuple[str, ...], words: tuple[str, ...], sample: int | None, output: str | None
) -> None:
    """Say how many calls a suite makes, what they may cost, and the smallest change it can see. Calls nothing."""
    planned = plan_of(load(suite, choice=Choice(tags=frozenset(tags), words=words, sample=sample)))
    if output == "json":
        click.echo(dumped(planned))
        return
    click.echo(as_text(planned))


def plan_of(suite: LoadedSuite) -> dict[str, Any]:
    """Return the plan as plain values."""
    looks, cases = suite.gate.looks, len(suite.cases)
    clusters = len({case.cluster or case.id for case in suite.gate_cases()})
    answers = [cases * len(_asked_arms(suite)) * look for look in (looks[0], looks[-1])]
    judges = sum(entry.judge is not None for entry in suite.entries)
    if suite.suite.target.prompt is not None:
        check_arms(_asked_arms(suite), suite.cases)
    metrics = {entry.name: entry.metric() for entry in suite.entries}
    return {
        "suite": suite.suite.suite,
        "cases": cases,
        "clusters": clusters,
        "arms": list(suite.arms),
        "looks": list(looks),
        "answers": answers,
        "judgements": [cases * len(suite.arms) * look * judges for look in (looks[0], looks[-1])],
        "cost_usd": [_cost(suite, look) for look in (looks[0], looks[-1])],
        "judge_cost_usd": [_judge_cost(suite, look) for look in (looks[0], looks[-1])],
        "metrics": [
            _visible(rule, metrics[rule.metric], suite, clusters)
            for rule in suite.gate.rules
            if rule.compare and not rule.must_pass
        ],
        "floors": [
            _reachable(rule, metrics[rule.metric], suite, clusters)
            for rule in suite.gate.rules
            if rule.floor is not None
        ],
    }


def _visible(rule: Rule, metric: Metric, suite: LoadedSuite, clusters: int) -> dict[str, Any]:
    """Return what a comparison will see, for scores that vary as those of a typical suite."""
    name = rule.name
    last = suite.gate.looks[-1]
    if metric.spread is None:
        return {
            "metric": name,
            "smallest_visible": None,
            "margin": rule.margin.value if rule.margin else None,
            "is_ratio": rule.margin is not None and rule.margin.unit == "ratio",
        }
    error = planned_standard_error(clusters, last, spread=metric.spread)
    margin, source = margin_of(rule, metric, cases=len(suite.cases), trials=last, alpha=suite.gate.alpha)
    return {
        "metric": name,
        "smallest_visible": minimum_detectable_effect(error, alpha=suite.gate.alpha),
        "margin": margin,
        "margin_source": source,
        "cases_needed": cases_needed(margin, clusters, error, alpha=suite.gate.alpha),
    }


def _reachable(rule: Rule, metric: Metric, suite: LoadedSuite, clusters: int) -> dict[str, Any]:
    """Return how high a rate must truly be to reach a floor four times in five, at the last look."""
    assert rule.floor is not None
    low, high = (0.0, 1.0) if rule.pass_k is not None else metric.bounds or (0.0, 1.0)
    share = (rule.floor - low) / (high - low)
    share = share if metric.direction == "higher" or rule.pass_k is not None else 1.0 - share
    error = math.sqrt(share * (1.0 - share) / clusters) if clusters else math.inf
    needed = share + minimum_detectable_effect(error, alpha=suite.gate.alpha)
    return {
        "metric": rule.name + (f" [pass^{rule.pass_k}]" if rule.pass_k is not None else ""),
        "floor": rule.floor,
        "share": share,
        "share_needed": needed if needed <= 1.0 else None,
    }


def _cost(suite: LoadedSuite, look: int) -> float | None:
    """Return a rough price of the answers, or None when no price is known."""
    target = suite.suite.target.prompt
    if target is None:
        return None
    total = 0.0
    for arm in _asked_arms(suite).values():
        texts = "".join(str(arm.get(key, "")) for key in ("system", "prompt"))
        for case in suite.cases:
            letters = len(texts) + len(str(dict(case.inputs)))
            answer = arm.get("max_tokens") or target.max_tokens or _TYPICAL_ANSWER_TOKENS
            price = _price(str(arm.get("model", target.model)), letters // _CHARACTERS_PER_TOKEN, answer)
            if price is None:
                return None
            total += price
    return total * look


def _asked_arms(suite: LoadedSuite) -> dict[str, Mapping[str, Any]]:
    """Return the arms that are asked: a stored run's is not."""
    stored = suite.gate.baseline if suite.stored_baseline else None
    return {name: arm for name, arm in suite.arms.items() if name != stored}


def _judge_cost(suite: LoadedSuite, look: int) -> float | None:
    """Return a rough price of the judgements, if every answer is judged once, or None when a price is not known."""
    total = 0.0
    for entry in suite.entries:
        judge = suite.suite.judges[entry.judge] if entry.judge is not None else None
        members = (
            [suite.suite.judges[name] for name in judge.panel] if isinstance(judge, JudgePanel) else [judge]
        )
        for model in (member.model for member in members if isinstance(member, Endpoint)):
            for case in suite.cases:
                if not entry.applies_to(case):
                    continue
                shown = len(str(case.values())) // _CHARACTERS_PER_TOKEN + _TYPICAL_ANSWER_TOKENS
                price = _price(model, shown + _JUDGE_PROMPT_TOKENS, _JUDGE_ANSWER_TOKENS)
                if price is None:
                    return None
                total += price
    return total * len(suite.arms) * look


def _price(model: str, input_tokens: int, output_tokens: int) -> float | None:
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - a slow import, needed for priced models alone

    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        return float(calc_price(usage, model_ref=model).total_price)
    except LookupError:
        return None


def estimate(planned: Mapping[str, Any]) -> str:
    """Return one line: how much will be asked, and for how much."""
    judged = planned["judgements"][-1]
    judges = f" · judgements up to {judged}, {_money(planned['judge_cost_usd'])}" if judged else ""
    return f"answers {_range(planned['answers'])}, {_money(planned['cost_usd'])}{judges}"


def as_text(planned: Mapping[str, Any]) -> str:
    """Return what people read."""
    lines = [
        f"{planned['suite']}  {planned['cases']} cases · {planned['clusters']} clusters · arms {', '.join(planned['arms'])}",
        estimate(planned),
    ]
    lines += [_metric_line(metric, planned["clusters"]) for metric in planned["metrics"]]
    for floor in planned["floors"]:
        needed, share = floor["share_needed"], floor["share"] * 100
        reached = (
            f"is shown to be kept by a true rate of {needed * 100:.1f} or more"
            if needed is not None
            else f"cannot be shown to be kept by {planned['clusters']} independent cases"
        )
        lines.append(f"{floor['metric']}: the floor of {share:.1f} {reached}")
    return "\n".join(lines)


def _metric_line(metric: Mapping[str, Any], clusters: int) -> str:
    if metric["smallest_visible"] is None:
        margin = f"×{metric['margin']:g}" if metric["is_ratio"] else f"{metric['margin']:g}"
        return f"{metric['metric']}: margin {margin}; how much it varies is known after a run"
    visible, margin = metric["smallest_visible"] * 100, metric["margin"] * 100
    line = f"{metric['metric']}: sees a change of {visible:.1f} or more (hundredths of the score), margin {margin:.1f}"
    if metric["cases_needed"] and metric["cases_needed"] > clusters:
        line += f"; too few to show a harmless change to be one: about {metric['cases_needed']} independent cases would"
    return line


def _range(ends: list[int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _money(ends: list[float | None]) -> str:
    if ends[0] is None or ends[1] is None:
        return "price unknown"
    low, high = (
        f"${end:.2f}" if end >= 0.01 or end == 0 else "less than $0.01" for end in (ends[0], ends[1])
    )
    return f"about {low}" if low == high else f"about {low} to {high}"
