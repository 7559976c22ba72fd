"""`parapet eval run`: answers, scores, decision."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from evaluators import settings, stored, trials
from evaluators.cli.against import against, compared_with, taken_as_it_is
from evaluators.cli.connections import connected, ready
from evaluators.cli.options import (
    id_option,
    output_option,
    print_report,
    sample_option,
    store_option,
    suite_argument,
    tag_option,
    write_option,
)
from evaluators.cli.plan import as_text as plan_as_text
from evaluators.cli.plan import estimate, plan_of
from evaluators.cli.progress import ConsoleProgress
from evaluators.cli.watch import run_again_and_again
from evaluators.completion import Complete
from evaluators.errors import TrialLogError
from evaluators.history import declines, outcome_of, series_of
from evaluators.judgements import Judgements
from evaluators.reports import Report
from evaluators.reports.evidence import evidence_of
from evaluators.reports.exit_code import PASSED, STOPPED, exit_code_of
from evaluators.reuse import StoredBaseline, stored_baseline, taken_over
from evaluators.runner import Runner, RunResult
from evaluators.suites import LoadedSuite, load
from evaluators.suites.against import OtherCheckout
from evaluators.suites.choice import Choice, shard_of
from evaluators.suites.offline import without_remote_judges
from evaluators.suites.units import share_of
from evaluators.targets import Target
from evaluators.trials import TrialLog


@click.command()
@suite_argument
@output_option
@write_option
@store_option
@tag_option
@id_option
@sample_option
@click.option("--trials", "trials_asked", help="Answers per case: 3, or 1..5 to stop as soon as it is clear.")
@click.option("-j", "--concurrency", type=click.IntRange(1, 256), help="Answers asked for at the same time.")
@click.option(
    "--max-cost", type=click.FloatRange(min=0, min_open=True), help="Stop at this cost, in US dollars."
)
@click.option(
    "--resume",
    is_flag=False,
    flag_value="latest",
    metavar="[RUN]",
    help="Carry on with a run, by default the latest.",
)
@click.option("--no-cache", is_flag=True, help="Ask judges again, whatever earlier runs have judged.")
@click.option(
    "--fresh", is_flag=True, help="Ask for the whole baseline, whatever the suite says of reusing it."
)
@click.option("--no-gate", is_flag=True, help="Report, and exit with 0 whatever the gate says.")
@click.option(
    "--shard",
    metavar="I/N",
    help="Run only this part of the cases; `merge` puts the parts together and decides.",
)
@click.option(
    "--failing",
    is_flag=False,
    flag_value="latest",
    metavar="[RUN]",
    help="Only the cases that failed in a run, by default the latest: for looking, not for deciding.",
)
@click.option(
    "--against",
    "other",
    metavar="WHAT",
    help="Compare with the suite's candidate of a commit or branch (`main`), of another checkout (a folder), or of a "
    "stored run (`run:NAME`).",
)
@click.option(
    "--offline", is_flag=True, help="Leave out evaluators that ask a model elsewhere, and their rules."
)
@click.option("--dry-run", is_flag=True, help="Say what the run would cost and see, and end.")
@click.option("--watch", is_flag=True, help="Run again whenever a file beside the suite changes.")
def run(
    suite: Path,
    output: str | None,
    writes: tuple[str, ...],
    store: Path | None,
    resume: str | None,
    no_cache: bool,
    no_gate: bool,
    fresh: bool,
    other: str | None,
    dry_run: bool,
    watch: bool,
    **options: Any,
) -> int:
    """Run a suite and decide.

    The report goes to standard error; with -o, standard output has it in a form for machines.
    """
    if watch:
        return run_again_and_again(suite.resolve().parent)
    environment = settings.read()
    root = store or environment.home / "evals"
    with against(other, suite, root) as found:
        loaded = ready(_with_options(suite, options, root, found.checkout), environment)
        baseline = None
        if found.run is not None:
            loaded, baseline = compared_with(loaded, found.run)
        planned = plan_of(loaded)
        if dry_run:
            click.echo(plan_as_text(planned))
            return PASSED
        if loaded.suite.target.prompt is not None:
            click.echo(estimate(planned), err=True)
        log = _log(root, resume, loaded, options)
        if options["shard"]:
            # A part of the cases decides nothing, so it never stops early.
            loaded = replace(loaded, gate=replace(loaded.gate, looks=loaded.gate.looks[-1:]))
        cache = Judgements.at(None if no_cache else root / "judgements.jsonl")
        try:
            if found.run is not None:
                log.add_recheck(taken_as_it_is(found.run))
            elif not fresh:
                baseline = _stored_baseline(loaded, root, log.name)
            result = run_suite(loaded, log, cache, lambda: connected(loaded, environment), baseline=baseline)
        finally:
            log.close()
    report = report_of(loaded, log, result)
    if options["shard"] or options["failing"]:
        note = "one part of the cases" if options["shard"] else "cases chosen because they failed"
        report = replace(report, note=f"{note}: nothing is decided by it")
        report = replace(report, exit_code=report.exit_code if result.stop else PASSED)
    print_report(report, output, evidence_of(log), writes)
    return PASSED if no_gate and report.exit_code != STOPPED else report.exit_code


def _with_options(
    path: Path, options: dict[str, Any], root: Path, checkout: OtherCheckout | None
) -> LoadedSuite:
    overrides: dict[str, Any] = {}
    if options["trials_asked"]:
        text = options["trials_asked"]
        overrides["trials"] = int(text) if text.isdigit() else text
    if options["concurrency"]:
        overrides["concurrency"] = options["concurrency"]
    if options["max_cost"]:
        overrides["budget"] = {"cost": options["max_cost"]}
    failing = options["failing"]
    choice = Choice(
        tags=frozenset(options["tags"]),
        ids=None if failing is None else stored.failing_cases(trials.read(trials.find(root, failing))),
        words=options["words"],
        sample=options["sample"],
        shard=None if options["shard"] is None else shard_of(options["shard"]),
    )
    loaded = load(path, choice=choice, overrides=overrides, against=checkout)
    return without_remote_judges(loaded) if options["offline"] else loaded


def _log(root: Path, resume: str | None, suite: LoadedSuite, options: dict[str, Any]) -> TrialLog:
    part = {"shard": options["shard"], "part": "failing" if options["failing"] else None}
    header = stored.header_of(suite) | {key: value for key, value in part.items() if value}
    if resume is None:
        return trials.create(root, header)
    log = trials.open_for_writing(trials.find(root, resume))
    if log.header["digest"] != header["digest"]:
        log.close()
        raise TrialLogError(f"run {log.name} was of another suite, or the suite has changed; start a new run")
    return log


def _stored_baseline(suite: LoadedSuite, root: Path, run: str) -> StoredBaseline | None:
    wanted = suite.suite.reuse_baseline
    # Whatever answers at an address may have changed with every commit, and no fingerprint knows.
    if wanted is None or suite.suite.target.http is not None:
        return None
    return stored_baseline(
        root,
        suite=suite.suite.suite,
        days=float(wanted.days),
        share=share_of(wanted.again, "reuse_baseline.again"),
        now=datetime.now(UTC),
        but=run,
    )


def run_suite(
    suite: LoadedSuite,
    log: TrialLog,
    judgements: Judgements,
    connect: Callable[[], AbstractAsyncContextManager[tuple[Target, Mapping[str, Complete]]]],
    *,
    baseline: StoredBaseline | None = None,
) -> RunResult:
    """Run a suite to its decision, or to what stops it; Ctrl-C keeps what came.

    `baseline` is what may be taken over from earlier runs.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    budget = suite.suite.budget
    runners: list[Runner] = []

    async def work() -> RunResult:
        async with connect() as (target, judges):
            progress = ConsoleProgress(None if budget.cost is None else float(budget.cost))
            runners.append(
                Runner(
                    suite=suite,
                    log=log,
                    target=target,
                    judges=judges,
                    judgements=judgements,
                    progress=progress,
                    baseline=baseline,
                )
            )
            return await runners[0].run()

    try:
        result = asyncio.run(work())
    except KeyboardInterrupt:
        if not runners:
            raise
        runners[0].stop = "interrupted"
        return runners[0].result(runners[0].decide())
    if (
        result.decision.is_final
        and not result.stop
        and not {"answers_of", "shard", "part"} & log.header.keys()
    ):
        code = exit_code_of(result.decision, stop="", inconclusive=suite.suite.inconclusive)
        log.add_outcome(outcome_of(log, result.decision, suite.gate, let_through=code == PASSED))
    return result


