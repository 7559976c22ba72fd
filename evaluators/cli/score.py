"""`parapet eval score`: judge stored answers with other evaluators; the target is not asked again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import click

from evaluators import settings, stored, trials
from evaluators.cli.connections import connected_judges, ready
from evaluators.cli.options import output_option, print_report, store_option
from evaluators.cli.run import report_of, run_suite
from evaluators.completion import Complete
from evaluators.errors import NoCasesError, SuiteError
from evaluators.judgements import Judgements
from evaluators.registry import did_you_mean
from evaluators.reports.evidence import evidence_of
from evaluators.suites import LoadedSuite, load
from evaluators.targets import Target
from evaluators.targets.replay import ReplayTarget


@click.command()
@click.argument("run", default="latest")
@click.option(
    "--suite",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The suite whose evaluators and gate are applied.",
)
@click.option("-e", "--evaluator", "chosen", multiple=True, help="Only this evaluator; repeat for several.")
@click.option("--no-cache", is_flag=True, help="Ask judges again, whatever earlier runs have judged.")
@output_option
@store_option
def score(
    run: str, suite: Path, chosen: tuple[str, ...], no_cache: bool, output: str | None, store: Path | None
) -> int:
    """Judge the answers of a stored run by a suite's evaluators, and decide. The scores become a run of their own."""
    environment = settings.read()
    root = store or environment.home / "evals"
    source = trials.read(trials.find(root, run))
    target = ReplayTarget(source)
    loaded = _chosen(ready(load(suite), environment), target, chosen, source.name)

    @asynccontextmanager
    async def connect() -> AsyncIterator[tuple[Target, Mapping[str, Complete]]]:
        async with connected_judges(loaded, environment) as judges:
            yield target, judges

    log = trials.create(root, stored.header_of(loaded) | {"answers_of": source.name})
    try:
        result = run_suite(
            loaded, log, Judgements.at(None if no_cache else root / "judgements.jsonl"), connect
        )
    finally:
        log.close()
    report = report_of(loaded, log, result)
    print_report(report, output, evidence_of(log))
    return report.exit_code


def _chosen(suite: LoadedSuite, target: ReplayTarget, names: Sequence[str], run: str) -> LoadedSuite:
    """Return the suite with the cases that were answered, the evaluators asked for, and a look at all trials."""
    known = [entry.name for entry in suite.entries]
    for name in names:
        if name not in known:
            raise SuiteError(f"-e: no evaluator is called {name!r}{did_you_mean(name, known)}")
    cases = tuple(case for case in suite.cases if target.has(case))
    if not cases:
        raise NoCasesError(f"run {run} answers none of the suite's cases")
    count = target.trials_of_all(suite.arms, cases)
    if count == 0:
        raise SuiteError(f"run {run} lacks answers of the arms {', '.join(suite.arms)} for some cases")
    rules = tuple(rule for rule in suite.gate.rules if not names or rule.metric in names)
    return replace(
        suite,
        cases=cases,
        entries=tuple(entry for entry in suite.entries if not names or entry.name in names),
        gate=replace(suite.gate, looks=(count,), rules=rules),
    )
