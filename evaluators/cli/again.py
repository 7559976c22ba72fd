"""`parapet eval gate` and `compare`: decide on stored runs, without a single call."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from evaluators import settings, stored, trials
from evaluators.calibration import labels
from evaluators.cli.options import output_option, print_report, store_option
from evaluators.errors import SuiteError
from evaluators.gate import Case, Gate, Metric, Rule, Trial, decide
from evaluators.gate.experiment import Experiment
from evaluators.registry import did_you_mean
from evaluators.reports import Report
from evaluators.reports.evidence import Answers, Evidence, answers_of
from evaluators.reports.exit_code import exit_code_of
from evaluators.runner import cost_of
from evaluators.suites import load
from evaluators.suites.units import margin_of
from evaluators.trials import TrialLog

margin_option = click.option(
    "--margin",
    "margins",
    multiple=True,
    metavar="METRIC=2pt",
    help="Another margin for a metric; repeat for several.",
)


@click.command()
@click.argument("run", default="latest")
@click.option(
    "--suite", type=click.Path(path_type=Path, dir_okay=False), help="Take the gate from this suite file."
)
@click.option(
    "--labels",
    "labelled",
    multiple=True,
    metavar="METRIC=FILE",
    help="People's labels of a random choice of this run's cases, in both arms: they correct the judge.",
)
@margin_option
@output_option
@store_option
def gate(
    run: str,
    suite: Path | None,
    labelled: tuple[str, ...],
    margins: tuple[str, ...],
    output: str | None,
    store: Path | None,
) -> int:
    """Decide a stored run again, perhaps with other margins. RUN is a name, a folder or `latest`."""
    log = trials.read(trials.find(store or settings.read().home / "evals", run))
    metrics = stored.stored_metrics(log)
    given = stored.stored_gate(log) if suite is None else load(suite).gate
    wanted = replace(given, rules=_with_margins(given.rules, margins, metrics))
    cases = stored.stored_cases(log)
    return _decided(
        _with_labels(stored.gate_trials(log), labelled, metrics, log.name),
        wanted,
        metrics,
        cases,
        log.header,
        log.name,
        output,
        cost=cost_of(log),
        answers=answers_of([(log, {})]),
    )


@click.command()
@click.argument("baseline")
@click.argument("candidate")
@margin_option
@output_option
@store_option
def compare(
    baseline: str, candidate: str, margins: tuple[str, ...], output: str | None, store: Path | None
) -> int:
    """Compare the candidates of two stored runs of one suite, with the gate of the second."""
    root = store or settings.read().home / "evals"
    logs = [trials.read(trials.find(root, name)) for name in (baseline, candidate)]
    names = [stored.stored_gate(log).candidate for log in logs]
    shared = {case.id for case in stored.stored_cases(logs[0])}
    cases = [case for case in stored.stored_cases(logs[1]) if case.id in shared]
    if not cases:
        raise SuiteError(f"the runs {logs[0].name} and {logs[1].name} have no case in common")
    metrics = stored.stored_metrics(logs[1])
    renamed = [
        replace(trial, arm=arm)
        for log, name, arm in zip(logs, names, ("baseline", "candidate"), strict=True)
        for trial in stored.gate_trials(log)
        if trial.arm == name
    ]
    given = stored.stored_gate(logs[1])
    looks = (
        min(max((t.number for t in renamed if t.arm == arm), default=1) for arm in ("baseline", "candidate")),
    )
    wanted = replace(
        given,
        baseline="baseline",
        candidate="candidate",
        looks=looks,
        rules=_with_margins(given.rules, margins, metrics),
    )
    title = f"{logs[1].name} against {logs[0].name}"
    answers = answers_of(
        [(log, {name: arm}) for log, name, arm in zip(logs, names, ("baseline", "candidate"), strict=True)]
    )
    return _decided(
        renamed, wanted, metrics, cases, logs[1].header, title, output, cost=(0.0, 0), answers=answers
    )


def decided_again(log: TrialLog, output: str | None) -> int:
    """Decide a stored run by its own gate and print the report."""
    metrics, cases = stored.stored_metrics(log), stored.stored_cases(log)
    return _decided(
        stored.gate_trials(log),
        stored.stored_gate(log),
        metrics,
        cases,
        log.header,
        log.name,
        output,
        cost=cost_of(log),
        answers=answers_of([(log, {})]),
    )


def _with_labels(
    known: list[Trial], given: tuple[str, ...], metrics: Mapping[str, Metric], run: str
) -> list[Trial]:
    """Put people's labels beside the scores they are about."""
    for item in given:
        name, equals, path = item.partition("=")
        if not equals or name not in metrics:
            raise SuiteError(f"--labels {item!r}: write METRIC=FILE{did_you_mean(name, metrics)}")
        rows = labels.read(Path(path), bounds=metrics[name].bounds or (0.0, 1.0))
        said = {row.trial: row.label for row in rows if row.trial is not None}
        places = {(trial.case, trial.arm, trial.number) for trial in known}
        for place in said:
            if place not in places:
                raise SuiteError(
                    f"{path}: run {run} has no case {place[0]!r}, arm {place[1]!r}, trial {place[2]}"
                )
        known = [
            replace(trial, labels={**trial.labels, name: said[place]})
            if (place := (trial.case, trial.arm, trial.number)) in said
            else trial
            for trial in known
        ]
    return known


def _with_margins(
    rules: tuple[Rule, ...], margins: tuple[str, ...], metrics: Mapping[str, Metric]
) -> tuple[Rule, ...]:
    changed = {rule.name: rule for rule in rules}
    for given in margins:
        name, equals, amount = given.partition("=")
        if not equals:
            raise SuiteError(f"--margin {given!r}: write METRIC=2pt")
        if name not in metrics and name not in changed:
            raise SuiteError(
                f"--margin: no metric is called {name!r}{did_you_mean(name, {*metrics, *changed})}"
            )
        rule = changed.get(name, Rule(metric=name))
        changed[name] = replace(rule, margin=margin_of(amount, metrics[rule.metric]), compare=True)
    return tuple(changed.values())


def _decided(
    judged: list[Trial],
    wanted: Gate,
    metrics: Mapping[str, Metric],
    cases: list[Case],
    header: Mapping[str, str],
    run: str,
    output: str | None,
    *,
    cost: tuple[float, int],
    answers: Answers,
) -> int:
    decision = decide(judged, gate=wanted, metrics=metrics, cases=cases, is_stopped=True)
    report = Report(
        suite=header["suite"],
        run=run,
        baseline=wanted.baseline,
        candidate=wanted.candidate,
        cases=len(cases),
        clusters=len({case.cluster or case.id for case in cases}),
        decision=decision,
        exit_code=exit_code_of(decision, stop="", inconclusive=header["inconclusive"]),
        cost_usd=cost[0],
        unknown_costs=cost[1],
        inconclusive=header["inconclusive"],
    )
    experiment = Experiment(trials=judged, cases=cases, metrics=metrics, gate=wanted)
    print_report(report, output, Evidence(experiment=experiment, answers=answers))
    return report.exit_code