def report_of(suite: LoadedSuite, log: TrialLog, result: RunResult) -> Report:
    """Return the report of a run that has just ended."""
    cases = suite.gate_cases()
    budget = suite.suite.budget
    return Report(
        suite=suite.suite.suite,
        run=log.name,
        baseline=suite.gate.baseline,
        candidate=suite.gate.candidate,
        cases=len(cases),
        clusters=len({case.cluster or case.id for case in cases}),
        decision=result.decision,
        exit_code=exit_code_of(result.decision, stop=result.stop, inconclusive=suite.suite.inconclusive),
        cost_usd=result.cost_usd,
        unknown_costs=result.unknown_costs,
        cost_cap_usd=None if budget.cost is None else float(budget.cost),
        stop=result.stop,
        inconclusive=suite.suite.inconclusive,
        notices=tuple(_notices(suite, log)),
    )


def _notices(suite: LoadedSuite, log: TrialLog) -> Iterator[str]:
    if log.recheck is not None:
        yield log.recheck.sentence(taken_over(log))
    if log.outcome:
        gated = {rule.metric for rule in suite.gate.rules if not rule.must_pass}
        metrics = {entry.name: entry.metric() for entry in suite.entries if entry.name in gated}
        since = suite.suite.history_since.replace("-", "", 2 if "-" in suite.suite.history_since[:5] else 0)
        yield from declines(series_of(trials.root_of(log), log, metrics, since=since))
