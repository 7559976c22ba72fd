"""`parapet eval plan`: what a run will cost and what it will be able to see, before anything is spent."""

from pathlib import Path
from typing import Any

import click

from evaluators.cli.options import dumped, sample_option, suite_argument, tag_option
from evaluators.gate import Metric
from evaluators.gate.rules import Rule, margin_of
from evaluators.stats.power import cases_needed, minimum_detectable_effect, planned_standard_error
from evaluators.suites import LoadedSuite, load
from evaluators.suites.choice import Choice
from evaluators.targets.prompt import check_arms

_CHARACTERS_PER_TOKEN = 4
_TYPICAL_ANSWER_TOKENS = 300


@click.command()
@suite_argument
@tag_option
@sample_option
@click.option("-o", "--output", type=click.Choice(["json"]), help="Write JSON to standard output.")
def plan(suite: Path, tags: tuple[str, ...], sample: int | None, output: str | None) -> None:
    """Say how many calls a suite makes, what they may cost, and the smallest change it can see. Calls nothing."""
    planned = plan_of(load(suite, choice=Choice(tags=frozenset(tags), sample=sample)))
    if output == "json":
        click.echo(dumped(planned))
        return
    click.echo(_as_text(planned))


def plan_of(suite: LoadedSuite) -> dict[str, Any]:
    """Return the plan as plain values."""
    looks, cases = suite.gate.looks, len(suite.cases)
    clusters = len({case.cluster or case.id for case in suite.gate_cases()})
    answers = [cases * len(suite.arms) * look for look in (looks[0], looks[-1])]
    judges = sum(entry.judge is not None for entry in suite.entries)
    if suite.suite.target.prompt is not None:
        check_arms(suite.arms, suite.cases)
    metrics = {entry.name: entry.metric() for entry in suite.entries}
    return {
        "suite": suite.suite.suite,
        "cases": cases,
        "clusters": clusters,
        "arms": list(suite.arms),
        "looks": list(looks),
        "answers": answers,
        "judgements": [count * judges for count in answers],
        "cost_usd": [_cost(suite, look) for look in (looks[0], looks[-1])],
        "metrics": [
            _visible(rule, metrics[rule.metric], suite, clusters)
            for rule in suite.gate.rules
            if rule.compare and not rule.must_pass
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


def _cost(suite: LoadedSuite, look: int) -> float | None:
    """Return a rough price of the answers, or None when no price is known."""
    target = suite.suite.target.prompt
    if target is None:
        return None
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - a slow import, needed for priced models alone

    total = 0.0
    for arm in suite.arms.values():
        texts = "".join(str(arm.get(key, "")) for key in ("system", "prompt"))
        for case in suite.cases:
            letters = len(texts) + len(str(dict(case.inputs)))
            usage = Usage(
                input_tokens=letters // _CHARACTERS_PER_TOKEN,
                output_tokens=arm.get("max_tokens") or target.max_tokens or _TYPICAL_ANSWER_TOKENS,
            )
            try:
                total += float(calc_price(usage, model_ref=str(arm.get("model", target.model))).total_price)
            except LookupError:
                return None
    return total * look


def _as_text(planned: dict[str, Any]) -> str:
    lines = [
        f"{planned['suite']}  {planned['cases']} cases · {planned['clusters']} clusters · arms {', '.join(planned['arms'])}",
        f"answers {_range(planned['answers'])} · judgements {_range(planned['judgements'])} · "
        f"cost of the answers {_money(planned['cost_usd'])}",
    ]
    for metric in planned["metrics"]:
        if metric["smallest_visible"] is None:
            continue
        visible, margin = metric["smallest_visible"] * 100, metric["margin"] * 100
        line = f"{metric['metric']}: sees a change of {visible:.1f} or more (hundredths of the score), margin {margin:.1f}"
        if metric["cases_needed"] and metric["cases_needed"] > planned["clusters"]:
            line += f"; too few to show a harmless change to be one: about {metric['cases_needed']} independent cases would"
        lines.append(line)
    return "\n".join(lines)


def _range(ends: list[int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _money(ends: list[float | None]) -> str:
    if ends[0] is None or ends[1] is None:
        return "unknown"
    return f"about ${ends[0]:.2f}" if ends[0] == ends[1] else f"about ${ends[0]:.2f} to ${ends[1]:.2f}"
