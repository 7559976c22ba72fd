"""A run as the gate sees it: trials, cases, metrics, and the gate itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evaluators.gate.rules import Gate, Rule
from evaluators.gate.table import Table, tabulate
from evaluators.gate.trials import Case, Metric, Trial


@dataclass(frozen=True, slots=True)
class Check:
    """One test that one rule asks for."""

    rule: Rule
    kind: Literal["margin", "floor", "must_pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Everything a decision rests on."""

    trials: Sequence[Trial]
    cases: Sequence[Case]
    metrics: Mapping[str, Metric]
    gate: Gate

    def checks(self) -> Iterator[Check]:
        """Yield the tests that the gate's rules ask for."""
        for rule in self.gate.rules:
            if rule.must_pass:
                yield Check(rule, "must_pass")
            elif rule.compare:
                yield Check(rule, "margin")
            if rule.floor is not None:
                yield Check(rule, "floor")

    def complete_looks(self) -> list[int]:
        """Return the looks at which every case has all its trials in every arm."""
        arms = {self.gate.candidate}
        if any(check.kind == "margin" for check in self.checks()):
            arms.add(self.gate.baseline)
        done = {(trial.case, trial.arm, trial.number) for trial in self.trials}
        return [
            look
            for look in self.gate.looks
            if all(
                (case.id, arm, number) in done
                for case in self.cases
                for arm in arms
                for number in range(1, look + 1)
            )
        ]

    def table(self, rule: Rule, look: int) -> Table:
        """Return the scores a rule is about."""
        chosen = [case for case in self.cases if not rule.tags or rule.tags & case.tags]
        names = {"baseline": self.gate.baseline, "candidate": self.gate.candidate}
        return tabulate(self.trials, chosen, rule.metric, look=look, **names)

    def metric(self, rule: Rule) -> Metric:
        """Return the metric a rule is about."""
        return self.metrics[rule.metric]
