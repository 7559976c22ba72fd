"""`parapet eval show`: stored runs, and what one of them holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from evaluators import settings, stored, trials
from evaluators.cli.options import dumped, store_option
from evaluators.history import FEWEST_RUNS, series_of
from evaluators.runner import cost_of
from evaluators.score import Score
from evaluators.trials import TrialLog


@click.command()
@click.argument("run", required=False)
@click.option("--case", "case_id", help="Show the answers and scores of one case.")
@click.option(
    "--series",
    is_flag=True,
    help="Show what a run and those of its suite before it measured, and whether it declines.",
)
@click.option("-o", "--output", type=click.Choice(["json"]), help="Write JSON to standard output.")
@store_option
def show(run: str | None, case_id: str | None, series: bool, output: str | None, store: Path | None) -> None:
    """List stored runs, or show one: its answers and scores."""
    root = store or settings.read().home / "evals"
    if series:
        _show_series(root, trials.read(trials.find(root, run or "latest")), output)
        return
    if run is None:
        rows = [_summary(trials.read(place)) for place in trials.stored_runs(root)]
    else:
        rows = _trials(trials.read(trials.find(root, run)), case_id)
    if output == "json":
        click.echo(dumped(rows))
        return
    for row in rows:
        click.echo("  ".join(f"{key} {value}" for key, value in row.items()))


def _summary(log: TrialLog) -> dict[str, Any]:
    cost, _ = cost_of(log)
    return {
        "run": log.name,
        "suite": log.header["suite"],
        "cases": len(log.header["cases"]),
        "state": log.outcome.get("state", "–"),
        "answers": len(log.answers),
        "scores": len(log.scores),
        "cost_usd": round(cost, 6),
    }


def _show_series(root: Path, log: TrialLog, output: str | None) -> None:
    """Print every gated metric over the runs that the gate let through."""
    gated = {rule.metric for rule in stored.stored_gate(log).rules if not rule.must_pass}
    metrics = {name: metric for name, metric in stored.stored_metrics(log).items() if name in gated}
    found = series_of(root, log, metrics)
    if output == "json":
        click.echo(dumped([asdict(one) | {"is_declining": one.is_declining} for one in found]))
        return
    for one in found:
        click.echo(f"{one.metric}  {one.cases} cases, limit {one.limit:g}")
        for name, value, fall in zip(one.runs, one.values, one.falls, strict=True):
            bar = "█" * round(fall) + ("  beyond the limit" if fall > one.limit else "")
            click.echo(f"  {name}  {value:9.4g}  {fall:5.1f}  {bar}".rstrip())
        click.echo(one.sentence() if one.is_declining else "no decline beyond chance")
    if not found:
        click.echo(
            f"nothing to show: {FEWEST_RUNS} runs of {log.header['suite']} that the gate let through are needed, over "
            "the same cases",
            err=True,
        )


def _trials(log: TrialLog, case_id: str | None) -> list[dict[str, Any]]:
    rows = []
    for key, answer in log.answers.items():
        if case_id is not None and key.case != case_id:
            continue
        scores = {
            metric: round(outcome.value, 4) if isinstance(outcome, Score) else f"({outcome.reason})"
            for (scored, metric, _), outcome in log.scores.items()
            if scored == key
        }
        rows.append(
            {
                "case": key.case,
                "arm": key.arm,
                "trial": key.number,
                **scores,
                "answer": answer.error or answer.output,
            }
        )
    return rows
