"""`parapet eval calibrate`: compare a judge with people, and say whether it may decide."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np

from evaluators import settings, stored, trials
from evaluators.calibration import canaries as canary_sets
from evaluators.calibration import labels
from evaluators.calibration.card import Card, card_of, trust_of, write
from evaluators.calibration.judging import judged, values_of
from evaluators.calibration.labels import Labelled
from evaluators.calibration.rates import Rate, rates
from evaluators.cli.connections import connected_judges, ready
from evaluators.cli.options import dumped, store_option
from evaluators.cli.panels import as_text as panel_as_text
from evaluators.cli.panels import card_of_panel
from evaluators.errors import SuiteError
from evaluators.gate import Trial
from evaluators.registry import did_you_mean
from evaluators.reports.card import card_as_text
from evaluators.score import Score
from evaluators.stats.clustered import Array
from evaluators.suites import LoadedSuite, load
from evaluators.suites.entries import CALIBRATION, Entry
from evaluators.trials import TrialLog


@click.command()
@click.argument("judge")
@click.argument("labels_file", metavar="LABELS", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--suite",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The suite whose evaluator JUDGE is; its card is stored beside it.",
)
@click.option(
    "--over", "over", metavar="RUN", help="Correct the rates of this stored run; its answers may be labelled."
)
@click.option(
    "--canaries", type=click.IntRange(0, 500), default=50, show_default=True,
    help="How many labelled answers every run has judged again.",
)  # fmt: skip
@click.option("--method", type=click.Choice(["platt", "isotonic"]), help="How scores become probabilities.")
@click.option(
    "--all", "with_all", is_flag=True, help="Count labels of a development split too; proves nothing."
)
@click.option(
    "-j", "--concurrency", type=click.IntRange(1, 256), default=8, help="Judgements at the same time."
)
@click.option("-o", "--output", type=click.Choice(["json"]), help="Write JSON to standard output.")
@store_option
def calibrate(
    judge: str, labels_file: Path, suite: Path | None, over: str | None, store: Path | None, **options: Any
) -> None:
    """Compare JUDGE with people's LABELS (JSON lines) and say whether it may decide.

    Rows that hold `score` are taken as judged; the others are judged now, which needs --suite.
    """
    loaded = None if suite is None else ready(load(suite), settings.read())
    entry = None if loaded is None else _entry(loaded, judge)
    log = None if over is None else trials.read(trials.find(store or settings.read().home / "evals", over))
    bounds = (entry.scale.bounds if entry else None) or (0.0, 1.0)
    rows = labels.read(
        labels_file,
        bounds=bounds,
        options=entry.parameters.get("options") if entry else None,
        with_development=options["with_all"],
    )
    rows = rows if log is None else _with_answers(rows, log, judge)
    scores = _scores(rows, loaded, entry, options["concurrency"])
    today = datetime.now(UTC).date()
    build = entry.build if entry else ""
    card = card_of(
        rows, scores, judge=judge, build=build, bounds=bounds, today=today, method=options["method"]
    )
    chosen = canary_sets.chosen(rows, scores, options["canaries"])
    card = replace(card, canaries=len(chosen))
    if loaded is not None:
        folder = loaded.directory / CALIBRATION
        write(folder / f"{judge}.json", card)
        canary_sets.write(folder / f"{judge}.canaries.jsonl", chosen)
    panel = None
    if loaded is not None and entry is not None:
        panel = card_of_panel(loaded, entry, rows, options["concurrency"])
    if panel is not None:
        click.echo(panel_as_text(panel), err=True)
    _show(card, [] if log is None else _rates(log, judge, rows, card), options["output"], entry is not None)


def _entry(suite: LoadedSuite, name: str) -> Entry:
    named = {entry.name: entry for entry in suite.entries if entry.judge is not None}
    if name not in named:
        raise SuiteError(f"no judge of the suite is called {name!r}{did_you_mean(name, named)}")
    return named[name]


def _with_answers(rows: Sequence[Labelled], log: TrialLog, judge: str) -> list[Labelled]:
    """Fill in answers and scores of the stored run that rows name by case, arm and trial."""
    by_trial = {(key.case, key.arm, key.number): key for key in log.answers}
    scores = {
        (trial.case, trial.arm, trial.number): outcome.value
        for trial in stored.gate_trials(log)
        if isinstance(outcome := trial.outcomes.get(judge), Score)
    }
    filled = []
    for row in rows:
        if row.trial is None:
            filled.append(row)
            continue
        if row.trial not in by_trial:
            raise SuiteError(f"label {row.id!r}: run {log.name} has no such case, arm and trial")
        sample = row.sample or stored.answer_as_sample(log.answers[by_trial[row.trial]])
        score = row.score if row.score is not None else scores.get(row.trial)
        filled.append(replace(row, sample=sample, score=score))
    return filled


def _scores(
    rows: Sequence[Labelled], suite: LoadedSuite | None, entry: Entry | None, concurrency: int
) -> Array:
    """Return the judge's score of every row: what rows hold, and the rest by asking."""
    missing = [row for row in rows if row.score is None]
    if missing and (suite is None or entry is None):
        raise SuiteError(
            f"{len(missing)} of {len(rows)} labels hold no `score`; give --suite to have them judged"
        )
    known = {row.id: np.nan if row.score is None else row.score for row in rows}
    if missing and suite is not None and entry is not None:
        asked = asyncio.run(_ask(suite, entry, missing, concurrency))
        known |= dict(zip((row.id for row in missing), asked, strict=True))
    return np.array([known[row.id] for row in rows], dtype=np.float64)


async def _ask(suite: LoadedSuite, entry: Entry, rows: Sequence[Labelled], concurrency: int) -> Array:
    async with connected_judges(suite, settings.read()) as judges:
        return values_of(await judged(entry, rows, judges, concurrency=concurrency))


def _rates(log: TrialLog, judge: str, rows: Sequence[Labelled], card: Card) -> list[Rate]:
    known: list[Trial] = stored.gate_trials(log)
    if not any(isinstance(trial.outcomes.get(judge), Score) for trial in known):
        raise SuiteError(f"run {log.name} has no scores of {judge!r}")
    clusters = {case.id: case.cluster for case in stored.stored_cases(log)}
    return rates(known, judge, clusters, rows, card)


def _show(card: Card, corrected: Sequence[Rate], output: str | None, is_stored: bool) -> None:
    trust, reason = trust_of(card, card.build)
    click.echo(card_as_text(card, trust, reason, corrected), err=True)
    if not is_stored:
        click.echo("not stored: without --suite nobody knows which judge this is", err=True)
    if output == "json":
        content = {"card": card.as_json(), "trust": trust, "reason": reason}
        click.echo(dumped(content | {"rates": [asdict(rate) for rate in corrected]}))
