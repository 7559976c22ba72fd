"""Stored trials as the gate reads them, and what they come to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.experiments.definition import Definition
from console.experiments.models import Experiment, State, Trial, TrialState
from console.experiments.queue import spent_usd
from console.experiments.storing import answer_of, outcome_of
from evaluators import gate
from evaluators.gate import Decision, Gate
from evaluators.gate.experiment import Experiment as GateExperiment
from evaluators.reports.evidence import Evidence
from evaluators.reports.exit_code import exit_code_of
from evaluators.reports.report import Report
from evaluators.score import Outcome, Unscored

_WANTED = ("case", "arm", "number", "state", "outcomes", "error")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one candidate, as it would go into a report."""

    candidate: str
    gate: Gate
    decision: Decision
    report: Report


def gate_trials(experiment: Experiment, definition: Definition) -> list[gate.Trial]:
    """Return the finished trials. One that was given up is unscored on everything: never left out, never a zero."""
    names = [entry.name for entry in definition.entries]
    finished = Trial.objects.filter(experiment=experiment, state__in=[TrialState.DONE, TrialState.DEAD])
    rows: Iterable[Mapping[str, Any]] = finished.values(*_WANTED).iterator(chunk_size=2_000)
    return [
        gate.Trial(case=row["case"], arm=row["arm"], number=row["number"], outcomes=_outcomes(row, names))
        for row in rows
    ]


def _outcomes(row: Mapping[str, Any], names: list[str]) -> dict[str, Outcome]:
    found = {name: outcome_of(stored) for name, stored in row["outcomes"].items()}
    if row["state"] == TrialState.DEAD:
        return {name: Unscored(code="crashed", reason=row["error"]) for name in names} | found
    return found


def verdict_on(
    experiment: Experiment,
    definition: Definition,
    candidate: str,
    *,
    trials: list[gate.Trial] | None = None,
    changed: Gate | None = None,
) -> Verdict:
    """Decide on one candidate by the experiment's own gate, or by a changed one."""
    suite = definition.suite(candidate)
    rules = changed or suite.gate
    cases = definition.gate_cases()
    decision = gate.decide(
        gate_trials(experiment, definition) if trials is None else trials,
        gate=rules,
        metrics=definition.metrics(),
        cases=cases,
        is_stopped=experiment.state in (State.STOPPED, State.DONE),
    )
    stop = "interrupted" if experiment.state == State.STOPPED else ""
    report = Report(
        suite=suite.suite.suite,
        run=str(experiment.pk)[:8],
        baseline=rules.baseline,
        candidate=rules.candidate,
        cases=len(cases),
        clusters=len({case.cluster or case.id for case in cases}),
        decision=decision,
        exit_code=exit_code_of(decision, stop=stop, inconclusive=suite.suite.inconclusive),
        cost_usd=spent_usd(experiment),
        unknown_costs=Trial.objects.filter(experiment=experiment, has_unknown_cost=True).count(),
        cost_cap_usd=definition.cost_cap_usd,
        stop=stop,
        inconclusive=suite.suite.inconclusive,
    )
    return Verdict(candidate, rules, decision, report)


def behind_verdict(
    experiment: Experiment, definition: Definition, verdict: Verdict, trials: Iterable[gate.Trial]
) -> Evidence:
    """Return what a verdict rests on, with both arms' answers as they are stored, for a report that shows cases."""
    compared = {verdict.gate.baseline, verdict.gate.candidate}
    answered = Trial.objects.filter(experiment=experiment, arm__in=compared)
    rows = answered.filter(state__in=[TrialState.DONE, TrialState.DEAD]).values_list(
        "case", "arm", "number", "answer"
    )
    return Evidence(
        experiment=GateExperiment(
            trials=[trial for trial in trials if trial.arm in compared],
            cases=definition.gate_cases(),
            metrics=definition.metrics(),
            gate=verdict.gate,
        ),
        answers={
            (case, arm, number): answer_of(answer)
            for case, arm, number, answer in rows.iterator(chunk_size=2_000)
            if answer is not None
        },
    )
