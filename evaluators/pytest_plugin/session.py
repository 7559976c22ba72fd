"""The end of a session: the answers of all processes become runs, judged and decided."""

import functools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from evaluators import settings, stored, trials
from evaluators.cli.connections import connected_judges, ready
from evaluators.cli.run import report_of, run_suite
from evaluators.completion import Complete
from evaluators.errors import EvaluatorError, SuiteError
from evaluators.gate import Gate
from evaluators.judgements import Judgements
from evaluators.pytest_plugin.junit import tell
from evaluators.reports import Report, exit_code
from evaluators.reports.evidence import evidence_of
from evaluators.reports.text import as_text
from evaluators.suites import LoadedSuite, load
from evaluators.suites.cases import SuiteCase
from evaluators.targets import Target
from evaluators.targets.replay import ReplayTarget
from evaluators.trials import StoredAnswer, TrialKey, TrialLog

_BASELINE, _CANDIDATE = "baseline", "candidate"


@functools.cache
def loaded(path: Path) -> LoadedSuite:
    """Return a suite, read once."""
    return ready(load(path), settings.read())


def cases_of(path: Path) -> tuple[SuiteCase, ...]:
    """Return a suite's cases."""
    return loaded(path).cases


def decide_all(
    config: pytest.Config, parts: Path, *, against: str | None, offline: bool, store: str | None
) -> tuple[str, int]:
    """Judge and decide every suite that tests have answered; return the reports and the exit code."""
    environment = settings.read()
    root = Path(store) if store else environment.home / "evals"
    texts, worst = [], 0
    for path, answered in _answers(parts).items():
        try:
            report, log = _decided(loaded(Path(path)), answered.answers, environment, root, against, offline)
            text, code = as_text(report), report.exit_code
            tell(config, report, evidence_of(log), answered.tests)
        except EvaluatorError as error:
            text, code = f"{path}: {error}", exit_code.MISUSED
        texts.append(text)
        worst = worst or code
    return "\n\n".join(texts), worst


@dataclass(frozen=True, slots=True)
class _Answered:
    """What tests left behind for one suite."""

    answers: dict[tuple[str, int], StoredAnswer] = field(default_factory=dict)
    """By case and trial."""
    tests: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The case and the trial of each test."""


def _answers(parts: Path) -> dict[str, _Answered]:
    found: dict[str, _Answered] = {}
    for file in sorted(parts.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            answered = found.setdefault(row["suite"], _Answered())
            place = row["case"], row["number"]
            answered.answers[place] = trials.restored_answer(row["answer"])
            answered.tests[row["test"]] = place
    return found


def _decided(
    suite: LoadedSuite,
    answers: Mapping[tuple[str, int], StoredAnswer],
    environment: settings.Settings,
    root: Path,
    against: str | None,
    offline: bool,
) -> tuple[Report, TrialLog]:
    before = None if against is None else trials.read(trials.find(root, against))
    source = _as_log(answers, before)
    target = ReplayTarget(source)
    arms = (_CANDIDATE,) if before is None else (_BASELINE, _CANDIDATE)
    cases = tuple(case for case in suite.cases if all(target.has(case, arm) for arm in arms))
    if not cases:
        raise SuiteError(f"run {against} answers none of the cases that were tested")
    entries = tuple(entry for entry in suite.entries if not (offline and entry.judge is not None))
    chosen = replace(
        suite,
        cases=cases,
        entries=entries,
        arms={arm: {} for arm in arms},
        gate=_gate(suite.gate, {entry.name for entry in entries}, arms, target.trials_of_all(arms, cases)),
    )

    @asynccontextmanager
    async def connect() -> AsyncIterator[tuple[Target, Mapping[str, Complete]]]:
        if all(entry.judge is None for entry in entries):
            yield target, {}
            return
        async with connected_judges(chosen, environment) as judges:
            yield target, judges

    log = trials.create(root, stored.header_of(chosen))
    try:
        result = run_suite(chosen, log, Judgements.at(root / "judgements.jsonl"), connect)
    finally:
        log.close()
    report = report_of(chosen, log, result)
    if not chosen.gate.rules:
        note = "nothing is gated" + ("" if before else "; name a run with --evals-against to compare with it")
        report = replace(report, exit_code=0, note=note)
    return report, log


def _gate(gate: Gate, names: set[str], arms: tuple[str, ...], count: int) -> Gate:
    """Return the gate for the arms there are: alone, a candidate has floors to reach and invariants to keep."""
    rules = [rule for rule in gate.rules if rule.metric in names]
    if len(arms) == 1:
        rules = [replace(rule, compare=False) for rule in rules if rule.must_pass or rule.floor is not None]
    return replace(
        gate,
        rules=tuple(rules),
        baseline=_BASELINE if len(arms) == 2 else "",
        candidate=_CANDIDATE,
        looks=(max(count, 1),),
    )


def _as_log(answers: Mapping[tuple[str, int], StoredAnswer], before: TrialLog | None) -> TrialLog:
    log = TrialLog(Path("pytest"), {})
    for (case, number), answer in answers.items():
        log.answers[TrialKey(case, _CANDIDATE, number, "pytest")] = answer
    if before is not None:
        arm = stored.stored_gate(before).candidate
        for key, answer in before.answers.items():
            if key.arm == arm:
                log.answers[replace(key, arm=_BASELINE)] = answer
    return log
