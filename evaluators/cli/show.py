"""`parapet eval show`: stored runs, and what one of them holds."""

from pathlib import Path
from typing import Any

import click

from evaluators import settings, trials
from evaluators.cli.options import dumped, store_option
from evaluators.runner import cost_of
from evaluators.score import Score
from evaluators.trials import TrialLog


@click.command()
@click.argument("run", required=False)
@click.option("--case", "case_id", help="Show the answers and scores of one case.")
@click.option("-o", "--output", type=click.Choice(["json"]), help="Write JSON to standard output.")
@store_option
def show(run: str | None, case_id: str | None, output: str | None, store: Path | None) -> None:
    """List stored runs, or show one: its answers and scores."""
    root = store or settings.read().home / "evals"
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
        "answers": len(log.answers),
        "scores": len(log.scores),
        "cost_usd": round(cost, 6),
    }


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
